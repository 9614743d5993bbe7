import { randomBytes } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { clientConfig } from '../aws/client-config.ts'
import { dynamoConsents } from '../aws/dynamo-consents.ts'
import { type Invoke, lambdaInvoke } from '../aws/invoke.ts'
import { followTable } from '../aws/table-clock.ts'
import { sha256 } from '../consent/hash.ts'
import type { Consent, ConsentStore } from '../consent/store.ts'
import { ENV } from '../environment.ts'
import { nameIn } from '../kit/connection.ts'
import { Secret } from '../kit/secret.ts'
import { tableClock } from '../kit/time.ts'
import { CONNECTED, NOT_CONNECTED, STYLE_HASH } from './callback-page.ts'
import { logger } from './log.ts'

/** All that the callback has of the world: consents under way, and one function for each vendor that exchanges codes. */
export interface CallbackWorld {
  readonly consents: Pick<ConsentStore, 'bindConsent' | 'takeConsent'>
  /** Name of the function by vendor id. */
  readonly exchangeFunctions: ReadonlyMap<string, string>
  readonly invoke: Invoke
  readonly now: () => Date
  /** Writes a line to the log. One with a cause is a fault. */
  readonly record: (line: CallbackLine) => void
}

/** What became of a consent, or what went wrong. Strangers leave no line: there may be many of them. */
export type CallbackLine =
  | { readonly op: 'callback'; readonly connection: string; readonly outcome: string }
  | { readonly error: string; readonly cause: string }

/** What of an event the callback looks at. */
export type CallbackEvent = Pick<
  APIGatewayProxyEvent,
  'httpMethod' | 'resource' | 'pathParameters' | 'headers' | 'multiValueHeaders' | 'multiValueQueryStringParameters'
>

const COOKIE = '__Host-vendomat'
const COOKIE_SECONDS = 600
const QUERY_LENGTH = 4096
/** 32 random bytes, base64url. */
const RANDOM = /^[\w-]{43}$/
/** RFC 6749 appendix A.11, without the space; longer than any code we know of. */
const CODE = /^[\x21-\x7e]{1,2048}$/
/** RFC 6749 appendix A.7. */
const ERROR = /^[\x20-\x7e]{1,200}$/

