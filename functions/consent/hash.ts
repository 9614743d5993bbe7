import { createHash } from 'node:crypto'

/** In hex. For what has 256 random bits of its own: a `state` or a cookie. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
