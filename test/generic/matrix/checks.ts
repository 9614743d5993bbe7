import { beginConsent, finishConsent } from '../../../functions/consent/consent.ts'
import { codeChallengeOf, newCodeVerifier } from '../../../functions/consent/pkce.ts'
import type { VendorDescription } from '../../../functions/generic/description.ts'
import { describedVendor } from '../../../functions/generic/vendor.ts'
import { orFailure, VendingError } from '../../../functions/kit/errors.ts'
import { Secret } from '../../../functions/kit/secret.ts'
import { secondsBetween } from '../../../functions/kit/time.ts'
import type { Context, Issued, Vendor } from '../../../functions/kit/vendor.ts'
import { world } from '../../support/world.ts'
import { type Client, clientOf, forgerOf, oddClientOf, otherClientOf, REDIRECT_URI, strangerOf } from './client.ts'
import { type Combination, hasKey, hasSecret } from './combination.ts'
import type { Running, Server } from './server.ts'

interface Tried {
  readonly server: Server
  readonly combination: Combination
  /** What its description says beside what they all say. */
  readonly changes?: Partial<VendorDescription>
}

/** A server that runs, and what is tried with it. */
export interface Row extends Tried {
  readonly running: Running
}

export interface Check {
  readonly name: string
  /** What has to come of it. */
  readonly expected: string
  readonly isFor: (row: Tried) => boolean
  readonly observe: (row: Row) => Promise<string>
}

const byCode = ({ combination: { grant } }: Tried) => grant === 'authorization_code'
const always = () => true
/** Not so a public client (RFC 6749 section 2.1), but for the assertion that is its grant. */
const proves = ({ combination }: Tried) => hasSecret(combination) || hasKey(combination)

