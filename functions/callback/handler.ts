import { callbackHandler } from '../lambda/callback.ts'

export const handler = callbackHandler()
