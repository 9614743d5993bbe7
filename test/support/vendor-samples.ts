import type { FailureCode } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { jwt, NOW } from './fake-vendor.ts'

/** The secret of every sample. */
export const CANARY = 'Y2FuYXJ5LWluLXRoZS1jb2FsLW1pbmU'

interface Sample {
  /** Credentials that fit, with the canary for a secret. */
  readonly document: Record<string, unknown>
  /** An answer with a token, for a vendor that is called for one. */
  readonly granted?: object
  /** The refresh token of the last answer, for a vendor that needs one. */
  readonly refreshToken?: string
  /** Its secrets go out in the query, because the vendor documents nothing else. */
  readonly inQuery?: true
  /** What a 403 that names no error means. @default 'credential_rejected' */
  readonly forbidden?: FailureCode
}

export const samples: Record<keyof typeof vendors, Sample> = {
  accelo: {
    document: { deployment: 'acme', client_id: 'abcdef12@acme.accelo.com', client_secret: CANARY },
    granted: { access_token: 'token-canary', expires_in: 3600 },
  },
  accessia: {
    document: { authentication_url: 'https://auth.accessia.com', integration_id: 'int-0001', secret: CANARY },
    granted: { accessToken: 'token-canary', expiresIn: 3600, accessiaApisUrl: 'https://acme.accessia.com/apis' },
  },
  clearid: {
    document: {
      accountId: 'acme',
      clientId: '11111111-2222-4333-8444-555555555555:acme',
      clientSecret: CANARY,
      stsUrl: 'https://sts-demo.clearid.io',
      identityServiceUrl: 'https://identityservice-demo.clearid.io',
    },
    granted: { access_token: 'token-canary', expires_in: 3600 },
  },
  iobeya: {
    document: {
      api_url: 'https://acme.api.iobeya.com',
      token: jwt({ exp: NOW.getTime() / 1000 + 3600, canary: CANARY }),
    },
  },
  netrex: {
    document: { host: 'system2.netrex.cz', client_id: 'c1', client_secret: CANARY },
    granted: { access_token: 'token-canary', expires_in: 3600 },
    refreshToken: `refresh-${CANARY}`,
    inQuery: true,
    forbidden: 'vendor_malformed',
  },
}

/** Every vendor with its sample. */
export const sampledVendors = (Object.keys(vendors) as (keyof typeof vendors)[]).map((name) => {
  const vendor: Vendor = vendors[name]
  const { refreshToken, ...sample }: Sample = samples[name]
  return { name, vendor, ...sample, held: refreshToken === undefined ? undefined : new Secret(refreshToken) }
})
