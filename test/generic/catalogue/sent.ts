import { createPublicKey, verify } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { VendingError } from '../../../functions/kit/errors.ts'
import { Secret } from '../../../functions/kit/secret.ts'
import { secondsAfter, secondsBetween } from '../../../functions/kit/time.ts'
import type { Context, Issued, Vendor } from '../../../functions/kit/vendor.ts'
import { contextFor, failureOf, json, NOW, type Seen, text, vendorAnswering } from '../../support/fake-vendor.ts'
import { PUBLIC_KEY } from './key.ts'
import {
  type Answer,
  type CatalogueSample,
  CODE,
  CODE_CHALLENGE,
  CODE_VERIFIER,
  type Exchange,
  REDIRECT_URI,
  REFRESH_TOKEN,
  type Sent,
  type SentRequest,
  STATE,
} from './sample.ts'

/** Where a vendor does not do what its documents show, in words; a difference of members as JSON of both. */
export async function differences(vendor: Vendor, sample: CatalogueSample): Promise<string[]> {
  return [
    ...(await obtained(vendor, sample)),
    ...(await consented(vendor, sample)),
    ...(await refused(vendor, sample)),
    ...(await revoked(vendor, sample)),
    ...lacking(vendor, sample),
  ]
}

type Call = (context: Context) => Promise<Issued>

/** The call that `obtains` and `refusals` speak of. */
const obtaining =
  (vendor: Vendor, { credentials, consent }: CatalogueSample): Call =>
  (context) =>
    vendor.issue(credentials, consent && new Secret(REFRESH_TOKEN), context)

const obtained = (vendor: Vendor, sample: CatalogueSample) =>
  exchanged('obtains', { vendor, exchange: sample.obtains, call: obtaining(vendor, sample) })

async function consented(vendor: Vendor, { credentials, consent }: CatalogueSample): Promise<string[]> {
  const { authorization } = vendor
  if (!consent || !authorization) return consent || authorization ? ['consent: only one of them has it'] : []
  const context = contextFor(vendorAnswering(), vendor)
  const challenge = authorization.pkce ? { codeChallenge: CODE_CHALLENGE } : {}
  const asked = { redirectUri: REDIRECT_URI, state: STATE, ...challenge }
  const page = await authorization.url(credentials, asked, context)
  const bound = authorization.pkce ? { code_challenge: CODE_CHALLENGE, code_challenge_method: 'S256' } : {}
  const wanted = { ...consent.query, redirect_uri: REDIRECT_URI, response_type: 'code', state: STATE, ...bound }
  const returned = {
    code: new Secret(CODE),
    redirectUri: REDIRECT_URI,
    ...(authorization.pkce && { codeVerifier: new Secret(CODE_VERIFIER) }),
  }
  return [
    ...unlike('page', `${page.origin}${page.pathname}`, consent.page),
    ...unlike('page query', sorted(Object.fromEntries(page.searchParams)), sorted(wanted)),
    ...(await exchanged('consent', {
      vendor,
      exchange: consent.exchange,
      call: (context) => authorization.exchange(credentials, returned, context),
    })),
  ]
}

async function refused(vendor: Vendor, sample: CatalogueSample): Promise<string[]> {
  const all = sample.refusals.map(async (refusal, at) => {
    // A refused assertion may be presented a second time, by the vendor's clock (RFC 7523 section 3.1).
    const fake = vendorAnswering(responseOf(refusal), responseOf(refusal))
    const error = await failureOf(obtaining(vendor, sample)(contextFor(fake, vendor)))
    return unlike(`refusal ${at + 1}`, error instanceof VendingError ? error.code : String(error), refusal.means)
  })
  return (await Promise.all(all)).flat()
}

async function revoked({ revocation, ...vendor }: Vendor, { credentials, revokes, obtains }: CatalogueSample) {
  if (!revokes || !revocation) return revokes || revocation ? ['revokes: only one of them has it'] : []
  const fake = vendorAnswering(new Response(null, { status: 200 }))
  await revocation.revoke(credentials, new Secret(obtains.issued.token), contextFor(fake, vendor))
  const [request] = fake.requests
  return (request ? sentFaults(request, revokes) : ['nothing was sent']).map((fault) => `revokes: ${fault}`)
}

/** What is taken although the vendor would refuse it. */
const lacking = (vendor: Vendor, { credentials, needs = [] }: CatalogueSample): string[] =>
  needs.filter((name) => fits(vendor, { ...credentials, [name]: undefined })).map((name) => `${name} may be left out`)

