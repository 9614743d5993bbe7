import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  type PutSecretValueCommandInput,
} from '@aws-sdk/client-secrets-manager'
import { problem } from '../../functions/api/problem.ts'
import { secretsManagerCredentials } from '../../functions/aws/credentials.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'
import { clearidKey } from '../support/clearid-key.ts'
import { expectNoTrace, failureOf, json, jwt, type Step, vendorAnswering } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'
import { localAws } from '../support/local-aws.ts'
import { The, world } from '../support/world.ts'

/** In every value that is stored here. It is base64url, as some vendors' secrets have to be. */
const CANARY = 'Y2FuYXJ5LWluLXRoZS1jb2FsLW1pbmU'
const HOUR = 3600
const DAYS = 24 * HOUR

type Document = Readonly<Record<string, unknown>>

interface Subject {
  readonly vendor: Vendor
  /** A document that fits. */
  readonly good: Document
  /** Its member that is the secret. */
  readonly secret: string
  /** What the vendor answers to the one call that a token takes. */
  readonly answer: () => Step
  /** After how long the token is late: it is served, and somebody renews it. */
  readonly lateAfter: number
}

const inTwoMonths = The.now.getTime() / 1000 + 60 * DAYS
const subjects: Readonly<Record<string, Subject>> = {
  accelo: {
    vendor: vendors.accelo,
    good: { deployment: 'acme', client_id: 'id', client_secret: CANARY },
    secret: 'client_secret',
    answer: () => json({ access_token: 'granted', expires_in: HOUR }),
    lateAfter: HOUR - 200,
  },
  accessia: {
    vendor: vendors.accessia,
    good: { authentication_url: 'https://auth.accessia.com', integration_id: 'int-0001', secret: CANARY },
    secret: 'secret',
    answer: () => json({ accessToken: 'granted', expiresIn: HOUR, accessiaApisUrl: 'https://acme.accessia.com/apis' }),
    lateAfter: HOUR - 200,
  },
  clearid: {
    vendor: vendors.clearid,
    good: {
      ...{ accountId: 'acme', clientId: '11111111-2222-4333-8444-555555555555:acme', clientSecret: CANARY },
      stsUrl: 'https://sts-demo.clearid.io',
      identityServiceUrl: 'https://identityservice-demo.clearid.io',
    },
    secret: 'clientSecret',
    answer: () => json({ access_token: 'granted', expires_in: HOUR }),
    lateAfter: HOUR - 200,
  },
  iobeya: {
    vendor: vendors.iobeya,
    good: { api_url: 'https://acme.api.iobeya.com', token: jwt({ exp: inTwoMonths, CANARY }) },
    secret: 'token',
    answer: () => json([]),
    lateAfter: HOUR,
  },
  'netrex with a user token': {
    vendor: vendors.netrex,
    good: { host: 'system2.netrex.cz', user_token: CANARY },
    secret: 'user_token',
    answer: () => json({ data: { cameraList: [] } }),
    lateAfter: HOUR,
  },
}
const application = { host: 'system2.netrex.cz', client_id: 'c1', client_secret: CANARY }

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

type Value = Pick<PutSecretValueCommandInput, 'SecretString' | 'SecretBinary' | 'VersionStages'>

let made = 0
/** A connection of its own, whose secret holds this. */
async function stored(vendor: Vendor, value: Value | undefined) {
  made += 1
  const name = `site-${made}`
  const SecretId = `vendomat/${vendor.id}/${name}`
  await aws.secrets.send(new CreateSecretCommand({ Name: SecretId, ...value }))
  return { connection: { vendor, name }, SecretId }
}

/** One process of a machine whose secrets are in Secrets Manager. */
function machine(script: Step[] = []) {
  const { process, clock } = world()
  const http = vendorAnswering(...script)
  const runtime: Machine = { ...process(), http: http.http }
  const { memory, now } = runtime
  const credentials = secretsManagerCredentials(aws.secrets, { prefix: 'vendomat', memory, now })
  const get = (connection: { readonly vendor: Vendor; readonly name: string }) =>
    vend({ connection, minTtlSeconds: 0 }, { ...runtime, credentials })
  return { get, clock, calls: () => http.requests.length }
}

