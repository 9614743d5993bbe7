import { lambdaHandler } from '../aws/lambda.ts'
import { accelo } from './vendor.ts'

export const handler = lambdaHandler(accelo)
