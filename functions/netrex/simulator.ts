import { randomBytes } from 'node:crypto'
import type {
  Rotation,
  SimulatedVendor,
  VendorAnswer,
  VendorCall,
  VendorSimulator,
} from '../simulation/vendor-simulator.ts'
import { answer, bearerOf, jsonObject, lifetimeOf, mediaTypeOf, secondsOf } from '../simulation/vendor-simulator.ts'

/** The one OAuth2 application there is. "It must be the same as the URL allowed in the client application definition." */
export const netrexApplication = {
  clientId: 'nrx-client-0001',
  clientSecret: 'nrx s3cr&t+/=_1',
  redirectUri: 'http://127.0.0.1:8363/callback',
} as const

/** A static token that a person made for themselves under </> API. */
export const netrexUserToken = 'nrx-user-token-0001'

const HOSTS = ['system2.netrex.cz', 'cloud.camstreamer.com']
const SCOPES = new Set([
  ...['read', 'write', 'liveview', 'audiotransmit', 'liveview_ptz', 'liveview_light', 'liveview_audioclip'],
  ...['recordings', 'recordings_delete', 'events'],
])
const HOUR = 3600
// None of these three is documented.
const CODE_SECONDS = 60
const GRACE_SECONDS = 30
const GRANT_TYPES = ['authorization_code', 'auth_code']

/** What one person allowed once, on one host. */
interface Grant {
  readonly host: string
  alive: boolean
}

interface Code {
  readonly grant: Grant
  readonly redirectUri: string
  readonly expiry: number
}

interface RefreshToken {
  readonly grant: Grant
  uses: number
  /** When it stops working because another has taken its place. */
  replacedAt: number
}

/** One that waits for a person's consent, and one that needs none. */
export const connections: SimulatedVendor['connections'] = () => ({
  'site-a': {
    host: 'system2.netrex.cz',
    client_id: netrexApplication.clientId,
    client_secret: netrexApplication.clientSecret,
    scope: 'read,write',
  },
  'user-token': { host: 'system2.netrex.cz', user_token: netrexUserToken },
})

