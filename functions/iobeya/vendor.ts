import * as z from 'zod/mini'
import { defineVendor } from '../core/vendor.ts'
import { baseOf, vendorUrl } from '../core/vendor-url.ts'
import { endDate, pastedToken, storedToken } from '../oauth/stored-token.ts'

const DAY_SECONDS = 24 * 60 * 60

// vendors.md 2.1. The token takes its rights from the machine user, who needs the permission for these steps only.
const STEPS =
  'give the machine user the permission "Administrate the platform" for a while, log in as that user, generate a new ' +
  'token on its API application (grant type Implicit only, validity 365 days), store it in the credentials, and take ' +
  'the permission away again'

/** iObeya: a person makes the token and a person renews it, so all there is to do is to know when it ends. */
export const iobeya = defineVendor({
  id: 'iobeya',
  title: 'iObeya',
  hosts: ['iobeya.com'],
  // A machine user's token lives 365 days at most. A personal access token may live longer, and then it does: the end
  // that a stored token states is not cut down.
  tokens: { keep: 'table', maxLifeSeconds: 366 * DAY_SECONDS },

  credentials: z.object({
    token: pastedToken,
    // The platform is at <customer>.iobeya.com, its API at another host: <customer>.api.iobeya.com.
    api_url: z.string('must be a string').check(z.trim()),
    expires_on: endDate,
  }),

  isStored: () => true,

  issue: async ({ token, api_url, expires_on }, _refreshToken, context) =>
    storedToken({
      token,
      endsOn: expires_on,
      context: { api_base_url: baseOf(vendorUrl(api_url, context.hosts)) },
      steps: STEPS,
      now: context.now(),
    }),
})
