import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import type { Client, KoaContext } from 'oidc-provider'
import { usedIds, whyNoGrant, whyUntimely } from './assertion.ts'
import type { Description, Endpoints } from './description.ts'
import { type Asked, inProcess, type Reply } from './in-process.ts'
import { newEcKey } from './keys.ts'
import type { Records } from './records.ts'

/** RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Where the loopback redirect of `vendomat connect` is, which the client has registered exactly. */
export const REDIRECT_URI = 'http://127.0.0.1:8363/callback'
/** What is asked for where the vendor has no scopes: the server wants one for a person to allow. */
export const NO_SCOPE = 'all'
const PERSON = 'a person'
/** Of what our own records end earlier. */
const YEARS = 100 * 365 * 86_400

export interface Credentials {
  readonly client_id: string
  readonly client_secret: string
  /** Of the key that signs the client's assertions: PEM, and its id. */
  readonly publicKey?: string
  readonly key_id: string
}

/** A real OAuth server (oidc-provider), which knows one client and one person. */
export interface AuthorizationServer {
  ask(asked: Asked): Promise<Reply>
  /** The answer to a request for a person's consent; undefined while that person has not said yes or no. */
  consent(query: URLSearchParams, decision: string | undefined): Promise<Reply | undefined>
}

interface Served {
  readonly description: Description
  readonly endpoints: Endpoints
  readonly credentials: Credentials
  readonly records: Records
}