const HEADERS = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'referrer-policy': 'no-referrer',
  'content-security-policy': `default-src 'none'; style-src ${STYLE_HASH}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-opener-policy': 'same-origin',
}

/** The entry of the public function. */
export function callbackHandler() {
  const { [ENV.table]: table, [ENV.exchangeFunctions]: functions, AWS_REGION: region } = process.env
  if (!table || !functions || !region) throw new Error(`the environment lacks ${ENV.table} or ${ENV.exchangeFunctions}`)
  const client = new DynamoDBClient(clientConfig({ attempts: 3, seconds: 2 }))
  const localNow = () => new Date()
  const clock = tableClock(localNow)
  followTable(client, clock, localNow)
  const world: CallbackWorld = {
    consents: dynamoConsents({ client, table }),
    exchangeFunctions: new Map(Object.entries<string>(JSON.parse(functions))),
    invoke: lambdaInvoke(region),
    now: clock.now,
    record: (line) => ('cause' in line ? logger.error('', { ...line }) : logger.info('', { ...line })),
  }
  return (event: CallbackEvent): Promise<APIGatewayProxyResult> => answerCallback(event, world)
}

/** Answers one call from the internet. Never throws, and says to everybody it refuses the same. */
export async function answerCallback(event: CallbackEvent, world: CallbackWorld): Promise<APIGatewayProxyResult> {
  try {
    switch (`${event.httpMethod} ${event.resource}`) {
      case 'GET /oauth/{vendor}/begin':
        return await begin(event, world)
      case 'GET /oauth/{vendor}/callback':
        return await comeBack(event, world)
      case 'GET /oauth/done':
        return done(event)
      default:
        return seeOther(NO)
    }
  } catch (error) {
    world.record({ error: 'the hosted callback failed', cause: nameOf(error) })
    return seeOther(NO)
  }
}

/** Relative, as the stage is part of the path; from /oauth/<vendor>/begin and from /oauth/<vendor>/callback alike. */
const OK = '../done?r=ok'
const NO = '../done?r=no'

const seeOther = (location: string, cookie?: string): APIGatewayProxyResult => ({
  statusCode: 303,
  headers: { ...HEADERS, location, ...(cookie !== undefined && { 'set-cookie': cookie }) },
  body: '',
})

const cookieOf = (value: string, seconds: number): string =>
  `${COOKIE}=${value}; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=${seconds}`

/** Ties the consent to this browser and sends it to the vendor, at the address that was stored and at no other. */
async function begin(event: CallbackEvent, { consents, exchangeFunctions, now }: CallbackWorld) {
  const vendorId = event.pathParameters?.vendor ?? ''
  const state = only(event, 't')
  if (!exchangeFunctions.has(vendorId) || !state || !RANDOM.test(state) || isOdd(event)) return seeOther(NO)
  const cookie = randomBytes(32).toString('base64url')
  const consent = await consents.bindConsent(vendorId, {
    stateHash: sha256(state),
    bind: sha256(cookie),
    now: now(),
  })
  if (!consent?.authorizationUrl) return seeOther(NO)
  return seeOther(`${consent.authorizationUrl}&state=${state}`, cookieOf(cookie, COOKIE_SECONDS))
}

/**
 * Takes the consent, once, if this is the browser that began it; then its code goes to the exchange. Until it is taken
 * nothing is said or changed that a stranger could make use of: not even the cookie, or a prefetch would end the consent.
 */
async function comeBack(event: CallbackEvent, world: CallbackWorld) {
  const vendorId = event.pathParameters?.vendor ?? ''
  const exchange = world.exchangeFunctions.get(vendorId)
  const returned = returnedWith(event)
  if (!exchange || !returned) return seeOther(NO)
  const stateHash = sha256(returned.state)
  const taken = { stateHash, bind: sha256(returned.cookie), now: world.now() }
  const consent = await world.consents.takeConsent(vendorId, taken)
  if (!consent) return seeOther(NO)
  const { code } = returned
  const outcome = code ? await exchanged(exchange, { consent, code }, world) : 'authorization_denied'
  world.record({ op: 'callback', connection: consent.key, outcome })
  return seeOther(outcome === 'connected' ? OK : NO, cookieOf('', 0))
}

interface Taken {
  readonly consent: Consent
  readonly code: Secret
}

/** The code goes nowhere else, and is sent once. */
async function exchanged(
  functionName: string,
  { consent, code }: Taken,
  { invoke, record }: CallbackWorld,
): Promise<string> {
  const { key, stateHash } = consent
  const connection = nameIn(key)
  try {
    const answer = await invoke(functionName, { connection, code: code.reveal(), stateHash })
    const outcome = typeof answer === 'object' && answer !== null && 'outcome' in answer ? answer.outcome : undefined
    return typeof outcome === 'string' ? outcome : 'internal'
  } catch (error) {
    record({ error: 'the exchange did not answer', cause: nameOf(error) })
    return 'internal'
  }
}

interface Returned {
  readonly state: string
  readonly cookie: string
  /** Without one the person said no. */
  readonly code: Secret | undefined
}

/** What the browser came back with, if it has the right shape; all that can be said without asking the table. */
function returnedWith(event: CallbackEvent): Returned | undefined {
  const state = only(event, 'state')
  const cookie = cookieIn(event)
  if (isOdd(event) || !state || !RANDOM.test(state) || !cookie) return undefined
  const [codes, errors] = [valuesOf(event, 'code'), valuesOf(event, 'error')]
  const [one = '', ...more] = [...codes, ...errors]
  if (more.length > 0 || !(codes.length > 0 ? CODE : ERROR).test(one)) return undefined
  return { state, cookie, code: codes.length > 0 ? new Secret(one) : undefined }
}

/** A page that a browser fetches ahead was not asked for by a person, and a query this long not by a vendor. */
function isOdd(event: CallbackEvent): boolean {
  const query = Object.entries(event.multiValueQueryStringParameters ?? {}).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  if (new URLSearchParams(query).toString().length > QUERY_LENGTH) return true
  return ['sec-purpose', 'purpose', 'x-moz'].some((name) => headerOf(event, name).includes('prefetch'))
}

function cookieIn(event: CallbackEvent): string | undefined {
  const pairs = headerOf(event, 'cookie')
    .split(';')
    .map((pair) => pair.trim())
  const [own = '', ...more] = pairs.filter((pair) => pair.startsWith(`${COOKIE}=`))
  const value = own.slice(COOKIE.length + 1)
  return more.length === 0 && RANDOM.test(value) ? value : undefined
}

/** The page at the end. It chooses between two constants, and shows nothing of the request. */
function done(event: CallbackEvent): APIGatewayProxyResult {
  const body = only(event, 'r') === 'ok' ? CONNECTED : NOT_CONNECTED
  return { statusCode: 200, headers: { ...HEADERS, 'content-type': 'text/html; charset=utf-8' }, body }
}

const valuesOf = ({ multiValueQueryStringParameters }: CallbackEvent, name: string): readonly string[] =>
  multiValueQueryStringParameters?.[name] ?? []

function only(event: CallbackEvent, name: string): string | undefined {
  const [value, ...more] = valuesOf(event, name)
  return more.length === 0 ? value : undefined
}

/** Every value of a header, whatever way its name was written. */
const headerOf = ({ multiValueHeaders }: CallbackEvent, name: string): string =>
  Object.entries(multiValueHeaders ?? {})
    .filter(([given]) => given.toLowerCase() === name)
    .flatMap(([, values = []]) => values)
    .join('; ')

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
