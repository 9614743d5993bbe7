import * as z from 'zod/mini'
import { secret } from '../kit/schema.ts'

/* What callers may send, by operation. */

const words = z.string().check(z.trim(), z.minLength(1), z.maxLength(200))

export const REFRESH = z.strictObject({ rejected: z.string().check(z.regex(/^[0-9a-f]{16}$/)) })

export const OWNER = z.strictObject({ owner: words })

export const STATUS = z.strictObject({ status: z.enum(['active', 'disabled']) })

export const KEEP_WARM = z.strictObject({ keep_warm: z.boolean() })

export const ACKNOWLEDGEMENT = z.strictObject({
  note: z.optional(words),
  of: z.optional(z.enum(['credentials', 'grant'])),
})

export const TRIAL = z.strictObject({
  version: z.string().check(z.regex(/^[\w-]{1,64}$/)),
  only_fit: z.optional(z.boolean()),
})

export const AUTHORIZATION = z.union([
  z.strictObject({
    state: z.string().check(z.regex(/^[\w-]{43}$/)),
    code: z.optional(secret),
    error: z.optional(z.string().check(z.maxLength(200))),
    iss: z.optional(z.string().check(z.maxLength(250))),
  }),
  z.strictObject({ hosted: z.literal(true) }),
  z.strictObject({ refresh_token: secret }),
  z.strictObject({ access_token: secret, expires_in: z.optional(z.int().check(z.positive())) }),
  z.strictObject({ redirect_uri: z.optional(z.string().check(z.maxLength(200))) }),
])

export type AuthorizationBody = z.output<typeof AUTHORIZATION>