function fits(vendor: Vendor, credentials: unknown): boolean {
  try {
    vendor.validate(credentials)
    return true
  } catch {
    return false
  }
}

interface Exchanged {
  readonly vendor: Vendor
  readonly exchange: Exchange
  readonly call: Call
}

async function exchanged(what: string, { vendor, exchange, call }: Exchanged): Promise<string[]> {
  const fake = vendorAnswering(responseOf(exchange.answer))
  const issued = await call(contextFor(fake, vendor)).catch((error: unknown) => error)
  const [request] = fake.requests
  const sent = request ? sentFaults(request, exchange.request) : ['nothing was sent']
  if (issued instanceof Error) return [...sent, `${issued.message}`].map((fault) => `${what}: ${fault}`)
  // What is no error is what the promise was fulfilled with.
  return [...sent, ...outcomeFaults(issued as Issued, exchange)].map((fault) => `${what}: ${fault}`)
}

function outcomeFaults(issued: Issued, { issued: wanted }: Exchange): string[] {
  const { accessToken, refreshToken, grantEndsAt } = issued
  const seen = {
    token: accessToken.value.reveal(),
    lifeSeconds: secondsBetween(NOW, accessToken.expiresAt),
    scope: accessToken.scope,
    context: sorted(accessToken.context),
    refreshToken: refreshToken?.reveal(),
    grantEndsAt,
  }
  const { grantSeconds, context = {}, ...rest } = wanted
  const ends = grantSeconds === undefined ? undefined : secondsAfter(NOW, grantSeconds)
  const all = { scope: undefined, refreshToken: undefined, ...rest, context: sorted(context), grantEndsAt: ends }
  return unlike('issued', sorted(seen), sorted(all))
}

function sentFaults({ method, url, headers, body }: Seen, wanted: SentRequest): string[] {
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false
  const sent: Record<string, string> = isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body))
  const type = wanted.json ? 'application/json' : 'application/x-www-form-urlencoded'
  return [
    ...unlike('method', method, 'POST'),
    ...unlike('url', url, wanted.url),
    ...unlike('authorization', headers.get('authorization') ?? undefined, wanted.authorization),
    ...unlike('content type', headers.get('content-type')?.split(';')[0], type),
    ...memberFaults(sent, wanted.json ?? wanted.form ?? {}),
  ]
}

function memberFaults(sent: Readonly<Record<string, string>>, wanted: Readonly<Record<string, Sent>>): string[] {
  return [
    ...unlike('members', Object.keys(sent).toSorted(), Object.keys(wanted).toSorted()),
    ...Object.entries(wanted).flatMap(([name, value]) => {
      const seen = sent[name] ?? ''
      return typeof value === 'string'
        ? unlike(name, seen, value)
        : jwtFaults(seen, value).map((one) => `${name}: ${one}`)
    }),
  ]
}

function jwtFaults(jwt: string, { header, claims, seconds }: Exclude<Sent, string>): string[] {
  const [head = '', payload = '', signature = ''] = jwt.split('.')
  const read = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}')
  const { iat, nbf, exp, jti, ...said } = read(payload)
  const { typ, ...seen } = read(head)
  const life = Number(exp) - NOW.getTime() / 1000
  const signed = Buffer.from(`${head}.${payload}`)
  const isSigned = verify('RSA-SHA256', signed, createPublicKey(PUBLIC_KEY), Buffer.from(signature, 'base64url'))
  return [
    ...unlike('header', sorted(seen), sorted({ alg: 'RS256', ...header })),
    ...unlike('claims', sorted(said), sorted(claims)),
    ...(life > 0 && life <= seconds ? [] : [`lives ${life} s`]),
    ...(typ === undefined || typ === 'JWT' ? [] : ['is of another type than JWT']),
    ...(isSigned ? [] : ['is not signed with the key']),
    ...([iat, nbf].every((time) => time === undefined || Number(time) * 1000 <= NOW.getTime()) ? [] : ['begins later']),
    ...(jti === undefined || typeof jti === 'string' ? [] : ['has a jti that is no text']),
  ]
}

const responseOf = ({ status = 200, body }: Answer): Response =>
  typeof body === 'string' ? text(body, status) : json(body, status)

const unlike = (what: string, seen: unknown, wanted: unknown): string[] =>
  isDeepStrictEqual(seen, wanted) ? [] : [`${what} is ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`]

const sorted = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).toSorted(([one], [other]) => (one < other ? -1 : 1)))