export async function authorizationServer(served: Served): Promise<AuthorizationServer> {
  const { description, endpoints, credentials, records } = served
  const { default: Provider, errors } = await loaded()
  const { assertion, clientAuthentication, grant, resource: described } = description
  const resource = described ?? endpoints.token.origin
  const scopes = description.scope?.split(description.scopeSeparator)
  const audience = assertion.audience ?? endpoints.token.href
  const byCode = grant === 'authorization_code'

  /** Any scope, where the documents name none. */
  function resourceServer(context: KoaContext, identifier: string): object {
    const { params, authorizationCode, refreshToken } = context.oidc
    const asked = wordsOf(params.scope ?? authorizationCode?.scope ?? refreshToken?.scope)
    const unknown = asked.some((scope) => scopes && ![...scopes, 'openid', 'offline_access'].includes(scope))
    if (unknown) throw new errors.InvalidScope('requested scope is not allowed')
    if (identifier !== resource) throw new errors.InvalidTarget('the resource is not one of this server')
    return { scope: (scopes ?? asked).join(' '), accessTokenFormat: 'opaque', accessTokenTTL: YEARS }
  }

  function defaultResource(_context: KoaContext, _client: Client, oneOf: readonly string[] = []): string {
    if (oneOf.length === 0 && described !== undefined) throw new errors.InvalidTarget('a resource has to be named')
    return oneOf[0] ?? resource
  }

  const client = {
    client_id: credentials.client_id,
    token_endpoint_auth_method: clientAuthentication,
    grant_types: byCode ? ['authorization_code', 'refresh_token'] : [grant === 'jwt_bearer' ? JWT_BEARER : grant],
    response_types: byCode ? ['code'] : [],
    redirect_uris: byCode ? [REDIRECT_URI] : [],
    id_token_signed_response_alg: 'ES256',
    ...(clientAuthentication.startsWith('client_secret') && { client_secret: credentials.client_secret }),
    ...(clientAuthentication === 'private_key_jwt' && {
      token_endpoint_auth_signing_alg: assertion.algorithm,
      jwks: { keys: [publicJwk(credentials)] },
    }),
  }
  const clients = { find: async (id: string) => (id === client.client_id ? client : undefined) }

  const provider = new Provider(endpoints.issuer, {
    adapter: (kind: string) => (kind === 'Client' ? clients : records.adapterOf(kind)),
    clientAuthMethods: [clientAuthentication],
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    jwks: { keys: [signingJwk()] },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: grant === 'client_credentials' },
      revocation: {
        enabled: true,
        allowedPolicy: (_context: KoaContext, client: Client, token: Client) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource,
        getResourceServerInfo: resourceServer,
        useGrantedResource: () => true,
      },
    },
    enabledJWA: { clientAuthSigningAlgValues: [assertion.algorithm], idTokenSigningAlgValues: ['ES256'] },
    responseTypes: ['code'],
    pkce: { required: () => description.pkce !== 'none' },
    issueRefreshToken: () => true,
    rotateRefreshToken: () => records.rotation() !== 'none',
    expiresWithSession: () => false,
    // What ends, and when a JWT is good, is said by the machine's clock: by the records, and here below.
    clockTolerance: YEARS,
    assertJwtClientAuthClaimsAndHeader: (_context: KoaContext, claims: Readonly<Record<string, unknown>>) => {
      const why = whyUntimely(claims, { now: records.now(), claims: grant === 'jwt_bearer' ? {} : assertion.claims })
      if (why !== undefined) throw new errors.InvalidClientAuth(why)
    },
    ttl: {
      AccessToken: YEARS,
      Grant: YEARS,
      RefreshToken: YEARS,
      ClientCredentials: YEARS,
      AuthorizationCode: 60,
      Interaction: 60,
      Session: 60,
      IdToken: 3600,
    },
    findAccount: (_context: KoaContext, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context: KoaContext, { uid }: { readonly uid: string }) => `/person/${uid}` },
    renderError: (context: KoaContext, { error_description: text }: { readonly error_description?: string }) => {
      context.type = 'text/plain'
      context.body = text ?? 'The request is refused.'
    },
  })
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = () =>
    new Set([assertion.audience ?? (description.issuer === undefined ? endpoints.token.href : endpoints.issuer)])

  if (grant === 'jwt_bearer') {
    const used = usedIds()
    const asDocumented = {
      algorithm: assertion.algorithm,
      publicKey: credentials.publicKey ?? '',
      issuer: credentials.client_id,
      subject: assertion.subject === undefined ? credentials.client_id : assertion.subject || undefined,
      audience,
      claims: assertion.claims,
    }
    const bearer = async (context: KoaContext) => {
      const { client, params } = context.oidc
      const why = whyNoGrant(String(params.assertion), { ...asDocumented, now: records.now() }, used)
      if (why !== undefined) throw new errors.InvalidGrant(why)
      resourceServer(context, String(params.resource ?? defaultResource(context, client)))
      const scope = wordsOf(params.scope).join(' ') || undefined
      const token = new provider.ClientCredentials({ client, scope })
      context.body = { access_token: await token.save(), expires_in: token.expiration, token_type: 'Bearer', scope }
    }
    provider.registerGrantType(JWT_BEARER, bearer, ['assertion', 'scope', 'resource'])
  }

  const ask = inProcess(provider.callback())

  /** What the person allows, all of it. */
  async function allowed({ scope }: Readonly<Record<string, unknown>>): Promise<object> {
    const given = new provider.Grant({ accountId: PERSON, clientId: credentials.client_id })
    const text = wordsOf(scope).join(' ')
    given.addOIDCScope(text)
    given.addResourceScope(resource, text)
    return { login: { accountId: PERSON }, consent: { grantId: await given.save() } }
  }

  return {
    ask,
    async consent(query, decision) {
      const asked = await ask({ method: 'GET', path: `/auth?${query}` })
      const [, uid] = /^\/person\/([\w-]+)$/.exec(asked.headers.location ?? '') ?? []
      const interaction = uid === undefined ? undefined : await provider.Interaction.find(uid)
      if (!interaction) return asked
      if (decision !== 'allow' && decision !== 'deny') return undefined
      interaction.result = decision === 'deny' ? { error: 'access_denied' } : await allowed(interaction.params)
      await interaction.persist()
      return ask({ method: 'GET', path: `/auth/${uid}`, headers: { cookie: cookiesOf(asked) } })
    },
  }
}

const wordsOf = (scope: unknown): string[] => (typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [])

const cookiesOf = ({ headers }: Reply) => (headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')

const publicJwk = ({ publicKey = '', key_id: kid }: Credentials) => ({
  ...createPublicKey(publicKey).export({ format: 'jwk' }),
  kid,
})

/** Of the server's own, for an OpenID Connect id_token. */
const signingJwk = (): object => ({ ...createPrivateKey(newEcKey().privateKey).export({ format: 'jwk' }), use: 'sig' })

let loading: Promise<typeof import('oidc-provider')> | undefined

/** The server is loaded at the first call of the first described vendor. On Node 20 it would say that it wants a later one. */
function loaded(): Promise<typeof import('oidc-provider')> {
  loading ??= quietly(import('oidc-provider'))
  return loading
}

async function quietly<Result>(work: Promise<Result>): Promise<Result> {
  const { warn } = console
  console.warn = (...said: unknown[]) => String(said[0]).includes('oidc-provider') || warn(...said)
  try {
    return await work
  } finally {
    console.warn = warn
  }
}
