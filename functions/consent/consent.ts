import { randomBytes } from 'node:crypto'
import type { Attempt } from '../core/attempt.ts'
import { LOOK_UP_SECONDS } from '../core/lease.ts'
import { contextFor, type Runtime } from '../core/runtime.ts'
import { type Connection, labelOf } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'
import type { Secret } from '../kit/secret.ts'
import { secondsAfter } from '../kit/time.ts'
import type { Authorization } from '../kit/vendor.ts'
import { sha256 } from './hash.ts'
import { codeChallengeOf, newCodeVerifier } from './pkce.ts'
import { authorizationOf, type Granted, refuseDisabled, replaceGrant } from './replace-grant.ts'
import type { Consent, ConsentStore } from './store.ts'

export interface ConsentRuntime extends Runtime {
  readonly consents: ConsentStore
  /** Address of the hosted callback, where the deployment has one. */
  readonly callbackUrl?: string | undefined
}

/** A person has this long to say yes. */
export const CONSENT_SECONDS = 600

/** RFC 8252 section 7.3: an address of the person's own machine, on any port. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost):[0-9]{1,5}\/[a-z0-9/_-]{0,100}$/

export interface Begun {
  readonly authorizationUrl: string
  readonly state: string
  readonly redirectUri: string
}

/**
 * Begins a consent: an address for the person's browser, and the `state` that ties what comes back to this connection,
 * for ten minutes and one use (RFC 6749 section 10.12). Without a redirect URI the vendor's registered one is used.
 */
export async function beginConsent(
  connection: Connection,
  { redirectUri, begunBy }: { readonly redirectUri?: string | undefined; readonly begunBy: string },
  runtime: ConsentRuntime,
): Promise<Begun> {
  const authorization = authorizationOf(connection)
  if (redirectUri !== undefined && !LOOPBACK.test(redirectUri)) {
    throw new VendingError(
      'bad_request',
      'redirect_uri is an address on the machine of who connects: http://127.0.0.1:<port>/...',
    )
  }
  const { url, state, consent } = await begin(connection, { authorization, redirectUri, begunBy }, runtime)
  await runtime.consents.beginConsent(connection, { ...consent, through: 'api' })
  return { authorizationUrl: url.href, state, redirectUri: consent.redirectUri }
}

export interface HostedBegun {
  /** Good once: who opens it is who consents, in the browser it was opened in. */
  readonly beginUrl: string
  readonly redirectUri: string
}

/** Begins a consent that comes back to the hosted callback. The `state` is the ticket for the first step as well. */
export async function beginHostedConsent(
  connection: Connection,
  begunBy: string,
  runtime: ConsentRuntime,
): Promise<HostedBegun> {
  const authorization = authorizationOf(connection)
  const { callbackUrl } = runtime
  if (!callbackUrl) throw new VendingError('bad_request', 'this machine has no hosted callback')
  const here = `${callbackUrl}/oauth/${connection.vendor.id}`
  const redirectUri = `${here}/callback`
  const { state, consent } = await begin(connection, { authorization, redirectUri, begunBy }, runtime)
  if (consent.redirectUri !== redirectUri) {
    throw new VendingError(
      'configuration',
      `the credentials of ${labelOf(connection)} send people to another redirect_uri; the hosted callback is ${redirectUri}`,
    )
  }
  await runtime.consents.beginConsent(connection, { ...consent, through: 'callback' })
  return { beginUrl: `${here}/begin?t=${state}`, redirectUri }
}

interface Beginning {
  readonly authorization: Authorization
  readonly redirectUri: string | undefined
  readonly begunBy: string
}

async function begin(
  connection: Connection,
  { authorization, redirectUri, begunBy }: Beginning,
  runtime: ConsentRuntime,
) {
  const { document } = await runtime.credentials.read(connection, 0)
  const state = randomBytes(32).toString('base64url')
  const codeVerifier = authorization.pkce && newCodeVerifier()
  const asked = { authorization, document, state, redirectUri, codeVerifier }
  const { url, ...way } = await wayOf(connection, asked, runtime)
  // Who begins a consent connects it: it is listed from here on, and one that was forgotten is active again.
  await runtime.registry.register(connection, { sweepAt: runtime.now(), reopens: true })
  const known = await runtime.tokens.read(connection)
  refuseDisabled(connection, known)
  const consent: Omit<Consent, 'through'> = {
    stateHash: sha256(state),
    begunBy,
    epoch: known.state.epoch,
    // What the vendor's file put there is what the exchange has to repeat (RFC 6749 section 4.1.3).
    redirectUri: url.searchParams.get('redirect_uri') ?? redirectUri ?? '',
    ...way,
    ...(codeVerifier && { codeVerifier }),
    endsAt: secondsAfter(runtime.now(), CONSENT_SECONDS),
  }
  return { url, state, consent }
}

/** What the vendor sent the person's browser back with. An error counts even when there is a code beside it. */
export interface Returned {
  readonly state: string
  readonly code?: Secret | undefined
  readonly error?: string | undefined
  /** Who says that they sent it back (RFC 9207). */
  readonly iss?: string | undefined
}

/** Ends a consent: the code is exchanged once, and its tokens replace those of the grant before. */
export async function finishConsent(
  connection: Connection,
  { state, code, error, iss }: Returned,
  runtime: ConsentRuntime,
): Promise<Connected> {
  const authorization = authorizationOf(connection)
  const ended = { stateHash: sha256(state), through: 'api', now: runtime.now() } as const
  const consent = await runtime.consents.endConsent(connection, ended)
  if (!consent) {
    throw new VendingError(
      'authorization_invalid',
      `no consent for ${labelOf(connection)} is waiting for this state; begin again`,
    )
  }
  if (error !== undefined)
    throw new VendingError('authorization_denied', `the vendor came back without consent for ${labelOf(connection)}`)
  if (!code) throw new VendingError('bad_request', 'a code or an error is needed beside the state')
  return exchange(connection, { authorization, code, iss, consent }, runtime)
}

