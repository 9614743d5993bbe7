import { lambdaHandler } from '../lambda/vendor-function.ts'
import { iobeya } from './vendor.ts'

export const handler = lambdaHandler(iobeya)
