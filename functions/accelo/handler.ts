import { lambdaHandler } from '../lambda/vendor-function.ts'
import { accelo } from './vendor.ts'

export const handler = lambdaHandler(accelo)
