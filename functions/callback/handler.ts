import { callbackHandler } from '../aws/callback.ts'

export const handler = callbackHandler()
