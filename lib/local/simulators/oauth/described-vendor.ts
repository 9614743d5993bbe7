import type {
  JsonObject,
  SimulatedVendor,
  VendorAnswer,
  VendorCall,
  VendorSimulator,
} from '../../../../functions/simulation/vendor-simulator.ts'
import {
  answer,
  bearerOf,
  formOf,
  jsonObject,
  lifetimeOf,
  mediaTypeOf,
  secondsOf,
} from '../../../../functions/simulation/vendor-simulator.ts'
import {
  type AuthorizationServer,
  authorizationServer,
  JWT_BEARER,
  NO_SCOPE,
  REDIRECT_URI,
} from './authorization-server.ts'
import { clientOf, type Parameters } from './client-of.ts'
import { consentPage, page } from './consent-page.ts'
import { type Algorithm, endpointsOf, filledIn } from './description.ts'
import type { Reply } from './in-process.ts'
import type { Pem } from './keys.ts'
import { records as newRecords } from './records.ts'

const HOUR = 3600
const DAY = 86_400
const KEY_ID = 'demo-key'

export interface DescribedVendor extends SimulatedVendor {
  readonly id: string
  /** Its connection has no token before a person has said yes. */
  readonly wantsConsent: boolean
}

/**
 * A vendor that the settings describe, as a real OAuth server that knows one client: that of the connection `demo`. What is
 * as in the RFCs, the server does; here is what the description says beside them.
 */
