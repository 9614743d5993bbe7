import { randomBytes } from 'node:crypto'
import { type Connection, contextFor, keyOf } from '../core/ask.ts'
import { statedEnd } from '../core/credential-end.ts'
import { VendingError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { keep, tokenUnder } from '../core/renew.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Secret } from '../core/secret.ts'
import type { Consent } from '../core/store.ts'
import { dueAt, secondsAfter, secondsBetween } from '../core/token.ts'
import type { Authorization, Issued } from '../core/vendor.ts'
import { tellWorks } from '../notices/trouble.ts'

/** A person has this long to say yes. */
export const CONSENT_SECONDS = 600
const EXCHANGE_SECONDS = 15
const LEASE_SECONDS = 32

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
  asked: Connection,
  redirectUri: string | undefined,
  runtime: Runtime,
): Promise<Begun> {
  const authorization = authorizationOf(asked)
  if (redirectUri !== undefined && !LOOPBACK.test(redirectUri)) {
    throw new VendingError(
      'bad_request',
      'redirect_uri is an address on the machine of who connects: http://127.0.0.1:<port>/...',
    )
  }
  const { url, ...begun } = await begin(asked, authorization, redirectUri, runtime)
  await runtime.store.beginConsent(asked.vendor.id, consentFor(asked, begun))
  return { authorizationUrl: url.href, state: begun.state, redirectUri: begun.redirectUri }
}

export interface HostedBegun {
  /** Good once: who opens it is who consents, in the browser it was opened in. */
  readonly beginUrl: string
  readonly redirectUri: string
}

/** Begins a consent that comes back to the hosted callback. The `state` is the ticket for the first step as well. */
export async function beginHostedConsent(asked: Connection, runtime: Runtime): Promise<HostedBegun> {
  const authorization = authorizationOf(asked)
  const { callbackUrl } = runtime
  if (!callbackUrl) throw new VendingError('bad_request', 'this machine has no hosted callback')
  const here = `${callbackUrl}/oauth/${asked.vendor.id}`
  const { url, ...begun } = await begin(asked, authorization, `${here}/callback`, runtime)
  if (begun.redirectUri !== `${here}/callback`) {
    throw new VendingError(
      'configuration',
      `the credentials of ${keyOf(asked)} send people to another redirect_uri; the hosted callback is ${here}/callback`,
    )
  }
  const consent = { ...consentFor(asked, begun), authorizationUrl: withoutState(url) }
  await runtime.store.beginConsent(asked.vendor.id, consent)
  return { beginUrl: `${here}/begin?t=${begun.state}`, redirectUri: begun.redirectUri }
}

interface Beginning {
  readonly state: string
  readonly redirectUri: string
  readonly expiresAt: Date
}

async function begin(
  asked: Connection,
  authorization: Authorization,
  redirectUri: string | undefined,
  runtime: Runtime,
): Promise<Beginning & { readonly url: URL }> {
  const { vendor, connection } = asked
  const { document } = await runtime.credentials.read(vendor.id, connection, 0)
  const { state: row } = await runtime.store.read(keyOf(asked))
  if (row.status === 'disabled') throw new VendingError('connection_disabled', `${keyOf(asked)} is disabled`)
  const state = randomBytes(32).toString('base64url')
  const url = authorization.url(document, { state, ...(redirectUri !== undefined && { redirectUri }) }, [
    ...vendor.hosts,
    ...runtime.allowedHosts,
  ])
  // What the vendor's file put there is what the exchange has to repeat (RFC 6749 section 4.1.3).
  const used = url.searchParams.get('redirect_uri') ?? redirectUri ?? ''
  return { url, state, redirectUri: used, expiresAt: secondsAfter(runtime.now(), CONSENT_SECONDS) }
}

const consentFor = (asked: Connection, { state, redirectUri, expiresAt }: Beginning): Consent => ({
  stateHash: sha256(state),
  key: keyOf(asked),
  redirectUri,
  expiresAt,
})

/** By hand: URLSearchParams would write the rest of the query anew, with `+` for every space. */
function withoutState({ origin, pathname, search }: URL): string {
  const rest = search.slice(1).split('&')
  return `${origin}${pathname}?${rest.filter((pair) => !pair.startsWith('state=')).join('&')}`
}

