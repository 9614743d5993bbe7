import { lambdaHandler } from '../lambda/vendor-function.ts'
import { clearid } from './vendor.ts'

export const handler = lambdaHandler(clearid)