export const CHECKS: readonly Check[] = [
  {
    name: 'the server takes the token that it gave',
    expected: 'active',
    isFor: always,
    observe: async (row) => active(row, (await obtained(row)).accessToken.value),
  },
  {
    name: 'the token lives as long as the server says',
    expected: 'as the server says',
    isFor: always,
    observe: lifeOf,
  },
  {
    name: 'a client that cannot prove who it is gets nothing',
    expected: 'credential_rejected',
    isFor: proves,
    observe: async (row) => {
      const stranger = { client: strangerOf(row.combination) }
      if (!byCode(row)) return outcome(obtained(row, stranger))
      const grant = await returned(row)
      return outcome(exchanged(row, grant, stranger))
    },
  },
  {
    name: 'an assertion of another key is no grant',
    expected: 'credential_rejected',
    isFor: ({ combination: { grant, way } }) => grant === 'jwt_bearer' && way !== 'private_key_jwt',
    observe: (row) => outcome(obtained(row, { client: forgerOf(row.combination) })),
  },
  {
    name: 'a secret that needs form-encoding is known',
    expected: 'active',
    isFor: ({ combination }) => hasSecret(combination),
    observe: async (row) => {
      const issued = await orFailure(obtained(row, { client: oddClientOf(row.combination) }))
      return issued instanceof VendingError ? issued.code : active(row, issued.accessToken.value)
    },
  },
  {
    name: 'the issuer alone leads to the same endpoints',
    expected: 'the same',
    isFor: ({ server }) => server.issuer !== undefined,
    observe: async (row) => {
      const [given, found] = [await endpointsUsed(row, {}), await endpointsUsed(row, byIssuer(row))]
      return given.join() === found.join() ? 'the same' : 'others'
    },
  },
  {
    name: 'the token is for the resource that was asked for',
    expected: 'for it alone',
    isFor: ({ server }) => server.resource !== undefined,
    observe: async (row) => {
      const { resource = '' } = row.server
      const { accessToken } = await obtained(row, { changes: { resource } })
      const audience = await row.running.audienceOf?.(accessToken.value)
      return [audience].flat().join() === resource ? 'for it alone' : 'for another'
    },
  },
  {
    name: 'a resource that the server does not have is not had',
    expected: 'configuration',
    isFor: (row) => row.server.resource !== undefined && !byCode(row),
    observe: (row) => outcome(obtained(row, { changes: { resource: 'https://unknown.example/api' } })),
  },
  {
    name: 'who comes back with a code is this server and no other',
    expected: 'connected by it, authorization_invalid by another and by nobody',
    isFor: (row) => byCode(row) && row.server.sendsIssuer === true,
    observe: async (row) => {
      const own = await connectedBy(row, (iss) => iss)
      const [other, nobody] = [await connectedBy(row, () => 'https://evil.example'), await connectedBy(row, () => null)]
      return `${own} by it, ${other} by another${other === nobody ? ' and' : `, ${nobody}`} by nobody`
    },
  },
  {
    name: 'a code that was never given is refused',
    expected: 'grant_rejected',
    isFor: byCode,
    observe: async (row) => {
      const grant = await returned(row)
      return outcome(exchanged(row, { ...grant, code: new Secret('never-given') }))
    },
  },
  {
    name: "another client's code is refused",
    expected: 'grant_rejected',
    isFor: byCode,
    observe: async (row) => outcome(exchanged(row, await returned(row), { client: otherClientOf(row.combination) })),
  },
  {
    name: "a code with another request's verifier is refused",
    expected: 'grant_rejected',
    isFor: byCode,
    observe: async (row) => {
      const grant = await returned(row)
      return outcome(exchanged(row, { ...grant, codeVerifier: newCodeVerifier() }))
    },
  },
  {
    name: 'a code with another redirect URI is refused',
    expected: 'grant_rejected',
    isFor: byCode,
    observe: async (row) => {
      const grant = await returned(row)
      return outcome(exchanged(row, { ...grant, redirectUri: `${REDIRECT_URI}/other` }))
    },
  },
  {
    name: 'a code is good once',
    expected: 'issued, grant_rejected',
    isFor: byCode,
    observe: async (row) => {
      const grant = await returned(row)
      return `${await outcome(exchanged(row, grant))}, ${await outcome(exchanged(row, grant))}`
    },
  },
  {
    name: 'a refresh gives another token and another refresh token, and that one as well',
    expected: 'active, another; active, another',
    isFor: byCode,
    observe: async (row) => {
      const seen = [await obtained(row)]
      const said: string[] = []
      for (let turn = 0; turn < 2; turn++) {
        const before = seen.at(-1)
        const next = await refreshed(row, refreshTokenOf(before))
        const isOther = next.refreshToken !== undefined && !seen.some((one) => isSame(one, next))
        said.push(`${await active(row, next.accessToken.value)}, ${isOther ? 'another' : 'the same'}`)
        seen.push(next)
      }
      return said.join('; ')
    },
  },
  {
    name: 'a refresh token that was used is refused',
    expected: 'grant_rejected',
    isFor: byCode,
    observe: async (row) => {
      const { old } = await rotated(row)
      return outcome(refreshed(row, old))
    },
  },
  {
    name: 'a refresh token that is used again ends its family',
    expected: 'grant_rejected',
    isFor: (row) => byCode(row) && row.server.detectsReuse === true,
    observe: async (row) => {
      const { old, newest } = await rotated(row)
      await outcome(refreshed(row, old))
      return outcome(refreshed(row, newest))
    },
  },
  {
    name: "another client's refresh token is refused",
    expected: 'grant_rejected',
    isFor: byCode,
    observe: async (row) => {
      const token = refreshTokenOf(await obtained(row))
      return outcome(refreshed(row, token, { client: otherClientOf(row.combination) }))
    },
  },
  {
    name: 'a refresh token that was never given is refused',
    expected: 'grant_rejected',
    isFor: byCode,
    observe: (row) => outcome(refreshed(row, new Secret('never-given'))),
  },
  {
    name: 'a refresh by a client that cannot prove who it is gets nothing',
    expected: 'credential_rejected',
    isFor: (row) => byCode(row) && proves(row),
    observe: async (row) => {
      const token = refreshTokenOf(await obtained(row))
      return outcome(refreshed(row, token, { client: strangerOf(row.combination) }))
    },
  },
  {
    name: 'a token that was taken back is dead',
    expected: 'dead',
    isFor: (row) => row.server.endpoints.revocationEndpoint !== undefined && !byCode(row),
    observe: async (row) => {
      const { accessToken } = await obtained(row)
      const came = await outcome(revoked(row, accessToken.value))
      if (came !== 'issued') return came
      return (await active(row, accessToken.value)) === 'active' ? 'alive' : 'dead'
    },
  },
  {
    name: 'a grant that was taken back is dead, and its token with it',
    expected: 'grant_rejected, dead',
    isFor: (row) => row.server.endpoints.revocationEndpoint !== undefined && byCode(row),
    observe: async (row) => {
      const issued = await obtained(row)
      await revoked(row, refreshTokenOf(issued))
      const token = (await active(row, issued.accessToken.value)) === 'active' ? 'alive' : 'dead'
      return `${await outcome(refreshed(row, refreshTokenOf(issued)))}, ${token}`
    },
  },
]