const text = (document: unknown): Value => ({ SecretString: JSON.stringify(document) })
const secretOf = (value: unknown) => (s: Subject) => text({ ...s.good, [s.secret]: value })

const NO_OBJECT = /^the \S+( \S+)? credentials are not a JSON object with members$/
const NO_JSON = /^the \S+( \S+)? credentials are not a JSON document$/
/** Names a member, or the document, and says in words of ours what it has to be. */
const NO_FIT = /^the \S+( \S+)? credentials do not fit: \S+ [a-z ]+/

/** Values that fit no vendor. */
const bad: readonly (readonly [what: string, value: (subject: Subject) => Value, words: RegExp])[] = [
  ['a space', () => ({ SecretString: ' ' }), NO_JSON],
  ['the secret alone, as it was copied', () => ({ SecretString: CANARY }), NO_JSON],
  ['the document behind a byte order mark', (s) => ({ SecretString: `\ufeff${JSON.stringify(s.good)}` }), NO_JSON],
  ['half of the document', (s) => ({ SecretString: JSON.stringify(s.good).slice(0, -10) }), NO_JSON],
  ['the document twice', (s) => ({ SecretString: JSON.stringify(s.good).repeat(2) }), NO_JSON],
  ['the document in single quotes', (s) => ({ SecretString: JSON.stringify(s.good).replaceAll('"', "'") }), NO_JSON],
  [
    'the document in typographic quotes',
    (s) => ({ SecretString: JSON.stringify(s.good).replaceAll('"', '”') }),
    NO_JSON,
  ],
  [
    'the document with a comma at its end',
    (s) => ({ SecretString: JSON.stringify(s.good).replace('}', ',}') }),
    NO_JSON,
  ],
  ['a file of the environment', (s) => ({ SecretString: `${s.secret}=${CANARY}\n` }), NO_JSON],
  ['64 KiB of text', () => ({ SecretString: CANARY.repeat(3000).slice(0, 2 ** 16) }), NO_JSON],
  ['the document as bytes', (s) => ({ SecretBinary: Buffer.from(JSON.stringify(s.good)) }), NO_JSON],
  ['the document as text in a text', (s) => text(JSON.stringify(s.good)), NO_OBJECT],
  ['the document in a list', (s) => text([s.good]), NO_OBJECT],
  ['the document in a member', (s) => text({ credentials: s.good }), NO_FIT],
  ['the document as a prototype', (s) => ({ SecretString: `{"__proto__":${JSON.stringify(s.good)}}` }), NO_FIT],
  ['the document of another vendor', () => text({ username: 'ada', password: CANARY }), NO_FIT],
  ['null', () => text(null), NO_OBJECT],
  ['a number', () => text(7), NO_OBJECT],
  ['an empty document', () => text({}), NO_FIT],
  ['an empty list', () => text([]), NO_OBJECT],
  ['lists in lists, 10,000 deep', () => ({ SecretString: '['.repeat(10_000) + ']'.repeat(10_000) }), NO_OBJECT],
  [
    'names in capitals',
    (s) => text(Object.fromEntries(Object.entries(s.good).map(([k, v]) => [k.toUpperCase(), v]))),
    NO_FIT,
  ],
  ['an empty secret', secretOf(''), NO_FIT],
  ['a secret of spaces', secretOf(' \t\n'), NO_FIT],
  ['a secret that is null', secretOf(null), NO_FIT],
  ['a secret that is a number', secretOf(12345678), NO_FIT],
  ['a secret in a list', secretOf([CANARY]), NO_FIT],
  ['a secret in an object', secretOf({ value: CANARY }), NO_FIT],
  ['a secret with a line break inside', secretOf(`${CANARY}\n${CANARY}`), NO_FIT],
  ['a secret with a NUL inside', secretOf(`${CANARY}\u0000${CANARY}`), NO_FIT],
  ['a secret with a space of no width inside', secretOf(`${CANARY}\u200b${CANARY}`), NO_FIT],
  ['a secret in full-width letters', secretOf('ｓｅｃｒｅｔｓｅｃｒｅｔｓｅｃｒｅｔ'), NO_FIT],
]

