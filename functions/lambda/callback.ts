import { randomBytes } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { clientConfig } from '../aws/client-config.ts'
import { dynamoPublicConsents } from '../aws/dynamo-consents.ts'
import { type Invoke, lambdaInvoke } from '../aws/invoke.ts'
import { followTable } from '../aws/table-clock.ts'
import { sha256 } from '../consent/hash.ts'
import type { PublicConsent, PublicConsents } from '../consent/store.ts'
import { ENV } from '../environment.ts'
import { nameIn } from '../kit/connection.ts'
import { VendingError } from '../kit/errors.ts'
import { Secret } from '../kit/secret.ts'
import { tableClock } from '../kit/time.ts'
import { endPage, HEADERS } from './callback-page.ts'
import { logger } from './log.ts'

/** All that the callback has of the world: consents under way, and one function for each vendor that exchanges codes. */
export interface CallbackWorld {
  readonly consents: PublicConsents
  /** Name of the function by vendor id. */
  readonly exchangeFunctions: ReadonlyMap<string, string>
  readonly invoke: Invoke
  readonly now: () => Date
  /** Writes a line to the log. One with a cause is a fault. */
  readonly record: (line: CallbackLine) => void
}

/** How a call ended. Nothing in it comes from the request but the name of a vendor that there is. */
export interface CallbackLine extends Ended {
  readonly op: 'callback'
  /** The person who was sent away has it on the page. */
  readonly support_id: string
}

interface Ended {
  /** 'connected', why the call was refused, or the code of the failure of the exchange. */
  readonly outcome: string
  /** `netrex#?` as long as nobody knows which. */
  readonly connection?: string
  /** Name of the error, where something broke. */
  readonly cause?: string
}

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
/** RFC 9207 section 2: an https URL without query or fragment. */
const ISSUER = /^https:\/\/[\x21-\x7e]{1,200}$/
/** Our own words for how an exchange ended. */
const OUTCOME = /^[a-z_]{1,40}$/

/** The entry of the public function. */
export function callbackHandler() {
  const { [ENV.table]: table, [ENV.exchangeFunctions]: functions, AWS_REGION: region } = process.env
  if (!table || !functions || !region) throw new Error(`the environment lacks ${ENV.table} or ${ENV.exchangeFunctions}`)
  const client = new DynamoDBClient(clientConfig({ attempts: 3, seconds: 2 }))
  const localNow = () => new Date()
  const clock = tableClock(localNow)
  followTable(client, clock, localNow)
  const world: CallbackWorld = {
    consents: dynamoPublicConsents({ client, table }),
    exchangeFunctions: new Map(Object.entries<string>(JSON.parse(functions))),
    invoke: lambdaInvoke({ region, endpoint: process.env.AWS_ENDPOINT_URL_LAMBDA ?? process.env.AWS_ENDPOINT_URL }),
    now: clock.now,
    record: (line) => ('cause' in line ? logger.error('', { ...line }) : logger.info('', { ...line })),
  }
  return (event: CallbackEvent): Promise<APIGatewayProxyResult> => answerCallback(event, world)
}

/** Answers one call from the internet. Never throws, and says to everybody it refuses the same: the log says why. */
export async function answerCallback(event: CallbackEvent, world: CallbackWorld): Promise<APIGatewayProxyResult> {
  const support_id = randomBytes(6).toString('hex')
  try {
    const answered = await route(event, world)
    if ('statusCode' in answered) return answered
    const { cookie, ...ended } = answered
    world.record({ op: 'callback', support_id, ...ended })
    return seeOther(endOf(ended.outcome === 'connected' ? 'ok' : 'no', support_id), cookie)
  } catch (error) {
    const outcome = error instanceof VendingError ? error.code : 'internal'
    world.record({ op: 'callback', support_id, outcome, cause: nameOf(error) })
    return seeOther(endOf('no', support_id))
  }
}

type Answered = APIGatewayProxyResult | (Ended & { readonly cookie?: string })

async function route(event: CallbackEvent, world: CallbackWorld): Promise<Answered> {
  switch (`${event.httpMethod} ${event.resource}`) {
    case 'GET /oauth/{vendor}/begin':
      return begin(event, world)
    case 'GET /oauth/{vendor}/callback':
      return comeBack(event, world)
    case 'GET /oauth/done':
      return done(event)
    default:
      return { outcome: 'no_such_route' }
  }
}

/** Relative, as the stage is part of the path; from /oauth/<vendor>/begin and from /oauth/<vendor>/callback alike. */
const endOf = (end: 'ok' | 'no', supportId: string): string => `../done?r=${end}&id=${supportId}`

/** RFC 9700 section 4.12: never 307, with which a browser sends a body on. */
const seeOther = (location: string, cookie?: string): APIGatewayProxyResult => ({
  statusCode: 303,
  headers: { ...HEADERS, location, ...(cookie !== undefined && { 'set-cookie': cookie }) },
  body: '',
})

const cookieOf = (value: string, seconds: number): string =>
  `${COOKIE}=${value}; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=${seconds}`

