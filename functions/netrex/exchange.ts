import { exchangeHandler } from '../lambda/exchange.ts'
import { netrex } from './vendor.ts'

export const handler = exchangeHandler(netrex)
