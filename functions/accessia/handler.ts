import { lambdaHandler } from '../lambda/vendor-function.ts'
import { facts } from './facts.ts'

export const handler = lambdaHandler(facts, async () => (await import('./vendor.ts')).accessia)
