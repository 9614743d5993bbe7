import { lambdaHandler } from '../aws/lambda.ts'
import { iobeya } from './vendor.ts'

export const handler = lambdaHandler(iobeya)
