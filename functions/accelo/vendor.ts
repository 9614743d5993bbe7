import { defineVendor } from '../kit/vendor.ts'
import { clientSecretBasicRaw } from '../oauth/client-auth.ts'
import { livingAtMost } from '../oauth/expiry.ts'
import { clientCredentialsGrant } from '../oauth/grants.ts'
import { revokeToken } from '../oauth/revocation.ts'
import { member, RFC_6749, type TokenShape } from '../oauth/token-answer.ts'
import { baseOf, joinPath, vendorUrl } from '../oauth/vendor-url.ts'
import { credentials } from './credentials.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { steps } from './steps.ts'

const SHAPE: TokenShape = {
  ...RFC_6749,
  // The resource API's form (Accelo API documentation, The Meta Object, 2026-11). In 2026 the token endpoint was seen to
  // use it for an unknown deployment.
  envelope: 'meta',
  advice: {
    credential_rejected:
      'check the id and secret of the Service application in Accelo, its address restrictions, and that its owner is not locked out',
    configuration: 'check the deployment, the scope, and that the application is of the type Service',
  },
}

/** Accelo: client credentials with HTTP Basic (RFC 6749 sections 4.4 and 2.3.1), at a host of the deployment's own. */
export const accelo = defineVendor({
  ...facts,
  ...steps,
  forms,

  credentials,

  issue: async ({ deployment, scope, token_lifetime_seconds: lifetimeSeconds, ...client }, _refreshToken, context) => {
    const host = hostOf(deployment, context.hosts)
    const { accessToken, ...issued } = await clientCredentialsGrant(
      { url: joinPath(host, '/oauth2/v0/token'), clientAuth: clientSecretBasicRaw(client), shape: SHAPE },
      { scope, expires_in: `${lifetimeSeconds}` },
      // RFC 6749 section 5.1 lets an answer leave the lifetime out; then the requested one is assumed. A longer one is cut.
      livingAtMost(lifetimeSeconds, {
        ...context,
        policy: { ...context.policy, defaultLifeSeconds: lifetimeSeconds },
      }),
    )
    const api = baseOf(joinPath(host, '/api/v0'))
    return { ...issued, accessToken: { ...accessToken, context: { api_base_url: api, deployment } } }
  },

  revocation: {
    ends: 'token',
    revoke: ({ deployment, ...client }, accessToken, context) => {
      const url = joinPath(hostOf(deployment, context.hosts), '/oauth2/v0/revoke')
      const confirms = (body: unknown) => member(member(body, 'meta'), 'status') === 'ok'
      return revokeToken(
        { url, clientAuth: clientSecretBasicRaw(client), shape: SHAPE, confirms },
        accessToken,
        context,
      )
    },
  },
})

const hostOf = (deployment: string, hosts: readonly string[]): URL =>
  vendorUrl(`https://${deployment}.api.accelo.com`, hosts)
