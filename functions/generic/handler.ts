import { givenDescription } from '../lambda/described.ts'
import { lambdaHandler } from '../lambda/vendor-function.ts'
import { factsOf } from './facts.ts'
import { givenVendor } from './given.ts'

const { id, description } = givenVendor(givenDescription())

export const handler = lambdaHandler(factsOf(id, description), async () =>
  (await import('./vendor.ts')).describedVendor(id, description),
)
