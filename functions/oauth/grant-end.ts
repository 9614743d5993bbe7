import { secondsAfter } from '../kit/time.ts'
import { seconds } from './expiry.ts'

/**
 * In how many seconds a grant ends, by the names that stand in token answers: after so long without a use, or in all
 * (draft-ietf-oauth-refresh-token-expiration-03 section 6.1, 2026-07), and what many vendors have called it until then.
 */
export const GRANT_EXPIRES_IN = [
  'refresh_token_timeout',
  'authorization_expires_in',
  'refresh_token_expires_in',
] as const

/** RFC 3339 has years of four digits. */
const LAST = new Date('9999-12-31T23:59:59Z')

/**
 * The first end that an answer states, counted from before its request. Zero is none: Keycloak sends it with offline tokens,
 * whose life it does not limit.
 */
export function grantEnd(stated: readonly unknown[], sentAt: Date): Date | undefined {
  const lives = stated.map(seconds).filter((life): life is number => life !== undefined && life > 0)
  const end = secondsAfter(sentAt, Math.floor(Math.min(...lives)))
  // None, or one that nobody lives to see.
  return end <= LAST ? end : undefined
}
