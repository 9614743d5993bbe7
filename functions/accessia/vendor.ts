import * as z from 'zod/mini'
import { defineVendor } from '../kit/vendor.ts'
import { baseOf, vendorUrl } from '../oauth/vendor-url.ts'
import { integrationSecret } from './identity-jwt.ts'
import { exchange, refresh } from './token-requests.ts'

const HOUR_SECONDS = 60 * 60

/** Accessia: a JWT signed with the integration's secret is exchanged for a token; a refresh token renews it. */
export const accessia = defineVendor({
  id: 'accessia',
  title: 'Accessia',
  hosts: ['accessia.com'],
  // Accessia can change the 6 hours per customer and documents no longest (docs.accessia.com/integrations, 2026-11): of
  // a longer life we use a day.
  tokens: { storage: 'table', maxLifeSeconds: 24 * HOUR_SECONDS, defaultLifeSeconds: 6 * HOUR_SECONDS },
  rotation: {
    credential: 'integration secret',
    before: [
      'In the Accessia portal, open Integrations and the API integration.',
      'Generate a new secret, copy it (it is shown once), and save. The old one stops working at once.',
    ],
    after: [],
  },

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