/** What may be other than usual in a call. */
interface Otherwise {
  readonly client?: Client
  readonly changes?: Partial<VendorDescription>
  readonly http?: typeof fetch
}

function descriptionOf({ server, combination, changes }: Tried): VendorDescription {
  const { grant, way, algorithm } = combination
  return {
    title: server.name,
    hosts: [server.host],
    grant,
    clientAuthentication: way,
    ...(server.issuer !== undefined && { issuer: server.issuer }),
    ...(algorithm && { assertion: { algorithm } }),
    scope: grant === 'authorization_code' ? server.consentScope : server.scope,
    ...server.describedAs?.(combination),
    ...changes,
  }
}

/** The issuer alone: where its endpoints are, its metadata say. */
const byIssuer = ({ server: { issuer = '' } }: Row): Partial<VendorDescription> => ({ issuer })

const vendorOf = (row: Row, changes: Partial<VendorDescription> = {}): Vendor => {
  const endpoints = changes.issuer === undefined ? row.server.endpoints : {}
  return describedVendor('matrix', { ...descriptionOf(row), ...endpoints, ...changes })
}

const contextOf = ({ running }: Row, vendor: Vendor, http = running.http): Context => ({
  http,
  now: () => new Date(),
  signal: AbortSignal.timeout(5000),
  hosts: vendor.hosts,
  policy: vendor.tokens,
})

const documentOf = (row: Row, { client = clientOf(row.combination) }: Otherwise) => client.document

/** A token, by whatever the grant wants. */
async function obtained(row: Row, otherwise: Otherwise = {}): Promise<Issued> {
  if (byCode(row)) return exchanged(row, await returned(row, otherwise), otherwise)
  const vendor = vendorOf(row, otherwise.changes)
  return vendor.issue(documentOf(row, otherwise), undefined, contextOf(row, vendor, otherwise.http))
}

interface Returned {
  readonly code: Secret
  readonly redirectUri: string
  readonly codeVerifier: Secret
}

/** A person says yes, and comes back with a code. */
async function returned(row: Row, otherwise: Otherwise = {}): Promise<Returned> {
  const vendor = vendorOf(row, otherwise.changes)
  const codeVerifier = newCodeVerifier()
  const request = { redirectUri: REDIRECT_URI, state: 'a state & more', codeChallenge: codeChallengeOf(codeVerifier) }
  const context = contextOf(row, vendor, otherwise.http)
  const page = await vendor.authorization?.url(documentOf(row, otherwise), request, context)
  if (!page) throw new Error('there is no page where a person consents')
  const back = await row.running.consent(page)
  if (back.searchParams.get('state') !== request.state) throw new Error('the person came back with another state')
  return { code: new Secret(back.searchParams.get('code') ?? ''), redirectUri: REDIRECT_URI, codeVerifier }
}