export function describedVendor(json: string, keyFor: (algorithm: Algorithm) => Pem): DescribedVendor {
  const { id } = JSON.parse(json)
  // What a client has to encode in one of the two ways and not in the other.
  const registered = { client_id: `${id}-demo-client`, client_secret: `${id} s3cr&t+/=_%1`, key_id: KEY_ID }
  const { description, values } = filledIn(json, registered)
  const { grant, clientAuthentication, scopeSeparator, parameters } = description
  const endpoints = endpointsOf(description)
  const needsKey = grant === 'jwt_bearer' || clientAuthentication === 'private_key_jwt'
  const key = needsKey ? keyFor(description.assertion.algorithm) : undefined
  const credentials = { ...registered, ...(key && { publicKey: key.publicKey }) }

  function simulator(): VendorSimulator {
    const usual = description.refreshTokens === 'keep' ? 'none' : 'family'
    const records = newRecords(usual)
    let made: Promise<AuthorizationServer> | undefined
    const server = () => {
      made ??= authorizationServer({ description, endpoints, credentials, records })
      return made
    }

    let last: Promise<unknown> = Promise.resolve()
    /** Of two that bring the same code or refresh token one is first, as at a server with a database. */
    function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
      const mine = last.then(work)
      last = mine.catch(() => {})
      return mine
    }

    async function authorize(call: VendorCall): Promise<VendorAnswer> {
      const query = new URLSearchParams(call.query)
      const decision = query.get('decision') ?? undefined
      const wrong = differing(Object.fromEntries(query), description.authorizationParameters)
      for (const name of ['decision', ...Object.keys(description.authorizationParameters)]) {
        if (!STANDARD.includes(name)) query.delete(name)
      }
      query.set('scope', scopesOf(query.get('scope')).join(' ') || NO_SCOPE)
      const reply = await (await server()).consent(query, wrong === undefined ? decision : undefined)
      if (reply) return asAnswer(withoutIssuer(reply))
      if (wrong !== undefined) return page(description.title, 400, `The parameter ${wrong} is not as documented.`)
      return consentPage(description.title, call.query)
    }

    async function token(call: VendorCall): Promise<VendorAnswer> {
      const sent = parametersOf(call)
      if (!sent) return refused('invalid_request', 'the parameters cannot be read')
      const wrong = differing(sent, parameters)
      if (wrong !== undefined) return refused('invalid_request', `${wrong} is not as documented`)
      if (!authenticates(call, sent)) return refusedClient
      const reply = await (await server()).ask({
        method: 'POST',
        path: '/token',
        headers: headersOf(call),
        body: new URLSearchParams({ ...without(sent, parameters), ...ofTheGrant(sent) }).toString(),
      })
      const granted = reply.status === 200 ? jsonObject(reply.body) : undefined
      return granted ? answer(200, issued(call, granted), NO_STORE) : asAnswer(reply)
    }

    /** In the words of the RFC, whatever the vendor's own are. */
    function ofTheGrant(sent: Parameters): Record<string, string> {
      const refresh = sent.refresh_token !== undefined
      const usualType = grant === 'jwt_bearer' ? JWT_BEARER : refresh ? 'refresh_token' : grant
      const scope = scopesOf(sent.scope).join(' ')
      return {
        grant_type: parameters.grant_type === undefined ? (sent.grant_type ?? '') : usualType,
        ...(scope && { scope }),
        // RFC 7523 section 3.1: the assertion names the client.
        ...(grant === 'jwt_bearer' && clientAuthentication === 'none' && { client_id: credentials.client_id }),
      }
    }

    /** Sets when the tokens end, and says it in the vendor's own words. */
    function issued(call: VendorCall, granted: JsonObject): JsonObject {
      const { answer: words, defaultLifeSeconds, grantDays } = description
      const { access_token, refresh_token, scope = '', id_token } = granted
      const now = secondsOf(call.now)
      const life = lifetimeOf(call, defaultLifeSeconds ?? HOUR)
      records.endAt(String(access_token), now + life.seconds)
      const { idle = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY } = grantDays
      const grantEnd = Math.min(now + idle * DAY, records.grantedAt(String(refresh_token)) + most * DAY)
      records.endAt(String(refresh_token), grantEnd)
      const scopes = String(scope)
        .split(' ')
        .filter((one) => one !== '' && one !== NO_SCOPE)
      const members = {
        access_token,
        token_type: words.tokenTypes?.[0] ?? 'Bearer',
        // The documents state the life that the answers do not.
        ...((defaultLifeSeconds === undefined || call.lifetime !== undefined) && { expires_in: life.claimed }),
        ...(refresh_token !== undefined && { refresh_token }),
        ...(scopes.length > 0 && { scope: scopes.join(scopeSeparator) }),
        ...(id_token !== undefined && { id_token }),
      }
      const ends = refresh_token !== undefined && Number.isFinite(grantEnd) ? words.grantExpiresIn : undefined
      return nested([
        ...Object.entries(members).map(([name, value]) => [words.members[name] ?? name, value] as const),
        ...(ends === undefined ? [] : [[ends, grantEnd - now] as const]),
        ...Object.values(words.context).map((name) => [name, 'demo'] as const),
      ])
    }

    async function revoke(call: VendorCall): Promise<VendorAnswer> {
      // RFC 7009 section 2.1: a form, however tokens are asked for.
      const sent = formOf(call)
      if (!sent || !authenticates(call, sent)) return refusedClient
      const body = new URLSearchParams(without(sent, parameters)).toString()
      const path = '/token/revocation'
      return asAnswer(await (await server()).ask({ method: 'POST', path, headers: headersOf(call), body }))
    }

    async function metadata(): Promise<VendorAnswer> {
      const path = '/.well-known/openid-configuration'
      const { issuer, token, authorization, revocation, keys } = endpoints
      const said = jsonObject((await (await server()).ask({ method: 'GET', path })).body)
      const { userinfo_endpoint: _none, ...others } = said ?? {}
      return answer(200, {
        ...others,
        issuer,
        token_endpoint: token,
        authorization_endpoint: authorization,
        revocation_endpoint: revocation,
        jwks_uri: keys,
      })
    }

    /** Any other address is one of the API. */
    function api(call: VendorCall): VendorAnswer {
      if (records.isLive(bearerOf(call) ?? '')) return answer(200, { ok: true })
      return answer(401, { error: 'invalid_token' }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
    }

    return {
      vendor: id,
      answersFor: (host) =>
        hosts.some((own) => host === own) || description.hosts.some((own) => host.endsWith(`.${own}`)),
      knows: (call) => clientOf(call) === credentials.client_id || records.isLive(bearerOf(call) ?? ''),
      isTokenPath: (path) => path === endpoints.token.pathname,
      async respond(call) {
        records.setClock(secondsOf(call.now))
        const url = `https://${call.host}${call.path}`
        const route = `${call.method} ${url}`
        if (route === `GET ${endpoints.authorization.href}` && grant === 'authorization_code') return authorize(call)
        if (route === `POST ${endpoints.token.href}`) return inTurn(() => token(call))
        if (route === `POST ${endpoints.revocation?.href}`) return revoke(call)
        if (call.method === 'GET' && endpoints.metadata.includes(url)) return metadata()
        if (route === `GET ${endpoints.keys.href}`)
          return asAnswer(await (await server()).ask({ method: 'GET', path: '/jwks' }))
        return api(call)
      },
      refusedClient,
      tokenMember: (description.answer.members.access_token ?? 'access_token').split('.')[0] ?? '',
      revoke: records.revoke,
      revokeAll: records.revokeAll,
      ...(grant === 'authorization_code' && { rotate: records.rotate }),
      forget: () => {
        records.rotate(usual)
      },
    }
  }

  const named = [
    endpoints.token,
    endpoints.authorization,
    endpoints.keys,
    endpoints.revocation,
    description.liveness,
    description.apiBaseUrl,
  ]
  const hosts = [...description.hosts, ...named.flatMap((url) => (url === undefined ? [] : new URL(url).host))]

  /** Where commas separate them, a space makes one that is not known. */
  const scopesOf = (text: string | null | undefined) =>
    (text ?? '').split(scopeSeparator).flatMap((scope) => (scope === '' ? [] : [scope.replaceAll(' ', '+')]))

  /** Undefined where one is there twice (RFC 6749 section 3.2), or they do not come as this vendor wants them. */
  function parametersOf(call: VendorCall): Parameters | undefined {
    if (description.send === 'form') return formOf(call)
    const sent = mediaTypeOf(call) === 'application/json' ? jsonObject(call.body) : undefined
    const texts = Object.entries(sent ?? {}).map(([name, value]) => [name, String(value)])
    return sent && Object.fromEntries(texts)
  }

  /** In the one way that is described; whether with the right secret or key, the server sees. */
  function authenticates({ headers }: VendorCall, sent: Parameters): boolean {
    const { client_secret, client_assertion } = sent
    const { authorization } = headers
    const ways = {
      client_secret_basic: authorization !== undefined,
      client_secret_post: client_secret !== undefined,
      private_key_jwt: client_assertion !== undefined,
    }
    return Object.entries(ways).every(([way, used]) => used === (way === clientAuthentication))
  }

  /** A vendor without metadata does not say that it sends `iss` (RFC 9207 section 3), so it sends none. */
  function withoutIssuer(reply: Reply): Reply {
    const { location = '' } = reply.headers
    if (description.issuer !== undefined || !location.startsWith(REDIRECT_URI)) return reply
    const back = new URL(location)
    back.searchParams.delete('iss')
    return { ...reply, headers: { ...reply.headers, location: back.href } }
  }

  function connection(): object {
    const secret = { client_secret: registered.client_secret }
    return {
      ...values,
      client_id: registered.client_id,
      ...(clientAuthentication.startsWith('client_secret') && secret),
      ...(key && { private_key: key.privateKey, key_id: KEY_ID }),
    }
  }

  return { id, wantsConsent: grant === 'authorization_code', simulator, connections: () => ({ demo: connection() }) }
}