/** The states of a secret without a value that could be read. */
const absent = [
  [
    'is not there',
    'unknown_connection',
    /^there is no secret vendomat\//,
    async (vendor: Vendor) => ({ vendor, name: 'nobody' }),
  ],
  [
    'has no value yet',
    'configuration',
    /has no value yet$/,
    async (vendor: Vendor) => (await stored(vendor, undefined)).connection,
  ],
  [
    'is scheduled for deletion',
    'unknown_connection',
    /is scheduled for deletion$/,
    async (vendor: Vendor) => {
      const { connection, SecretId } = await stored(vendor, { SecretString: CANARY })
      await aws.secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }))
      return connection
    },
  ],
] as const

const counts = { refused: 0, served: 0 }
afterAll(() => {
  figure('malformed-secrets', `${counts.refused} values refused at ${Object.keys(subjects).length} vendors`)
  figure('token-outlives-its-secret', `${counts.served} of ${bad.length * Object.keys(subjects).length} times served`)
})

async function expectRefusal(connection: { vendor: Vendor; name: string }, code: string, words: RegExp) {
  const { get, calls } = machine()
  const error = await failureOf(get(connection))
  expect(error).toMatchObject({ code, message: expect.stringMatching(words) })
  expectNoTrace(error, CANARY)
  const secretName = `vendomat/${connection.vendor.id}/${connection.name}`
  expect(problem(error, { requestId: 'r-1', secretName }).body).not.toContain(CANARY)
  expect(calls()).toBe(0)
  counts.refused += 1
}

describe.each(Object.entries(subjects))('a secret of %s', (_id, subject) => {
  const { vendor, good, answer, lateAfter } = subject

  it('that fits is used, or the refusals below would say nothing', async () => {
    const { connection } = await stored(vendor, text(good))
    const { get, calls } = machine([answer()])
    expect((await get(connection)).token.accessToken.value.reveal()).toMatch(/^granted$|^Y2Fu|^eyJ/)
    expect(calls()).toBe(1)
  })

  it.each(absent)('that %s is %s, without a call of the vendor', async (_what, code, words, place) => {
    await expectRefusal(await place(vendor), code, words)
  })

  it.each(bad)(
    'that holds %s is refused in plain words, unquoted, without a call of the vendor',
    async (_what, value, words) => {
      await expectRefusal((await stored(vendor, value(subject))).connection, 'configuration', words)
    },
  )

  it.each(bad)('that comes to hold %s costs nobody the token at hand', async (_what, value) => {
    const { connection, SecretId } = await stored(vendor, text(good))
    const { get, clock, calls } = machine([answer()])
    const { token } = await get(connection)
    const before = calls()
    await aws.secrets.send(new PutSecretValueCommand({ SecretId, ...value(subject) }))
    clock.advance(lateAfter)
    const { token: served, warnings } = await get(connection)
    expect(served.accessToken.value.reveal()).toBe(token.accessToken.value.reveal())
    expect(warnings.map(({ code }) => code)).toEqual([expect.stringMatching(/^not_(renewed|replaced)$/)])
    expect(JSON.stringify(warnings)).not.toContain(CANARY)
    expect(calls()).toBe(before)
    counts.served += 1
  })

  it('whose next value is half-made is read as it is until that is the current one', async () => {
    const { connection, SecretId } = await stored(vendor, text(good))
    const pending = { SecretId, SecretString: CANARY, VersionStages: ['AWSPENDING'] }
    await aws.secrets.send(new PutSecretValueCommand(pending))
    const { get, calls } = machine([answer()])
    await get(connection)
    expect(calls()).toBe(1)
  })

  it.each([
    ['spaces and line breaks around it', (secret: string) => `\r\n  ${secret} \n`],
    ['a byte order mark before it', (secret: string) => `\ufeff${secret}`],
  ])('that was copied with %s is taken as it was meant', (_what, copied) => {
    const pasted = { ...good, [subject.secret]: copied(String(good[subject.secret])) }
    expect(vendor.hasSameSecrets(pasted, good)).toBe(true)
  })

  it.each([
    ['a member that nobody knows', (document: Document) => JSON.stringify({ ...document, note: 'x' })],
    ['a prototype', (document: Document) => JSON.stringify(document).replace('{', '{"__proto__":{"admin":true},')],
    ['line breaks of Windows', (document: Document) => JSON.stringify(document, null, 2).replaceAll('\n', '\r\n')],
  ])('that also holds %s is taken, and does nothing else', (_what, written) => {
    expect(vendor.hasSameSecrets(JSON.parse(written(good)), good)).toBe(true)
    expect('admin' in {}).toBe(false)
  })
})

