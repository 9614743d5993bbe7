import { lambdaHandler } from '../aws/lambda.ts'
import { accessia } from './vendor.ts'

export const handler = lambdaHandler(accessia)
