import { z } from 'zod'
import { type Account, type AwsService, callerArn, operation } from './aws-service.ts'

/** There is one caller, whoever signs: the user `laptop`, as whom the gateway presents callers to the functions too. */
export function sts(account: Account): AwsService {
  const { accountId: Account } = account
  return {
    GetCallerIdentity: operation(z.object({}), () => ({ Arn: callerArn(account), UserId: 'AIDALAPTOP', Account })),
  }
}
