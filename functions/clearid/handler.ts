import { lambdaHandler } from '../aws/lambda.ts'
import { clearid } from './vendor.ts'

export const handler = lambdaHandler(clearid)
