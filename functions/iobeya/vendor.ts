import * as z from 'zod/mini'
import { endDate } from '../kit/schema.ts'
import { defineVendor } from '../kit/vendor.ts'
import { pastedToken, staticToken } from '../oauth/static-token.ts'
import { baseOf, vendorUrl } from '../oauth/vendor-url.ts'
import { facts } from './facts.ts'
import { liveness } from './liveness.ts'

/** iObeya: a person makes the token and renews it. It is vended as it is, until it ends or iObeya refuses it. */
export const iobeya = defineVendor({
  ...facts,

  credentials: z.object({
    token: pastedToken,
    // The platform is at <customer>.iobeya.com, its API at another host: <customer>.api.iobeya.com.
    api_url: z.string('must be a string').check(z.trim()),
    expires_on: endDate,
  }),

  isStatic: () => true,

  liveness: (_credentials, accessToken, context) => liveness(accessToken, context),

  issue: async ({ token, api_url, expires_on }, _refreshToken, context) =>
    staticToken({
      token,
      endsOn: expires_on,
      context: { api_base_url: baseOf(vendorUrl(api_url, context.hosts)) },
      rotation: facts.rotation,
      now: context.now(),
    }),
})
