import * as fc from 'fast-check'
import { contextFor } from '../../functions/core/runtime.ts'
import { vend } from '../../functions/core/vend.ts'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { FAILURES, VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsBetween } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'
import { clearidKey } from '../support/clearid-key.ts'
import { KEY, zenith } from '../support/described-samples.ts'
import { allTextOf } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'
import { samples } from '../support/vendor-samples.ts'
import { world } from '../support/world.ts'
import { FUZZ_TIMEOUT_MS, fuzzRuns } from './fuzz-runs.ts'

/** Is in every text that the vendor makes up, and may be in nothing that people or logs see. */
const ECHO = 'Ech0Ech0'

const text = fc.oneof(
  fc.string({ maxLength: 20 }).map((some) => `${ECHO}${some}`),
  fc.string({ unit: 'binary', maxLength: 20 }).map((some) => `${some}${ECHO}`),
  fc.constantFrom('', ' ', ECHO, `${ECHO}\r\nx-evil: 1`, `${ECHO}\0`, ECHO.repeat(2049), `https://${ECHO}.example`),
)

/** JSON as it is written, which may say what no object of JavaScript can. */
const json: fc.Arbitrary<string> = fc.oneof(
  text.map((value) => JSON.stringify(value)),
  fc.constantFrom('null', 'true', 'false', '[]', '{}', '0', '-0', '-1', '3600', '1e999', '-1e999', '1e-400', '0.5'),
  fc.constantFrom('9007199254740993', '"3600"', '"3600s"', '"0x10"', '{"__proto__":null}', '[[[]]]'),
  fc.jsonValue().map((value) => JSON.stringify(typeof value === 'string' ? `${ECHO}${value}` : value)),
)

const tokenLike = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[!-~]{1,40}$/).map((some) => JSON.stringify(`${ECHO}${some}`)) },
  { weight: 1, arbitrary: json },
)
const oneOf = (...values: unknown[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...values.map((value) => JSON.stringify(value))) },
    { weight: 1, arbitrary: json },
  )

const ERRORS = ['invalid_client', 'invalid_grant', 'unauthorized_client', 'invalid_scope', 'invalid_request']
/** What any of the vendors documents, with what it may be; and what every object has without being given it. */
const MEMBERS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  access_token: tokenLike,
  accessToken: tokenLike,
  refresh_token: tokenLike,
  refreshToken: tokenLike,
  expires_in: oneOf(3600, '3600', 0, -1, 2 ** 53),
  expiresIn: oneOf(3600, '3600', 0, -1, 2 ** 53),
  token_type: oneOf('Bearer', 'bearer', 'mac'),
  scope: oneOf('read', 'read(all)'),
  error: oneOf(...ERRORS, 'server_error', 'too_many_requests', 'too_many_failed_logins', 'constructor', null),
  error_description: json,
  meta: oneOf({ status: 'ok' }, { status: 'invalid_client' }),
  accessiaApisUrl: oneOf('https://acme.accessia.com/apis', 'https://evil.example', 'http://acme.accessia.com'),
  domain: oneOf('acme'),
  instance: oneOf('https://eu.zenith.example', 'https:evil.example', '//evil.example', ' HTTPS:\\evil.example', 'eu1'),
  instance_url: oneOf('https://eu.zenith.example/api', 'evil.example', 'https://zenith.example.evil.example'),
  refresh_token_expires_in: oneOf(0, 1, 60, 86_400, '86400', 1e12, 8e12, 1e308, -1, 'NaN', '2027-01-01', [86_400]),
  success: oneOf(true, false),
  data: oneOf({ cameraList: [] }, null),
  errors: oneOf([], null),
  ...Object.fromEntries(
    ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'then'].map((name) => [
      name,
      oneOf({ access_token: `${ECHO}t`, accessToken: `${ECHO}t`, error: 'invalid_client', polluted: true }, null),
    ]),
  ),
}

/** An object with documented members, some of them twice. */
const member = fc
  .constantFrom(...Object.entries(MEMBERS))
  .chain(([name, value]) => value.map((written) => `${JSON.stringify(name)}:${written}`))
const object = fc.array(member, { maxLength: 8 }).map((members) => `{${members.join(',')}}`)

