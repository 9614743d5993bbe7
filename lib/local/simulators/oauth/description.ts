import * as z from 'zod/mini'

const texts = z._default(z.record(z.string(), z.string()), {})
const days = z.optional(z.number())

/** What a described vendor's server keeps to: the part of a function's VENDOMAT_DESCRIPTION that a vendor knows of. */
const description = z.object({
  id: z.string(),
  title: z.string(),
  hosts: z.array(z.string()),
  grant: z.enum(['client_credentials', 'authorization_code', 'jwt_bearer']),
  clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']),
  tokenEndpoint: z.optional(z.string()),
  issuer: z.optional(z.string()),
  authorizationEndpoint: z.optional(z.string()),
  revocationEndpoint: z.optional(z.string()),
  parameters: texts,
  authorizationParameters: texts,
  resource: z.optional(z.string()),
  scope: z.optional(z.string()),
  scopeSeparator: z._default(z.string(), ' '),
  send: z._default(z.enum(['form', 'json']), 'form'),
  pkce: z._default(z.enum(['S256', 'none']), 'S256'),
  refreshTokens: z._default(z.enum(['rotate', 'keep']), 'rotate'),
  grantDays: z._default(z.object({ idle: days, most: days }), {}),
  assertion: z._default(
    z.object({
      algorithm: z._default(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'ES256']), 'RS256'),
      audience: z.optional(z.string()),
      subject: z.optional(z.string()),
      claims: texts,
    }),
    { algorithm: 'RS256', claims: {} },
  ),
  answer: z._default(
    z.object({
      tokenTypes: z.optional(z.array(z.string())),
      members: texts,
      grantExpiresIn: z.optional(z.string()),
      context: texts,
    }),
    { members: {}, context: {} },
  ),
  defaultLifeSeconds: z.optional(z.number()),
  liveness: z.optional(z.string()),
  apiBaseUrl: z.optional(z.string()),
  credentials: z._default(z.object({ defaults: texts }), { defaults: {} }),
})

export type Description = z.output<typeof description>
export type Algorithm = Description['assertion']['algorithm']

/** What the one client of the server is called, by the members of a connection's credentials. */
interface Registered {
  readonly client_id: string
  readonly client_secret: string
  readonly key_id: string
}

export interface Filled {
  /** With a value in the place of each placeholder. */
  readonly description: Description
  /** What the credentials hold for it, by the placeholders' names; what has a default is left to that. */
  readonly values: Readonly<Record<string, string>>
}

const PLACEHOLDER = /\{([a-z]\w*)\}/g
/** Members that credentials have anyway, or that no text can have. */
const OWN = ['client_id', 'client_secret', 'private_key', 'key_id', 'redirect_uri']

/** Reads a description as it would be for one connection, whose values are the defaults, or `demo`. Throws for anything else. */
export function filledIn(json: string, registered: Registered): Filled {
  const raw = description.parse(JSON.parse(json))
  const { credentials, scope } = raw
  const named = [...JSON.stringify(raw).matchAll(PLACEHOLDER)].map(([, name = '']) => name)
  const usual = { ...credentials.defaults, ...(scope !== undefined && { scope }) }
  const free = named.filter((name) => !OWN.includes(name) && !(name in usual))
  const values = Object.fromEntries(free.map((name) => [name, 'demo']))
  const known: Readonly<Record<string, string>> = { ...usual, ...values, ...registered }
  // What comes out empty is not sent; a JWT without a subject is another thing than one with the usual subject.
  const fill = (member: string, value: unknown) => {
    const text = typeof value === 'string' ? value.replace(PLACEHOLDER, (all, name) => known[name] ?? all) : value
    return text === '' && value !== '' && member !== 'subject' ? undefined : text
  }
  return { description: description.parse(JSON.parse(json, fill)), values }
}

export interface Endpoints {
  readonly issuer: string
  readonly token: URL
  readonly authorization: URL
  readonly revocation: URL | undefined
  readonly keys: URL
  /** Where the metadata are, by RFC 8414 section 3 and by OpenID Connect Discovery section 4. */
  readonly metadata: readonly string[]
}

/** Those of the description; metadata name the others. Without an issuer there are none. */
export function endpointsOf({ id, issuer, ...given }: Description): Endpoints {
  const base = issuer ?? new URL(given.tokenEndpoint ?? `https://${id}.example.com`).origin
  const at = (path: string) => `${base.replace(/\/$/, '')}${path}`
  const { origin, pathname } = new URL(base)
  const revocation = given.revocationEndpoint ?? (issuer && at('/revoke'))
  const wellKnown = `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
  return {
    issuer: base,
    token: new URL(given.tokenEndpoint ?? at('/token')),
    authorization: new URL(given.authorizationEndpoint ?? at('/authorize')),
    revocation: revocation === undefined ? undefined : new URL(revocation),
    keys: new URL(at('/jwks')),
    metadata: issuer === undefined ? [] : [at('/.well-known/openid-configuration'), wellKnown],
  }
}