const key = clearidKey()
const special: readonly (readonly [what: string, vendor: Vendor, document: Document, words: RegExp])[] = [
  [
    'a deployment with a path',
    vendors.accelo,
    { ...subjects.accelo?.good, deployment: `acme/${CANARY}` },
    /deployment must be the name in front/,
  ],
  [
    'a client id with a colon',
    vendors.accelo,
    { ...subjects.accelo?.good, client_id: `a:${CANARY}` },
    /client_id must be an id without a colon/,
  ],
  [
    'a life of no number',
    vendors.accelo,
    { ...subjects.accelo?.good, token_lifetime_seconds: CANARY },
    /token_lifetime_seconds must be a number/,
  ],
  [
    'a secret too short for a key',
    vendors.accessia,
    { ...subjects.accessia?.good, secret: 'c2hvcnQ' },
    /secret must be the base64url text/,
  ],
  [
    'no key and no secret',
    vendors.clearid,
    { ...subjects.clearid?.good, clientSecret: '' },
    /must hold a key or a clientSecret/,
  ],
  [
    'a key cut in half',
    vendors.clearid,
    { ...subjects.clearid?.good, key: { ...key, d: key.d?.slice(0, 40) } },
    /key must be one whole RSA key/,
  ],
  [
    'a key with a part in other digits',
    vendors.clearid,
    { ...subjects.clearid?.good, key: { ...key, p: `${CANARY}!` } },
    /key\.p must be Base64/,
  ],
  [
    'the scheme without a token',
    vendors.iobeya,
    { ...subjects.iobeya?.good, token: 'Bearer ' },
    /token must be one token/,
  ],
  [
    'a token of two words',
    vendors.iobeya,
    { ...subjects.iobeya?.good, token: `Token ${CANARY}` },
    /token must be one token/,
  ],
  [
    'a token of 17 KiB',
    vendors.iobeya,
    { ...subjects.iobeya?.good, token: CANARY.repeat(600) },
    /token must not be longer than 16 KiB/,
  ],
  [
    'an end that is no day',
    vendors.iobeya,
    { ...subjects.iobeya?.good, expires_on: CANARY },
    /expires_on must be a date/,
  ],
  [
    'a host with a path',
    vendors.netrex,
    { host: `system2.netrex.cz/${CANARY}`, user_token: CANARY },
    /host must be the name of a host/,
  ],
  [
    'an application without its secret',
    vendors.netrex,
    { ...application, client_secret: '' },
    /client_secret must not be empty/,
  ],
  [
    'an application with a secret in two lines',
    vendors.netrex,
    { ...application, client_secret: `${CANARY}\n1` },
    /client_secret must /,
  ],
  ['a scope that there is not', vendors.netrex, { ...application, scope: CANARY }, /scope must be a list/],
  [
    'a redirect URI of somebody else',
    vendors.netrex,
    { ...application, redirect_uri: `http://${CANARY}.example/` },
    /redirect_uri must be a registered/,
  ],
]

describe('a document with a fault of its own', () => {
  it.each(special)(
    'that has %s is refused for what it is, unquoted, without a call of the vendor',
    async (_what, vendor, document, words) => {
      await expectRefusal((await stored(vendor, text(document))).connection, 'configuration', words)
    },
  )
})
