import { lambdaHandler } from '../lambda/vendor-function.ts'
import { accessia } from './vendor.ts'

export const handler = lambdaHandler(accessia)
