import * as z from 'zod/mini'
import { defineVendor, endDate, type Rotation } from '../kit/vendor.ts'
import { pastedToken, staticToken } from '../oauth/static-token.ts'
import { baseOf, vendorUrl } from '../oauth/vendor-url.ts'
import { liveness } from './liveness.ts'

const DAY_SECONDS = 24 * 60 * 60

// iObeya, "Machine to machine requests to the APIs", 2026-11. The token has the rights of the machine user, who needs
// the permission for these steps only.
const ROTATION: Rotation = {
  credential: 'token',
  before: [
    'As a platform administrator, give the machine user the permission "Administrate the platform" for a while.',
    'Log in to iObeya as the machine user.',
    'Open its API application: grant type Implicit only, validity 365 days.',
    'Generate the token and copy it: it is shown once.',
  ],
  after: ['Take the permission "Administrate the platform" away from the machine user again.'],
}

/** iObeya: a person makes the token and renews it. It is vended as it is, until it ends or iObeya refuses it. */
export const iobeya = defineVendor({
  id: 'iobeya',
  title: 'iObeya',
  hosts: ['iobeya.com'],
  // A machine user's token lives 365 days at most. A personal access token may live longer: this does not cut down the
  // end that a static token states.
  tokens: { storage: 'table', maxLifeSeconds: 366 * DAY_SECONDS },

  credentials: z.object({
    token: pastedToken,
    // The platform is at <customer>.iobeya.com, its API at another host: <customer>.api.iobeya.com.
    api_url: z.string('must be a string').check(z.trim()),
    expires_on: endDate,
  }),

  rotation: ROTATION,

  isStatic: () => true,

  liveness: (_credentials, accessToken, context) => liveness(accessToken, context),

  issue: async ({ token, api_url, expires_on }, _refreshToken, context) =>
    staticToken({
      token,
      endsOn: expires_on,
      context: { api_base_url: baseOf(vendorUrl(api_url, context.hosts)) },
      rotation: ROTATION,
      now: context.now(),
    }),
})
