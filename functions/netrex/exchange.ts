import { exchangeHandler } from '../aws/exchange.ts'
import { netrex } from './vendor.ts'

export const handler = exchangeHandler(netrex)
