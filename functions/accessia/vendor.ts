import * as z from 'zod/mini'
import { VendingError } from '../kit/errors.ts'
import { lifeSeconds } from '../kit/schema.ts'
import { defineVendor } from '../kit/vendor.ts'
import { livingAtMost } from '../oauth/expiry.ts'
import { shapeChanged } from '../oauth/token-answer.ts'
import { baseOf, publicUrl, vendorUrl } from '../oauth/vendor-url.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { integrationSecret } from './identity-jwt.ts'
import { steps } from './steps.ts'
import { exchange, refresh } from './token-requests.ts'

const DAY_SECONDS = 24 * 60 * 60

/** Accessia: a JWT signed with the integration's secret is exchanged for a token; a refresh token renews it. */
export const accessia = defineVendor({
  ...facts,
  ...steps,
  forms,

  credentials: z.object({
    authentication_url: z.string('must be a string').check(z.trim()),
    integration_id: z.string('must be a string').check(z.trim(), z.minLength(1, 'must not be empty')),
    secret: integrationSecret,
    // The life that was agreed with Accessia. Nothing can be asked for: of a longer answer this much is used.
    token_lifetime_seconds: lifeSeconds(facts.tokens.maxLifeSeconds, DAY_SECONDS),
  }),

  issue: async ({ token_lifetime_seconds: lifetimeSeconds, ...credentials }, refreshToken, given) => {
    const context = livingAtMost(lifetimeSeconds, given)
    const base = vendorUrl(credentials.authentication_url, context.hosts)
    const refreshed = refreshToken && (await refresh(base, refreshToken, context))
    const { accessToken, ...issued } = refreshed ?? (await exchange(base, credentials, context))
    const api = apiOf(accessToken.context.api_base_url, context.hosts)
    return { ...issued, accessToken: { ...accessToken, context: { ...accessToken.context, api_base_url: api } } }
  },
})

/** Callers send the token there, so the answer may name an allowed host only. */
function apiOf(stated: string | undefined, hosts: readonly string[]): string {
  if (stated === undefined || !publicUrl(stated))
    throw new VendingError('vendor_malformed', shapeChanged('accessiaApisUrl'))
  return baseOf(vendorUrl(stated, hosts))
}