/** What the vendor sent the person's browser back with. An error counts even when there is a code beside it. */
export interface Returned {
  readonly state: string
  readonly code?: Secret | undefined
  readonly error?: string | undefined
}

/** Ends a consent: the code is exchanged once, and its tokens replace those of the grant before. */
export async function finishConsent(
  asked: Connection,
  { state, code, error }: Returned,
  runtime: Runtime,
): Promise<Issued> {
  const authorization = authorizationOf(asked)
  const { vendor } = asked
  const taken = { stateHash: sha256(state), key: keyOf(asked), now: runtime.now() }
  const consent = await runtime.store.takeConsent(vendor.id, taken)
  if (!consent) {
    throw new VendingError(
      'authorization_invalid',
      `no consent for ${keyOf(asked)} is waiting for this state; begin again`,
    )
  }
  if (error !== undefined)
    throw new VendingError('authorization_denied', `the vendor came back without consent for ${keyOf(asked)}`)
  if (!code) throw new VendingError('bad_request', 'a code or an error is needed beside the state')
  return exchange(asked, authorization, { code, consent }, runtime)
}

/**
 * Ends a hosted consent. What the callback says is not taken on trust: the consent must have been taken by the browser
 * that began it, a moment ago, and not been exchanged.
 */
export async function finishHostedConsent(
  asked: Connection,
  { stateHash, code }: { readonly stateHash: string; readonly code: Secret },
  runtime: Runtime,
): Promise<Issued> {
  const authorization = authorizationOf(asked)
  const marked = { stateHash, key: keyOf(asked), now: runtime.now() }
  const consent = await runtime.store.markExchanged(asked.vendor.id, marked)
  if (!consent) {
    throw new VendingError('authorization_invalid', `no consent for ${keyOf(asked)} has just come back; begin again`)
  }
  return exchange(asked, authorization, { code, consent }, runtime)
}

interface Exchange {
  readonly code: Secret
  readonly consent: Consent
}

async function exchange(
  asked: Connection,
  authorization: Authorization,
  { code, consent }: Exchange,
  runtime: Runtime,
): Promise<Issued> {
  const { vendor, connection } = asked
  const key = keyOf(asked)
  const credentials = await runtime.credentials.read(vendor.id, connection, 0)
  const { state } = await runtime.store.read(key)
  if (state.status === 'disabled') throw new VendingError('connection_disabled', `${key} is disabled`)
  const startedAt = runtime.now()
  const until = secondsAfter(startedAt, LEASE_SECONDS)
  // The lease, and with it the key to seal with, comes first: a grant that cannot be stored must not be asked for.
  const lease = await runtime.store.acquire(key, state, { now: startedAt, until })
  if (!lease) throw new VendingError('busy', `another caller is renewing ${key}`, { retryAfterSeconds: 2 })
  let issued: Issued
  try {
    const grant = { code, redirectUri: consent.redirectUri }
    issued = await authorization.exchange(credentials.document, grant, contextFor(vendor, runtime, EXCHANGE_SECONDS))
  } catch (error) {
    await runtime.store.release(lease)
    throw error
  }
  const { refreshToken } = issued
  const token = tokenUnder(lease, { vendor, issued, credentials })
  const committed = await runtime.store.commit(lease, {
    ...(refreshToken && { refreshToken }),
    newGrant: true,
    credentialVersion: credentials.version,
    usualSeconds: state.usualSeconds ?? secondsBetween(startedAt, runtime.now()),
    now: runtime.now(),
    dueAt: dueAt(token),
  })
  if (committed !== 'committed') throw new VendingError('busy', `${key} was revoked or renewed meanwhile; begin again`)
  await keep(lease, token, runtime)
  runtime.memory.copies.delete(key)
  const { version, document } = credentials
  await tellWorks(asked, state, { version, endsAt: statedEnd(document) }, runtime)
  return issued
}

function authorizationOf({ vendor }: Connection): Authorization {
  if (vendor.authorization) return vendor.authorization
  throw new VendingError('bad_request', `${vendor.title} needs nobody's consent`)
}