/** Source: the page "OAuth2 authorization" of the knowledge base. How refresh tokens live is not documented: see rotate. */
export function simulator(): VendorSimulator {
  const codes = new Map<string, Code>()
  const accessTokens = new Map<string, { readonly grant: Grant; readonly expiry: number }>()
  const refreshTokens = new Map<string, RefreshToken>()
  const userTokens = new Set<string>([netrexUserToken])
  let rotation: Rotation = 'none'

  /** A page for people. Nothing is sent to the redirect address before it is known to be the client's. */
  function authorize(call: VendorCall): VendorAnswer {
    const query = parametersOf(call)
    if (!query) return page(400, 'Each parameter once, please.')
    const { client_id, redirect_uri = '', response_type, scope = '', state, decision } = query
    if (client_id !== netrexApplication.clientId) return page(400, 'This application is not known.')
    if (redirect_uri !== netrexApplication.redirectUri) return page(400, 'This redirect address is not registered.')

    const back = (result: Record<string, string>) => redirectTo(redirect_uri, { ...result, ...(state && { state }) })
    if (response_type !== 'code') return back({ error: 'unsupported_response_type' })
    if (!scope.split(',').every((each) => SCOPES.has(each))) return back({ error: 'invalid_scope' })
    if (decision === 'deny') return back({ error: 'access_denied' })
    if (decision !== 'allow') return consentPage(call, scope)

    const code = randomBytes(18).toString('base64url')
    const grant = { host: call.host, alive: true }
    codes.set(code, { grant, redirectUri: redirect_uri, expiry: secondsOf(call.now) + CODE_SECONDS })
    return back({ code })
  }

  function token(call: VendorCall): VendorAnswer {
    // All parameters are in the query; a form is not read.
    const query = parametersOf(call)
    if (!query) return refused('Invalid request')
    const { client_id, client_secret, grant_type = '' } = query
    if (client_id !== netrexApplication.clientId) return refusedClient
    if (client_secret && client_secret !== netrexApplication.clientSecret) return refusedClient
    if (grant_type === 'refresh_token') return client_secret ? refresh(call, query.refresh_token) : refusedClient
    if (!GRANT_TYPES.includes(grant_type)) return refused('Unsupported grant type')
    return exchange(call, query, client_secret ? 'lasting' : 'once')
  }

  function exchange(call: VendorCall, { code = '', redirect_uri }: Query, access: 'lasting' | 'once'): VendorAnswer {
    const held = codes.get(code)
    codes.delete(code)
    if (!held || held.grant.host !== call.host || held.expiry <= secondsOf(call.now)) return refused('Invalid code')
    if (held.redirectUri !== redirect_uri) return refused('Invalid redirect_uri')
    // A client that does not send its secret gets no refresh token.
    return issue(call, held.grant, access === 'lasting' ? newRefreshToken(held.grant) : undefined)
  }

  function refresh(call: VendorCall, sent = ''): VendorAnswer {
    const held = refreshTokens.get(sent)
    if (!held || held.grant.host !== call.host) return refused('Invalid refresh token')
    held.uses += 1
    const now = secondsOf(call.now)
    const replaced = held.replacedAt <= now
    if (replaced && rotation === 'family') held.grant.alive = false
    if (replaced || !held.grant.alive) return refused('Invalid refresh token')
    if (rotation === 'none') return issue(call, held.grant)
    held.replacedAt = Math.min(held.replacedAt, now + (rotation === 'grace' ? GRACE_SECONDS : 0))
    return issue(call, held.grant, newRefreshToken(held.grant))
  }

  function newRefreshToken(grant: Grant): string {
    const value = randomBytes(24).toString('base64url')
    refreshTokens.set(value, { grant, uses: 0, replacedAt: Number.POSITIVE_INFINITY })
    return value
  }

  function issue(call: VendorCall, grant: Grant, refreshToken?: string): VendorAnswer {
    const life = lifetimeOf(call, HOUR)
    const value = randomBytes(24).toString('base64url')
    accessTokens.set(value, { grant, expiry: secondsOf(call.now) + life.seconds })
    return answer(200, {
      access_token: value,
      expires_in: life.claimed,
      ...(refreshToken && { refresh_token: refreshToken }),
    })
  }

  /** There is no client authentication: who holds the token may end it, with its refresh token. */
  function revoke(call: VendorCall): VendorAnswer {
    const held = accessTokens.get(parametersOf(call)?.access_token ?? '')
    if (!held?.grant.alive || held.grant.host !== call.host)
      return answer(200, { success: false, message: 'Unknown token' })
    held.grant.alive = false
    return answer(200, { success: true, message: 'Access token was revoked' })
  }

  function graphql(call: VendorCall): VendorAnswer {
    if (!isLive(bearerOf(call) ?? '', call)) return answer(401, { error: 'Invalid access token' })
    const query = mediaTypeOf(call) === 'application/json' ? jsonObject(call.body)?.query : undefined
    if (typeof query !== 'string') return answer(400, { errors: [{ message: 'A query is required.' }] })
    const compact = query.replaceAll(/\s/g, '')
    if (compact === '{__typename}') return answer(200, { data: { __typename: 'Query' } })
    if (compact === '{cameraList{name}}')
      return answer(200, { data: { cameraList: [{ name: 'Entrance' }, { name: 'Yard' }] } })
    return answer(200, { errors: [{ message: 'Only {__typename} and {cameraList{name}} are simulated.' }] })
  }

  /** Stands for the portal's own page on which a person, logged in, makes a user token; there is no such API. */
  function makeUserToken(): VendorAnswer {
    const value = `nrx-user-${randomBytes(18).toString('base64url')}`
    userTokens.add(value)
    return answer(200, value, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  }

  function isLive(token: string, call: VendorCall): boolean {
    if (userTokens.has(token)) return true
    const held = accessTokens.get(token)
    if (!held?.grant.alive || held.grant.host !== call.host) return false
    return held.expiry > secondsOf(call.now)
  }

  return {
    vendor: 'netrex',
    answersFor: (host) => HOSTS.includes(host),
    isTokenPath: (path) => path === '/oauth2/token',
    respond(call) {
      const route = `${call.method} ${call.path}`
      if (route === 'GET /oauth2/auth/') return authorize(call)
      if (route === 'POST /oauth2/token') return token(call)
      if (route === 'POST /oauth2/revoke') return revoke(call)
      if (route === 'POST /api/graphql.php') return graphql(call)
      if (route === 'POST /generate-token') return makeUserToken()
      return page(404, 'Not Found')
    },
    refusedClient,
    tokenMember: 'access_token',
    revoke: (token) => {
      userTokens.delete(token)
      accessTokens.delete(token)
      const held = refreshTokens.get(token)
      if (held) held.grant.alive = false
    },
    // As when a person ends the access of every application, and deletes every user token.
    revokeAll: () => {
      userTokens.clear()
      for (const { grant } of [...refreshTokens.values(), ...accessTokens.values()]) grant.alive = false
    },
    rotate: (next) => {
      rotation = next
    },
    seen: () => ({ refreshTokenUses: [...refreshTokens.values()].map(({ uses }) => uses) }),
    forget: () => {
      rotation = 'none'
      for (const held of refreshTokens.values()) held.uses = 0
    },
  }
}

type Query = Partial<Record<string, string>>

/** `undefined` for a query that repeats a parameter (RFC 6749 section 3.2). */
function parametersOf({ query }: VendorCall): Query | undefined {
  const pairs = [...query]
  return new Set(pairs.map(([name]) => name)).size < pairs.length ? undefined : Object.fromEntries(pairs)
}

function redirectTo(redirectUri: string, result: Readonly<Record<string, string>>): VendorAnswer {
  const location = new URL(redirectUri)
  for (const [name, value] of Object.entries(result)) location.searchParams.set(name, value)
  return answer(302, '', { Location: location.href, 'Cache-Control': 'no-store' })
}

/** The status of errors is not documented, and their text is for people only. */
const refused = (error: string) => answer(400, { error })
const refusedClient = refused('Invalid client')

const page = (status: number, text: string, more = '') =>
  answer(
    status,
    `<!doctype html><meta charset="utf-8"><title>NetRex (simulated)</title><h1>NetRex (simulated)</h1><p>${text}</p>${more}`,
    { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' },
  )

/** Two links back to this page. They are relative, so that they work at any address of the simulator. */
function consentPage({ query }: VendorCall, scope: string): VendorAnswer {
  const linkTo = (decision: string) => {
    const decided = new URLSearchParams(query)
    decided.set('decision', decision)
    return `?${decided}`.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  }
  // The scopes have been checked, so they are words.
  const question = `An application asks for: ${scope.replaceAll(',', ', ')}.`
  return page(200, question, `<p><a href="${linkTo('allow')}">Allow</a> <a href="${linkTo('deny')}">Deny</a></p>`)
}