/**
 * Ends a hosted consent. What the callback says is not taken on trust: a function of ours must have begun the consent, for
 * this connection, and it must not have been ended. Whose code it is no store can tell.
 */
export async function finishHostedConsent(
  connection: Connection,
  { stateHash, code, iss }: Pick<Exchange, 'code' | 'iss'> & { readonly stateHash: string },
  runtime: ConsentRuntime,
): Promise<Connected> {
  const authorization = authorizationOf(connection)
  const ended = { stateHash, through: 'callback', now: runtime.now() } as const
  const consent = await runtime.consents.endConsent(connection, ended)
  if (!consent) {
    throw new VendingError(
      'authorization_invalid',
      `no consent for ${labelOf(connection)} has just come back; begin again`,
    )
  }
  return exchange(connection, { authorization, code, iss, consent }, runtime)
}

interface Exchange {
  readonly authorization: Authorization
  readonly code: Secret
  readonly iss?: string | undefined
  readonly consent: Consent
}

/** What a consent came to. */
export interface Connected extends Granted {
  /** ARN of who began it. */
  readonly begunBy: string
}

/** Exchanges the code, if the connection still is what the consent was begun for. */
async function exchange(
  connection: Connection,
  { authorization, code, iss, consent }: Exchange,
  runtime: ConsentRuntime,
): Promise<Connected> {
  const label = labelOf(connection)
  if (!isOfIssuer(consent, iss))
    throw new VendingError(
      'authorization_invalid',
      `another server than that of ${label} sent the person back; begin again`,
    )
  if (authorization.pkce && !consent.codeVerifier)
    throw new VendingError('authorization_invalid', `the code verifier of ${label} is lost; begin again`)
  const credentials = await runtime.credentials.read(connection, 0)
  const row = await runtime.tokens.read(connection)
  const { state } = row
  refuseDisabled(connection, row)
  if (state.epoch !== consent.epoch)
    throw new VendingError('authorization_invalid', `${label} was revoked after this consent was begun; begin again`)
  if (!(await isPinned(connection, { authorization, consent, document: credentials.document }, runtime))) {
    throw new VendingError(
      'authorization_invalid',
      `the credentials of ${label} lead elsewhere than when this consent was begun; begin again`,
    )
  }
  const { redirectUri, codeVerifier } = consent
  const grant = { code, redirectUri, ...(codeVerifier && { codeVerifier }) }
  const call: Attempt['call'] = (document, context) => authorization.exchange(document, grant, context)
  const granted = await replaceGrant(connection, { row, credentials, call }, runtime)
  return { ...granted, begunBy: consent.begunBy }
}

/**
 * Whether the credentials of now would send the person to the same page and the code to the same endpoint as those of then
 * (RFC 9700 section 4.4.2): a code of one server is not sent to another. The challenge counts as part of the page's address,
 * so that a code goes with the verifier of its own request.
 */
async function isPinned(
  connection: Connection,
  { authorization, consent, document }: Pick<Exchange, 'authorization' | 'consent'> & { readonly document: unknown },
  runtime: ConsentRuntime,
): Promise<boolean> {
  const { redirectUri, codeVerifier } = consent
  const way = await wayOf(connection, { authorization, document, state: '', redirectUri, codeVerifier }, runtime)
  return (['authorizationUrl', 'tokenEndpoint', 'issuer'] as const).every((member) => way[member] === consent[member])
}

/**
 * Whether the one who says that they sent the person back is the server of the consent (RFC 9207 section 2.4), so that no other
 * can slip in a code. A vendor that says who it is has to; of any other what is known is the server of its page.
 */
function isOfIssuer({ issuer, authorizationUrl }: Consent, iss: string | undefined): boolean {
  if (issuer !== undefined) return iss === issuer
  const { origin } = new URL(authorizationUrl)
  return iss === undefined || iss === origin || iss.startsWith(`${origin}/`)
}

interface Asked {
  readonly authorization: Authorization
  readonly document: unknown
  readonly state: string
  readonly redirectUri: string | undefined
  readonly codeVerifier: Secret | undefined
}

/** Where these credentials lead a person, and then their code. */
async function wayOf(
  { vendor }: Connection,
  { authorization, document, state, redirectUri, codeVerifier }: Asked,
  runtime: ConsentRuntime,
) {
  const context = contextFor(vendor, runtime, LOOK_UP_SECONDS)
  const codeChallenge = codeVerifier && codeChallengeOf(codeVerifier)
  const request = { state, ...(redirectUri && { redirectUri }), ...(codeChallenge && { codeChallenge }) }
  const url = await authorization.url(document, request, context)
  const endpoint = await authorization.tokenEndpoint(document, context)
  const issuer = await authorization.issuer?.(document, context)
  const issued = issuer === undefined ? {} : { issuer }
  return { url, authorizationUrl: withoutState(url), tokenEndpoint: endpoint.href, ...issued }
}

/** By hand: URLSearchParams would write the rest of the query anew, with `+` for every space. */
function withoutState({ origin, pathname, search }: URL): string {
  const rest = search.slice(1).split('&')
  return `${origin}${pathname}?${rest.filter((pair) => !pair.startsWith('state=')).join('&')}`
}
