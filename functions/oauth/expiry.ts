import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import type { TokenPolicy } from '../kit/token.ts'
import type { Context, Warning } from '../kit/vendor.ts'
import { claimsOf } from './jwt.ts'

interface Answered {
  /** The answer's `expires_in`, as it came. */
  readonly stated: unknown
  readonly token: Secret
  /** Before the request: the vendor's clock started at some time after it, so our expiry is never too late. */
  readonly sentAt: Date
  readonly policy: TokenPolicy
}

/**
 * When a token that has just been issued ends: the earliest of what the vendor says about it.
 *
 *  expires_in   sentAt + expires_in
 *  exp          exp, if it lies ahead; one in the past says that the vendor's clock or ours is wrong
 *  exp and iat  sentAt + (exp - iat), which depends on no clock
 *  none         sentAt + the documented life, with a warning
 *
 * Throws `vendor_malformed` when the vendor gives no life at all.
 */
export function expiryOf({ stated, token, sentAt, policy }: Answered): { expiresAt: Date; warnings: Warning[] } {
  const expiresIn = seconds(stated)
  if (expiresIn !== undefined && expiresIn <= 0) throw malformed('is said to live no longer than 0 s')

  const { exp, iat } = claimsOf(token) ?? {}
  const ahead = exp === undefined ? undefined : Math.floor(exp) - sentAt.getTime() / 1000
  const lifetime = exp === undefined || iat === undefined ? undefined : exp - iat
  const lives = [expiresIn, ahead, lifetime].filter((life): life is number => life !== undefined && life > 0)
  if (lives.length > 0) {
    const warnings = ahead !== undefined && ahead <= 0 ? [CLOCKS_DIFFER] : []
    return { expiresAt: after(sentAt, Math.min(...lives, policy.maxLifeSeconds)), warnings }
  }
  if (exp !== undefined) throw malformed('had ended before it was asked for')
  if (policy.defaultLifeSeconds === undefined) throw malformed('came without a lifetime')
  const assumed = Math.min(policy.defaultLifeSeconds, policy.maxLifeSeconds)
  return { expiresAt: after(sentAt, assumed), warnings: [lifetimeAssumed(assumed)] }
}

/** A context in which a token lives for so many seconds at most, whatever the vendor answers. */
export const livingAtMost = (seconds: number, context: Context): Context => ({
  ...context,
  policy: { ...context.policy, maxLifeSeconds: Math.min(seconds, context.policy.maxLifeSeconds) },
})

/**
 * Strict on purpose: Number() makes 0 of '' and null, 1 of true and 16 of '0x10', parseInt() makes 3600 of '3600s'.
 * Accelo sends its lifetime as a string of digits (Accelo API documentation, Authentication, 2026-11).
 */
export function seconds(stated: unknown): number | undefined {
  if (typeof stated === 'number' && Number.isFinite(stated)) return stated
  if (typeof stated === 'string' && /^-?[0-9]{1,10}$/.test(stated)) return Number(stated)
  return undefined
}

// A Date cuts fractions of a millisecond off, and 899.877 * 1000 can be one short.
const after = (sentAt: Date, life: number): Date => new Date(Math.round(sentAt.getTime() + life * 1000))

const malformed = (what: string): VendingError =>
  new VendingError('vendor_malformed', `the vendor's token is of no use: it ${what}`)

const CLOCKS_DIFFER: Warning = {
  code: 'clocks_differ',
  detail: "the token seemed to have ended when it came; the vendor's clock or ours is wrong",
}

const lifetimeAssumed = (life: number): Warning => ({
  code: 'lifetime_assumed',
  detail: `the vendor stated no lifetime; its documented ${life} s were assumed`,
})