const STANDARD = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'resource', 'code_challenge']
const NO_STORE = { 'Cache-Control': 'no-store' }

const refused = (error: string, why: string, status = 400) =>
  answer(status, { error, error_description: why }, NO_STORE)
const refusedClient = refused('invalid_client', 'client authentication failed', 401)

/** The first of the vendor's own parameters that is not there as it is documented. */
const differing = (sent: Parameters, own: Readonly<Record<string, string>>) =>
  Object.keys(own).find((name) => sent[name] !== own[name])

const without = (sent: Parameters, own: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(sent).flatMap(([name, value = '']) => (name in own ? [] : [[name, value]])))

/** A vendor's name for a member may be a path: `authed_user.access_token`. */
function nested(members: readonly (readonly [path: string, value: unknown])[]): JsonObject {
  const tops = new Map<string, unknown>()
  for (const [path, value] of members) {
    const [top = '', ...below] = path.split('.')
    const inside = () => ({ ...Object(tops.get(top)), ...nested([[below.join('.'), value]]) })
    tops.set(top, below.length === 0 ? value : inside())
  }
  return Object.fromEntries(tops)
}

const headersOf = ({ headers: { authorization } }: VendorCall) => ({
  'content-type': 'application/x-www-form-urlencoded',
  ...(authorization !== undefined && { authorization }),
})

function asAnswer({ status, headers, body }: Reply): VendorAnswer {
  const { location, 'content-type': type = 'text/plain', 'www-authenticate': challenge } = headers
  return answer(status, location === undefined ? body : '', {
    ...NO_STORE,
    'Content-Type': type,
    ...(location !== undefined && { Location: location }),
    ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
  })
}
