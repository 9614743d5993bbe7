import { lambdaHandler } from '../aws/lambda.ts'
import { netrex } from './vendor.ts'

export const handler = lambdaHandler(netrex)
