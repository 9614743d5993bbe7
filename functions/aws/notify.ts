import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns'
import type { Notice } from '../core/notice.ts'
import { SECRET_PREFIX } from '../environment.ts'

/** Mails notices through the topic. The subject is not encrypted by SNS: it holds names and a number of days. */
export function snsNotify(client: SNSClient, topicArn: string, onFault: (error: unknown) => void) {
  return async (notice: Notice): Promise<void> => {
    const { vendor, connection, daysLeft, expiresAt } = notice
    const command = new PublishCommand({
      TopicArn: topicArn,
      Subject: `vendomat: the token of ${vendor}/${connection} ends in ${daysLeft} days`.slice(0, 99),
      Message: [
        `The ${vendor} token of connection ${connection} ends on ${expiresAt.toISOString()}, in ${daysLeft} days.`,
        'It cannot be renewed by machine: a person has to make a new one at the vendor',
        `and store it in the secret ${SECRET_PREFIX}/${vendor}/${connection}. The next call uses it.`,
      ].join('\n'),
    })
    await client.send(command).then(() => undefined, onFault)
  }
}
