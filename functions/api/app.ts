import type * as z from 'zod/mini'
import type { ConsentRuntime } from '../consent/consent.ts'
import type { Granted } from '../consent/replace-grant.ts'
import type { Vended, VendRequest } from '../core/request.ts'
import { vend } from '../core/vend.ts'
import type { CheckRuntime } from '../keeper/check.ts'
import type { KeeperRuntime } from '../keeper/sweep.ts'
import { type Connection, keyOf, NAME } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'
import { once } from '../kit/once.ts'
import { DAY_SECONDS, earlier, isNever, rfc3339, secondsAfter, secondsBetween } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'
import { audited, REQUESTED, type Recorder, type VendingEvent } from './audit.ts'
import type { AuthorizationBody } from './bodies.ts'
import { type ApiAnswer, json, problem } from './problem.ts'
import { type Operation, ROUTES } from './routes.ts'

/**
 * A call that the gateway has authenticated. Plain values and not the platform's Request and Response: their first
 * touch costs a cold process more than all the rest of a vend.
 */
export interface ApiRequest {
  readonly operation: Operation
  readonly requestId: string
  /** ARN of who signed the call, as the gateway verified it. */
  readonly caller: string
  /** As the path spells it. Left out by `list` and `describe`. */
  readonly connection?: string | undefined
  readonly query: Readonly<Record<string, readonly string[]>>
  readonly body?: string | undefined
}

/** What the operations run on. */
export interface ApiRuntime extends ConsentRuntime, CheckRuntime, KeeperRuntime {
  /** What the names of the secrets begin with: `vendomat`. */
  readonly secretPrefix: string
}

/** Loaded by the first call that is no vend. */
export const besideVending = once(() => import('./beside-vending.ts'))

const SECONDS = /^[0-9]{1,10}$/
const BODY_LENGTH = 16 * 1024

/** What an operation came to: the answer, and what the audit line says of it. */
interface Done {
  readonly answer: ApiAnswer
  readonly record: Pick<VendingEvent, 'outcome'> & Partial<Pick<VendingEvent, 'fingerprint' | 'expires_in' | 'version'>>
}

/**
 * Answers one call. Never throws; every failure is a problem (RFC 9457). Every call leaves an audit line before its answer,
 * and one that is no GET a line before it begins: without it nothing is changed, and no token leaves.
 */
export async function answer(
  vendor: Vendor,
  request: ApiRequest,
  machine: ApiRuntime,
  record: Recorder,
): Promise<ApiAnswer> {
  const runtime = audited(machine, { request_id: request.requestId, caller: request.caller }, record)
  const startedAt = runtime.now()
  const { operation, connection = '*' } = request
  const named = request.connection === undefined ? ofVendor(operation) : NAME.test(connection)
  const event = {
    op: operation,
    request_id: request.requestId,
    caller: request.caller,
    connection: `${vendor.id}#${named ? connection : '?'}`,
  }
  const ms = () => Math.round(secondsBetween(startedAt, runtime.now()) * 1000)
  try {
    if (!named)
      throw badRequest('a connection is named with a-z, 0-9 and "-", at most 63 of them, and the path spells it out')
    if (ROUTES[operation].method !== 'GET') record({ ...event, ...REQUESTED })
    const done = await run(vendor, request, runtime)
    record({ ...event, ...done.record, ms: ms() })
    return done.answer
  } catch (error) {
    const code = error instanceof VendingError ? error.code : 'internal'
    return problem(recorded(() => record({ ...event, outcome: code, ms: ms() }, error)) ?? error, {
      requestId: request.requestId,
      secretName: `${runtime.secretPrefix}/${vendor.id}/${named ? connection : ''}`,
    })
  }
}

/** What keeps a refusal from being recorded, if anything does. It is the answer then: one more line may help to find it. */
function recorded(record: () => void): unknown {
  try {
    record()
    return undefined
  } catch (error) {
    return error
  }
}

/** Whether it is about all of a vendor, and names no connection. */
const ofVendor = (operation: Operation): boolean => ROUTES[operation].path.endsWith('/{vendor}')

async function run(vendor: Vendor, request: ApiRequest, runtime: ApiRuntime): Promise<Done> {
  const { operation, connection: name = '' } = request
  const connection: Connection = { vendor, name }
  refuseUnknownQuery(request)
  if (operation === 'vend') return vended({ connection, minTtlSeconds: minTtlOf(request) }, runtime)
  // What a person does here is heard at once, at least in this process.
  runtime.memory.holds.delete(keyOf(connection))
  const beside = await besideVending()
  switch (operation) {
    case 'refresh': {
      const { rejected } = read(request, beside.REFRESH)
      return vended({ connection, minTtlSeconds: 0, rejected }, runtime)
    }
    case 'revoke': {
      const revocation = await beside.revoke(connection, runtime)
      const { next_action } = await beside.show(connection, runtime)
      const body = { vendor: vendor.id, connection: name, revoked: true, vendor_revocation: revocation, next_action }
      return { answer: json(body), record: { outcome: revocation } }
    }
    case 'describe':
      return done(beside.describe(vendor))
    case 'list':
      return done(await beside.list(vendor, nextOf(request), runtime))
    case 'show':
      return done(await beside.show(connection, runtime))
    case 'setOwner':
      return done(await beside.setOwner(connection, read(request, beside.OWNER).owner, runtime))
    case 'setStatus': {
      const { status } = read(request, beside.STATUS)
      return done(await beside.setStatus(connection, status, runtime), { outcome: status })
    }
    case 'setKeepWarm':
      return done(await beside.setKeepWarm(connection, read(request, beside.KEEP_WARM).keep_warm, runtime))
    case 'acknowledge': {
      const given = { ...read(request, beside.ACKNOWLEDGEMENT), by: request.caller }
      return done(await beside.takeAcknowledgement(connection, given, runtime))
    }
    case 'check':
      return done(await beside.checkNow(connection, runtime))
    case 'tryVersion': {
      const trial = read(request, beside.TRIAL)
      return done(await beside.tryVersion(connection, trial, runtime), { version: trial.version })
    }
    case 'remove':
      await beside.remove(connection, runtime)
      return done({ vendor: vendor.id, connection: name, removed: true })
    case 'authorize':
      return authorize(connection, { ...read(request, beside.AUTHORIZATION), by: request.caller }, runtime)
  }
}