/** One that has what the vendors document, and then something else as well. */
const answer = fc.tuple(tokenLike, tokenLike, object).map(([token, refresh, more]) => {
  const names = `"access_token":${token},"accessToken":${token},"refresh_token":${refresh},"refreshToken":${refresh}`
  const others = more.slice(1, -1)
  return `{${names},"expires_in":3600,"expiresIn":3600,"accessiaApisUrl":"https://acme.accessia.com/apis","instance":"https://eu.zenith.example","refresh_token_expires_in":86400${others && `,${others}`}}`
})

/** The same as a form, as servers from before RFC 6749 answer. */
const form = answer.map((whole) => {
  try {
    const members: [string, unknown][] = Object.entries(JSON.parse(whole))
    return `${new URLSearchParams(members.map(([name, value]): [string, string] => [name, `${value}`]))}`
  } catch {
    return ''
  }
})

const broken = fc
  .tuple(answer, fc.nat(300), fc.constantFrom('', '\0', '}', ',', '"', '\ufeff', ECHO))
  .map(([whole, at, put]) => `${whole.slice(0, at)}${put}${whole.slice(at + 1)}`)

const body: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: answer },
  { weight: 4, arbitrary: object },
  { weight: 3, arbitrary: broken },
  { weight: 2, arbitrary: form },
  { weight: 1, arbitrary: answer.map((whole) => whole.slice(0, -20)) },
  { weight: 1, arbitrary: answer.map((whole) => `\ufeff${whole}`) },
  { weight: 1, arbitrary: answer.map((whole) => Buffer.from(whole, 'utf16le')) },
  { weight: 1, arbitrary: json },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: text.map((some) => `<html><body>${some}</body></html>`) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.constantFrom('['.repeat(20_000), '{"a":'.repeat(20_000), '"'.repeat(3), '') },
)

const headers = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'text/html', 'text/plain; charset=x', `${ECHO}/${ECHO}`),
    'retry-after': fc.constantFrom('0', '7', '99999999999', '-1', ECHO, 'Sat, 01 Aug 2026 12:00:30 GMT'),
    date: fc.constantFrom('Sat, 21 Nov 2026 12:00:00 GMT', 'Sat, 21 Nov 2026 15:00:00 GMT', ECHO),
    location: fc.constant(`https://${ECHO}.example/`),
  },
  { requiredKeys: [] },
)

