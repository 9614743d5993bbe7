import { givenDescription } from '../lambda/described.ts'
import { exchangeHandler } from '../lambda/exchange.ts'
import { givenVendor } from './given.ts'
import { describedVendor } from './vendor.ts'

const { id, description } = givenVendor(givenDescription())

export const handler = exchangeHandler(describedVendor(id, description))
