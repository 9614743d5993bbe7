import * as z from 'zod/mini'
import { VendingError } from '../kit/errors.ts'
import { endDate } from '../kit/schema.ts'
import { defineVendor } from '../kit/vendor.ts'
import { pastedToken, staticToken } from '../oauth/static-token.ts'
import { baseOf, vendorUrl } from '../oauth/vendor-url.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { liveness } from './liveness.ts'
import { steps } from './steps.ts'

/** iObeya: a person makes the token and renews it. It is vended as it is, until it ends or iObeya refuses it. */
export const iobeya = defineVendor({
  ...facts,
  ...steps,
  forms,

  credentials: z.object({
    token: pastedToken,
    api_url: z.string('must be a string').check(z.trim()),
    expires_on: endDate,
  }),

  isStatic: () => true,

  liveness: (_credentials, accessToken, context) => liveness(accessToken, context),

  issue: async ({ token, api_url, expires_on }, _refreshToken, context) =>
    staticToken({
      token,
      endsOn: expires_on,
      context: { api_base_url: baseOf(apiUrl(api_url, context.hosts)) },
      now: context.now(),
    }),
})

/** What people see in their browser: the platform. */
const PLATFORM = /^(?:https?:\/\/)?((?!api\.)[a-z0-9-]+)\.iobeya\.com(?![a-z0-9.-])/i

/** The platform is at <customer>.iobeya.com, its API at another host (API Facade v1, doc.api.iobeya.io, 2026-11). */
function apiUrl(text: string, hosts: readonly string[]): URL {
  const customer = PLATFORM.exec(text)?.[1]?.toLowerCase()
  if (customer === undefined) return vendorUrl(text, hosts)
  throw new VendingError(
    'configuration',
    `api_url is ${customer}.iobeya.com, which is the platform for people: did you mean ${customer}.api.iobeya.com?`,
  )
}
