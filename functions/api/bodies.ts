import * as z from 'zod/mini'
import { secret } from '../kit/schema.ts'

/* What callers may send, by operation. */

export const REFRESH = z.strictObject({ rejected: z.string().check(z.regex(/^[0-9a-f]{16}$/)) })

export const CHANGE = z.strictObject({
  owner: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(200))),
  status: z.optional(z.enum(['active', 'disabled'])),
  keep_warm: z.optional(z.boolean()),
  acknowledge: z.optional(
    z.strictObject({ note: z.optional(z.string().check(z.trim(), z.minLength(1), z.maxLength(200))) }),
  ),
  try: z.optional(z.string().check(z.regex(/^[\w-]{1,64}$/))),
  check: z.optional(z.literal(true)),
})

export const AUTHORIZATION = z.union([
  z.strictObject({
    state: z.string().check(z.regex(/^[\w-]{43}$/)),
    code: z.optional(secret),
    error: z.optional(z.string().check(z.maxLength(200))),
  }),
  z.strictObject({ hosted: z.literal(true) }),
  z.strictObject({ redirect_uri: z.optional(z.string().check(z.maxLength(200))) }),
])

export type AuthorizationBody = z.output<typeof AUTHORIZATION>