const status = fc.oneof(
  { weight: 5, arbitrary: fc.constant(200) },
  { weight: 2, arbitrary: fc.constantFrom(400, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
)

interface VendorAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

const vendorAnswer: fc.Arbitrary<VendorAnswer> = fc.record({ status, headers, body })

/** One call of the machine that has the vendor answer, and how often it may have it answer at most. */
interface Path {
  readonly name: string
  readonly vendor: Vendor
  readonly document: Record<string, unknown>
  /** A refresh token that the last answer left. */
  readonly held?: string
  readonly most: number
  /** @default a caller gets a token */
  readonly call?: (path: Path, machine: Machine) => Promise<unknown>
}

const context = ({ vendor }: Path, machine: Machine) => contextFor(vendor, machine, 8)
const token = new Secret('a-token-at-hand')

const checks: Path['call'] = async (path, machine) => {
  const { accessToken } = await path.vendor.issue(path.document, undefined, context(path, machine))
  return path.vendor.liveness?.(path.document, accessToken, context(path, machine))
}
const revokes: Path['call'] = async (path, machine) =>
  path.vendor.revocation?.revoke(path.document, token, context(path, machine))
const exchanges: Path['call'] = async (path, machine) =>
  path.vendor.authorization?.exchange(
    path.document,
    { code: new Secret('a-code'), redirectUri: 'https://callback.example/' },
    context(path, machine),
  )

const { accelo, accessia, clearid, iobeya, netrex } = vendors
const machineToken = { ...samples.iobeya.document, token: 'a-machine-token', expires_on: '2027-01-31' }
const userToken = { host: 'system2.netrex.cz', user_token: 'a-user-token', expires_on: '2027-01-31' }
const held = 'a-refresh-token'
/** One that takes whatever an answer may be described as. */
const described: VendorDescription = {
  ...zenith,
  tokenEndpoint: 'https://api.zenith.example/token',
  revocationEndpoint: 'https://api.zenith.example/revoke',
  liveness: 'https://api.zenith.example/me',
  apiBaseUrl: 'https://api.zenith.example',
  answer: {
    tokenTypes: ['mac'],
    context: { instance: 'instance', instance_url: 'instance_url', domain: 'domain', api_base_url: 'instance' },
    errors: { '404': 'grant_rejected', invalid_scope: 'vendor_throttled' },
  },
}
const zenithOf = (changes: Partial<VendorDescription>): Vendor =>
  describedVendor('zenith', { ...described, ...changes })
const consented = zenithOf({ grant: 'authorization_code', authorizationEndpoint: 'https://api.zenith.example/yes' })
const signing = zenithOf({ clientAuthentication: 'private_key_jwt' })
const asserting = zenithOf({ grant: 'jwt_bearer', clientAuthentication: 'none' })
const client = { client_id: 'c1', client_secret: 's1' }
const signer = { client_id: 'c1', private_key: KEY }

/** A proof with a time on it is presented twice where the clocks differ, and both again where nobody answered. */
const PATHS: readonly Path[] = [
  { name: 'accelo', vendor: accelo, document: samples.accelo.document, most: 2 },
  { name: 'accelo revokes', vendor: accelo, document: samples.accelo.document, most: 1, call: revokes },
  { name: 'accessia', vendor: accessia, document: samples.accessia.document, most: 4 },
  { name: 'accessia refreshes', vendor: accessia, document: samples.accessia.document, held, most: 3 },
  { name: 'clearid', vendor: clearid, document: samples.clearid.document, most: 2 },
  { name: 'clearid signs', vendor: clearid, document: { ...samples.clearid.document, key: clearidKey() }, most: 4 },
  { name: 'iobeya checks', vendor: iobeya, document: machineToken, most: 1, call: checks },
  { name: 'netrex refreshes', vendor: netrex, document: samples.netrex.document, held, most: 1 },
  { name: 'netrex exchanges', vendor: netrex, document: samples.netrex.document, most: 1, call: exchanges },
  { name: 'netrex checks', vendor: netrex, document: userToken, most: 1, call: checks },
  { name: 'netrex revokes', vendor: netrex, document: samples.netrex.document, most: 1, call: revokes },
  { name: 'a described one', vendor: zenithOf({}), document: client, most: 2 },
  { name: 'a described one in JSON', vendor: zenithOf({ send: 'json' }), document: client, most: 2 },
  { name: 'a described one checks', vendor: zenithOf({}), document: client, most: 2, call: checks },
  { name: 'a described one revokes', vendor: zenithOf({}), document: client, most: 1, call: revokes },
  { name: 'a described one signs', vendor: signing, document: signer, most: 4 },
  { name: 'a described one asserts', vendor: asserting, document: signer, most: 4 },
  { name: 'a described one refreshes', vendor: consented, document: client, held, most: 1 },
  { name: 'a described one exchanges', vendor: consented, document: client, most: 1, call: exchanges },
]

/** What the machine did with these answers, and what is left of it. */
async function outcomeOf(path: Path, answers: readonly VendorAnswer[]) {
  const { vendor, document } = path
  let calls = 0
  const http: typeof fetch = async () => {
    const { status, headers, body } = answers[calls++ % answers.length] ?? { status: 500, headers: {}, body: '' }
    return new Response([204, 205, 304].includes(status) ? null : body, { status, headers })
  }
  const w = world({ http })
  const machine = w.process()
  const connection = { vendor, name: 'hq' }
  w.secrets.replace(`${vendor.id}/hq`, document)
  if (path.held && vendor.tokens.storage === 'table') {
    const terms = { policy: vendor.tokens, now: w.clock.now(), until: w.clock.now() }
    const lease = await w.tokens.acquire(connection, (await w.tokens.read(connection)).state, terms)
    if (lease) await w.tokens.record(lease, { refreshToken: new Secret(path.held) })
  }
  const calling = path.call?.(path, machine) ?? vend({ connection, minTtlSeconds: 0 }, machine)
  const outcome = await calling.then(
    () => ({}),
    (error: unknown) => ({ error }),
  )
  const { state, token } = await w.tokens.read(connection)
  const { refreshToken } = await w.tokens.stop(connection, { kind: 'revoke' })
  return { outcome, calls, state, token, refreshToken, notices: w.notices, now: w.clock.now() }
}

/** One of a vendor's hosts, or below one, after a dot. */
const ofHosts = ({ hosts }: Vendor) => new RegExp(`\\.(${hosts.join('|').replaceAll('.', '\\.')})$`)
const LEAST_GRANT_SECONDS = 180

const TOKEN = /^[!-~]{1,16384}$/

/** Every text that is a member of one of the answers, wherever it stands. */
function textsIn(answers: readonly VendorAnswer[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { body } of answers) {
    try {
      JSON.parse(new TextDecoder().decode(Buffer.from(body)), (_name, value) => {
        if (typeof value === 'string') found.add(value)
        return value
      })
    } catch {
      // No JSON, so no text that could be a token but those of a form.
      for (const value of new URLSearchParams(new TextDecoder().decode(Buffer.from(body))).values()) found.add(value)
    }
  }
  return found
}

/** Where a caller that takes a value for an address would send its token. */
function hostIn(value: string): string {
  const at = /^\s*[/\\]{2}/.test(value) ? `https:${value.trim()}` : value
  return URL.canParse(at) ? new URL(at).hostname : ''
}

const prototypes = () =>
  [Object, Array, String, Promise].map(({ prototype }) => Reflect.ownKeys(prototype).map(String).join()).join()

describe('whatever a vendor answers', () => {
  /** The most calls that a path made in one run. */
  const called = new Map<string, number>()
  let tokens = 0
  let grantEnds = 0

  async function holds(path: Path, answers: readonly VendorAnswer[]): Promise<void> {
    const { outcome, calls, state, token, refreshToken, notices, now } = await outcomeOf(path, answers)
    called.set(path.name, Math.max(called.get(path.name) ?? 0, calls))
    expect(calls).toBeLessThanOrEqual(path.most)
    if ('error' in outcome) {
      const { error } = outcome
      if (!(error instanceof VendingError)) throw error
      expect(FAILURES).toHaveProperty(error.code)
      expect(allTextOf(error)).not.toContain(ECHO)
      expect(token).toBeUndefined()
    }
    expect(JSON.stringify([state, notices])).not.toContain(ECHO)
    const texts = textsIn(answers)
    if (token) {
      tokens += 1
      const { value, expiresAt, context: beside } = token.accessToken
      for (const text of Object.values(beside)) {
        expect(text).toMatch(/^[ -~]{1,2048}$/)
        if (path.vendor.description) expect(`.${hostIn(text) || path.vendor.hosts[0]}`).toMatch(ofHosts(path.vendor))
      }
      expect(value.reveal()).toMatch(TOKEN)
      expect(texts).toContain(value.reveal())
      expect(secondsBetween(now, expiresAt)).toBeGreaterThan(0)
      expect(secondsBetween(now, expiresAt)).toBeLessThanOrEqual(path.vendor.tokens.maxLifeSeconds)
      expect(path.vendor.tokens.storage).toBe('table')
    }
    if (state.grantEnd) {
      const { until } = state.grantEnd
      expect(secondsBetween(now, until)).toBeGreaterThanOrEqual(LEAST_GRANT_SECONDS)
      expect(until.toISOString()).toMatch(/^\d{4}-/)
      grantEnds += 1
    }
    if (refreshToken && refreshToken.reveal() !== path.held) {
      expect(refreshToken.reveal()).toMatch(TOKEN)
      expect(texts).toContain(refreshToken.reveal())
    }
  }

  it(
    'it comes to a token that was in the answer or to a failure of the table: no echo, no call too many, no prototype touched',
    async () => {
      const before = prototypes()
      const answers = fc.array(vendorAnswer, { minLength: 1, maxLength: 3 })
      const property = fc.asyncProperty(fc.constantFrom(...PATHS), answers, async (path, given) => {
        await holds(path, given)
        expect(prototypes()).toBe(before)
      })
      await fc.assert(property, { numRuns: fuzzRuns })
      expect(PATHS.filter(({ name }) => !called.get(name))).toEqual([])
      // Otherwise nothing but refusals was tried.
      expect(tokens).toBeGreaterThan(fuzzRuns / 50)
      expect(grantEnds).toBeGreaterThan(0)
      figure('only-tokens', `${fuzzRuns} made-up answers on ${PATHS.length} paths, ${tokens} with a token`)
    },
    FUZZ_TIMEOUT_MS,
  )
})