async function exchanged(row: Row, grant: Returned, otherwise: Otherwise = {}): Promise<Issued> {
  const vendor = vendorOf(row, otherwise.changes)
  const context = contextOf(row, vendor, otherwise.http)
  const issued = await vendor.authorization?.exchange(documentOf(row, otherwise), grant, context)
  if (!issued) throw new Error('no code is exchanged')
  return issued
}

async function refreshed(row: Row, refreshToken: Secret, otherwise: Otherwise = {}): Promise<Issued> {
  const vendor = vendorOf(row, otherwise.changes)
  return vendor.issue(documentOf(row, otherwise), refreshToken, contextOf(row, vendor, otherwise.http))
}

async function revoked(row: Row, token: Secret, otherwise: Otherwise = {}): Promise<void> {
  const vendor = vendorOf(row, otherwise.changes)
  await vendor.revocation?.revoke(documentOf(row, otherwise), token, contextOf(row, vendor, otherwise.http))
}

async function rotated(row: Row) {
  const old = refreshTokenOf(await obtained(row))
  return { old, newest: refreshTokenOf(await refreshed(row, old)) }
}

async function outcome(work: Promise<unknown>): Promise<string> {
  const came = await orFailure(work)
  return came instanceof VendingError ? came.code : 'issued'
}

const active = async ({ running }: Row, token: Secret) => ((await running.isActive(token)) ? 'active' : 'not active')

function refreshTokenOf(issued: Issued | undefined): Secret {
  if (!issued?.refreshToken) throw new Error('there is no refresh token')
  return issued.refreshToken
}

const isSame = (one: Issued, other: Issued) => refreshTokenOf(one).reveal() === refreshTokenOf(other).reveal()

async function lifeOf(row: Row): Promise<string> {
  let stated: unknown
  const http: typeof fetch = async (input, init) => {
    const answer = await row.running.http(input, init)
    stated = Object(await answer.clone().json()).expires_in
    return answer
  }
  const { accessToken } = await obtained(row, { http })
  const life = secondsBetween(accessToken.issuedAt, accessToken.expiresAt)
  const { lifeSeconds } = row.server
  // A server that counts in whole seconds has begun the first of them.
  const isStated = [lifeSeconds, lifeSeconds - 1].includes(Number(stated)) && life <= Number(stated)
  return isStated && life > lifeSeconds - 2 ? 'as the server says' : `${life} s where the server says ${stated}`
}

/** Where the requests for a token went, with the page where a person consents and where a token is taken back. */
async function endpointsUsed(row: Row, changes: Partial<VendorDescription>): Promise<string[]> {
  const used: string[] = []
  const http: typeof fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (!url.includes('/.well-known/')) used.push(url)
    return row.running.http(input, init)
  }
  const otherwise = { changes, http }
  const vendor = vendorOf(row, changes)
  const request = { redirectUri: REDIRECT_URI, state: 's' }
  const page = await vendor.authorization?.url(documentOf(row, {}), request, contextOf(row, vendor, http))
  if (page) used.push(`${page.origin}${page.pathname}`)
  const { accessToken, refreshToken = accessToken.value } = await obtained(row, otherwise)
  if (vendor.revocation) await outcome(revoked(row, refreshToken, otherwise))
  return used
}

/** Connects through the machine, with what the server says of itself, or something else. */
async function connectedBy(row: Row, say: (iss: string | null) => string | null): Promise<string> {
  const machine = world({ http: row.running.http, now: () => new Date() })
  const vendor = vendorOf(row, byIssuer(row))
  const connection = { vendor, name: 'hq' }
  machine.secrets.replace('matrix/hq', { ...clientOf(row.combination).document, redirect_uri: REDIRECT_URI })
  const runtime = machine.process()
  const { authorizationUrl, state } = await beginConsent(connection, { begunBy: 'ada' }, runtime)
  const back = await row.running.consent(new URL(authorizationUrl))
  const iss = say(back.searchParams.get('iss')) ?? undefined
  const code = new Secret(back.searchParams.get('code') ?? '')
  const came = await outcome(finishConsent(connection, { state, code, iss }, runtime))
  return came === 'issued' ? 'connected' : came
}