async function authorize(
  connection: Connection,
  { by: begunBy, ...body }: AuthorizationBody & { readonly by: string },
  runtime: ConsentRuntime,
): Promise<Done> {
  const { beginConsent, beginHostedConsent, CONSENT_SECONDS, finishConsent, importGrant } = await besideVending()
  if ('hosted' in body) {
    const { beginUrl, redirectUri } = await beginHostedConsent(connection, begunBy, runtime)
    const begun = { begin_url: beginUrl, redirect_uri: redirectUri, expires_in: CONSENT_SECONDS }
    return { answer: json(begun), record: { outcome: 'begun' } }
  }
  if ('refresh_token' in body)
    return connected(
      connection,
      await importGrant(connection, { refreshToken: body.refresh_token }, runtime),
      'imported',
    )
  if ('access_token' in body) {
    const { access_token: accessToken, expires_in: expiresIn } = body
    return connected(connection, await importGrant(connection, { accessToken, expiresIn }, runtime), 'imported')
  }
  if (!('state' in body)) {
    const { authorizationUrl, state, redirectUri } = await beginConsent(
      connection,
      { redirectUri: body.redirect_uri, begunBy },
      runtime,
    )
    const begun = { authorization_url: authorizationUrl, state, redirect_uri: redirectUri, expires_in: CONSENT_SECONDS }
    return { answer: json(begun), record: { outcome: 'begun' } }
  }
  return connected(connection, await finishConsent(connection, body, runtime), 'connected')
}

function connected({ vendor, name }: Connection, { token, warnings }: Granted, outcome: string): Done {
  const { value, expiresAt } = token.accessToken
  const body = { vendor: vendor.id, connection: name, state: 'connected', ...endOf(expiresAt), warnings }
  return { answer: json(body), record: { outcome, fingerprint: value.fingerprint } }
}

const done = (body: object, more: Partial<Done['record']> = {}): Done => ({
  answer: json(body),
  record: { outcome: 'done', ...more },
})

async function vended(request: VendRequest, runtime: ConsentRuntime): Promise<Done> {
  const got = await vend(request, runtime)
  const { value, expiresAt } = got.token.accessToken
  const expires_in = wholeSeconds(runtime.now(), expiresAt)
  const end = isNever(expiresAt) ? {} : { expires_in }
  return {
    answer: json(tokenBody(request, got, runtime.now())),
    record: { outcome: got.source, fingerprint: value.fingerprint, ...end },
  }
}

/**
 * A client that keeps its token until `refresh_after` hears of a rotation, a revoke or a disabled connection within a day,
 * however long the token lives.
 */
function tokenBody(
  { connection: { vendor, name } }: VendRequest,
  { token, source, warnings }: Vended,
  now: Date,
): object {
  const { value, expiresAt, scope, context } = token.accessToken
  return {
    access_token: value.reveal(),
    token_type: 'Bearer',
    ...(!isNever(expiresAt) && { expires_in: wholeSeconds(now, expiresAt) }),
    ...(scope !== undefined && { scope }),
    ...endOf(expiresAt),
    refresh_after: rfc3339(earlier(token.refreshAt, secondsAfter(now, DAY_SECONDS))),
    vendor: vendor.id,
    connection: name,
    fingerprint: value.fingerprint,
    source,
    context,
    warnings,
  }
}

function refuseUnknownQuery({ operation, query }: ApiRequest): void {
  const known: readonly string[] = ROUTES[operation].query
  if (Object.keys(query).every((name) => known.includes(name))) return
  throw badRequest(known.length > 0 ? `the only query parameter is ${known.join()}` : 'there are no query parameters')
}

function minTtlOf({ query }: ApiRequest): number {
  const [minTtl = '0', ...more] = query.min_ttl ?? []
  if (more.length > 0 || !SECONDS.test(minTtl)) throw badRequest('min_ttl is one whole number of seconds')
  return Number(minTtl)
}

function nextOf({ query }: ApiRequest): string | undefined {
  const [next, ...more] = query.next ?? []
  if (more.length > 0) throw badRequest('next is given once')
  return next
}

/** The body, by its schema. What was wrong is not said in detail: a value may be a code. */
function read<T>({ operation, body = '' }: ApiRequest, schema: z.ZodMiniType<T>): T {
  const parsed = schema.safeParse(body.length > BODY_LENGTH ? undefined : parseJson(body))
  if (parsed.success) return parsed.data
  throw badRequest(`the body does not fit ${ROUTES[operation].method} ${ROUTES[operation].path}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const badRequest = (message: string): VendingError => new VendingError('bad_request', message)

const endOf = (expiresAt: Date): object => (isNever(expiresAt) ? {} : { expires_at: rfc3339(expiresAt) })

const wholeSeconds = (from: Date, to: Date): number => Math.floor(secondsBetween(from, to))
