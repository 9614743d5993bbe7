import { lambdaHandler } from '../lambda/vendor-function.ts'
import { netrex } from './vendor.ts'

export const handler = lambdaHandler(netrex)
