import * as z from 'zod/mini'
import { secret } from '../core/secret.ts'
import { defineVendor } from '../core/vendor.ts'
import { baseOf, joinPath, vendorUrl } from '../core/vendor-url.ts'
import { clientSecretBasic } from '../oauth/client-auth.ts'
import { clientCredentialsGrant } from '../oauth/grants.ts'
import { revokeToken } from '../oauth/revocation.ts'
import { member, RFC_6749, type TokenShape } from '../oauth/token-answer.ts'

const DAY_SECONDS = 24 * 60 * 60

// A deployment is one label of a host name. People paste the address of their Accelo, or of its API, instead.
const PASTED = /^(?:https:\/\/)?([^./]+)(?:\.api)?\.accelo\.com\/?$/
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
// read(all),write(companies,contacts): joined by commas, where RFC 6749 section 3.3 has spaces.
const SCOPE =
  /^(read|write)\([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*\)(,(read|write)\([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*\))*$/
const LIFETIME = `must be a number of seconds, 60 to ${30 * DAY_SECONDS}`

const SHAPE: TokenShape = {
  ...RFC_6749,
  // The resource API's form, which the token endpoint uses for an unknown deployment (vendors.md 3.4).
  envelope: 'meta',
  advice: {
    credential_rejected:
      'check the id and secret of the Service application in Accelo, its address restrictions, and that its owner is not locked out',
    configuration: 'check the deployment, the scope, and that the application is of the type Service',
  },
}

/** Accelo: client credentials with HTTP Basic (RFC 6749 sections 4.4 and 2.3.1), at a host of the deployment's own. */
export const accelo = defineVendor({
  id: 'accelo',
  title: 'Accelo',
  hosts: ['api.accelo.com'],
  tokens: { keep: 'table', maxLifeSeconds: 30 * DAY_SECONDS },
  rotation: {
    credential: 'client secret',
    before: [
      'In Accelo, open Configuration, API, and the Service application.',
      'Make a new client secret and copy it.',
    ],
    after: ['Make sure that nobody uses the old client secret any more.'],
  },

  credentials: z.object({
    deployment: z.string('must be a string').check(
      z.trim(),
      z.toLowerCase(),
      z.overwrite((text) => text.replace(PASTED, '$1')),
      z.regex(LABEL, 'must be the name in front of .accelo.com'),
    ),
    // RFC 7617 section 2: a colon would end the id.
    client_id: z.string('must be a string').check(z.trim(), z.regex(/^[!-9;-~]+$/, 'must be an id without a colon')),
    client_secret: secret,
    // Left out, Accelo would take read(all) too; saying so keeps that true.
    scope: z._default(
      z.string('must be a string').check(
        z.trim(),
        z.overwrite((text) => text.replace(/\),?\s+/g, '),')),
        z.regex(SCOPE, 'must be like read(all),write(companies,contacts)'),
      ),
      'read(all)',
    ),
    // Accelo's own default of 30 days is long for a leaked token.
    token_lifetime_seconds: z._default(
      z.coerce
        .number(LIFETIME)
        .check(z.multipleOf(1, LIFETIME), z.gte(60, LIFETIME), z.lte(30 * DAY_SECONDS, LIFETIME)),
      DAY_SECONDS,
    ),
  }),

  issue: async ({ deployment, scope, token_lifetime_seconds: asked, ...client }, _refreshToken, context) => {
    const host = hostOf(deployment, context.hosts)
    const { accessToken, ...issued } = await clientCredentialsGrant(
      { url: joinPath(host, '/oauth2/v0/token'), clientAuth: clientSecretBasic(client), shape: SHAPE },
      { scope, expires_in: `${asked}` },
      // An answer without a lifetime means the one that was asked for.
      { ...context, policy: { ...context.policy, defaultLifeSeconds: asked } },
    )
    const api = baseOf(joinPath(host, '/api/v0'))
    return { ...issued, accessToken: { ...accessToken, context: { api_base_url: api, deployment } } }
  },

  revocation: {
    ends: 'token',
    revoke: ({ deployment, ...client }, accessToken, context) => {
      const url = joinPath(hostOf(deployment, context.hosts), '/oauth2/v0/revoke')
      const confirms = (body: unknown) => member(member(body, 'meta'), 'status') === 'ok'
      return revokeToken({ url, clientAuth: clientSecretBasic(client), shape: SHAPE, confirms }, accessToken, context)
    },
  },
})

const hostOf = (deployment: string, hosts: readonly string[]): URL =>
  vendorUrl(`https://${deployment}.api.accelo.com`, hosts)