/** Ties the consent to this browser and sends it to the vendor, at the address that was stored and at no other. */
async function begin(event: CallbackEvent, { consents, exchangeFunctions, now }: CallbackWorld): Promise<Answered> {
  const vendorId = event.pathParameters?.vendor ?? ''
  if (!exchangeFunctions.has(vendorId)) return { outcome: 'no_such_vendor' }
  const connection = `${vendorId}#?`
  const odd = oddityOf(event)
  if (odd) return { outcome: odd, connection }
  const state = only(event, 't')
  if (!state || !RANDOM.test(state)) return { outcome: 'ticket_malformed', connection }
  const cookie = randomBytes(32).toString('base64url')
  const consent = await consents.bindConsent(vendorId, {
    stateHash: sha256(state),
    bind: sha256(cookie),
    now: now(),
  })
  if (!consent) return { outcome: 'ticket_not_valid', connection }
  return seeOther(`${consent.authorizationUrl}&state=${state}`, cookieOf(cookie, COOKIE_SECONDS))
}

/**
 * Takes the consent, once, if this is the browser that began it; then its code goes to the exchange. Until it is taken
 * nothing is said or changed that a stranger could make use of: not even the cookie, or a prefetch would end the consent.
 */
async function comeBack(event: CallbackEvent, world: CallbackWorld): Promise<Answered> {
  const vendorId = event.pathParameters?.vendor ?? ''
  const exchange = world.exchangeFunctions.get(vendorId)
  if (!exchange) return { outcome: 'no_such_vendor' }
  const connection = `${vendorId}#?`
  const returned = returnedWith(event)
  if (typeof returned === 'string') return { outcome: returned, connection }
  const { code, iss } = returned
  const taken = { stateHash: sha256(returned.state), bind: sha256(returned.cookie), now: world.now() }
  const consent = await world.consents.takeConsent(vendorId, taken)
  if (!consent) return { outcome: 'state_not_valid', connection }
  const ended = code ? await exchanged(exchange, { consent, code, iss }, world) : { outcome: 'authorization_denied' }
  return { connection: consent.key, ...ended, cookie: cookieOf('', 0) }
}

interface Taken {
  readonly consent: PublicConsent
  readonly code: Secret
  readonly iss: string | undefined
}

/** The code goes nowhere else, and is sent once. */
async function exchanged(
  functionName: string,
  { consent, code, iss }: Taken,
  { invoke }: CallbackWorld,
): Promise<Ended> {
  const { key, stateHash } = consent
  const connection = nameIn(key)
  try {
    const event = { connection, code: code.reveal(), stateHash, ...(iss !== undefined && { iss }) }
    const answer = await invoke(functionName, event)
    const outcome = typeof answer === 'object' && answer !== null && 'outcome' in answer ? answer.outcome : undefined
    return { outcome: typeof outcome === 'string' && OUTCOME.test(outcome) ? outcome : 'internal' }
  } catch (error) {
    return { outcome: 'exchange_without_answer', cause: nameOf(error) }
  }
}

interface Returned {
  readonly state: string
  readonly cookie: string
  /** Without one the person said no. */
  readonly code: Secret | undefined
  /** Who says that they sent the person back (RFC 9207). Whether it is the right one the exchange can tell. */
  readonly iss: string | undefined
}

/** What the browser came back with, or what is wrong with its shape: all that can be said without asking the table. */
function returnedWith(event: CallbackEvent): Returned | string {
  const odd = oddityOf(event)
  if (odd) return odd
  const state = only(event, 'state')
  if (!state || !RANDOM.test(state)) return 'state_malformed'
  const cookie = cookieIn(event)
  if (!cookie) return 'cookie_malformed'
  const [codes, errors] = [valuesOf(event, 'code'), valuesOf(event, 'error')]
  const [one = '', ...more] = [...codes, ...errors]
  if (more.length > 0 || !(codes.length > 0 ? CODE : ERROR).test(one)) return 'code_malformed'
  const [iss, ...others] = valuesOf(event, 'iss')
  if (iss !== undefined && (others.length > 0 || !ISSUER.test(iss))) return 'issuer_malformed'
  return { state, cookie, code: codes.length > 0 ? new Secret(one) : undefined, iss }
}

/** A page that a browser fetches ahead was not asked for by a person, and a query this long not by a vendor. */
function oddityOf(event: CallbackEvent): string | undefined {
  const query = Object.entries(event.multiValueQueryStringParameters ?? {}).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  if (new URLSearchParams(query).toString().length > QUERY_LENGTH) return 'query_too_long'
  const isAhead = ['sec-purpose', 'purpose', 'x-moz'].some((name) => headerOf(event, name).includes('prefetch'))
  return isAhead ? 'prefetch' : undefined
}

function cookieIn(event: CallbackEvent): string | undefined {
  const pairs = headerOf(event, 'cookie')
    .split(';')
    .map((pair) => pair.trim())
  const [own = '', ...more] = pairs.filter((pair) => pair.startsWith(`${COOKIE}=`))
  const value = own.slice(COOKIE.length + 1)
  return more.length === 0 && RANDOM.test(value) ? value : undefined
}

/** The page at the end. Of the request it shows no more than a support id. */
function done(event: CallbackEvent): APIGatewayProxyResult {
  const body = endPage(only(event, 'r') === 'ok' ? 'ok' : 'no', only(event, 'id'))
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
