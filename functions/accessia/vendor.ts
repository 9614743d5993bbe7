import * as z from 'zod/mini'
import { defineVendor } from '../kit/vendor.ts'
import { baseOf, vendorUrl } from '../oauth/vendor-url.ts'
import { facts } from './facts.ts'
import { integrationSecret } from './identity-jwt.ts'
import { exchange, refresh } from './token-requests.ts'

/** Accessia: a JWT signed with the integration's secret is exchanged for a token; a refresh token renews it. */
export const accessia = defineVendor({
  ...facts,

  credentials: z.object({
    authentication_url: z.string('must be a string').check(z.trim()),
    integration_id: z.string('must be a string').check(z.trim(), z.minLength(1, 'must not be empty')),
    secret: integrationSecret,
  }),

  issue: async (credentials, refreshToken, context) => {
    const base = vendorUrl(credentials.authentication_url, context.hosts)
    const refreshed = refreshToken && (await refresh(base, refreshToken, context))
    const { accessToken, ...issued } = refreshed ?? (await exchange(base, credentials, context))
    // Callers send the token there, so the answer may name an allowed host only.
    const api = baseOf(vendorUrl(accessToken.context.api_base_url ?? '', context.hosts))
    return { ...issued, accessToken: { ...accessToken, context: { ...accessToken.context, api_base_url: api } } }
  },
})
