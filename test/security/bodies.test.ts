import { gzipSync } from 'node:zlib'
import { type Operation, ROUTES } from '../../functions/api/routes.ts'
import { figure } from '../support/figure.ts'
import { type Entry, eventOf, pathOf, signedBytes, startEntry } from './entry.ts'

let entry: Entry
// NetRex is the vendor with every operation.
beforeAll(async () => {
  entry = await startEntry('netrex')
})
afterAll(() => entry.close())

const WITH_BODY = [
  ...['refresh', 'setOwner', 'setStatus', 'setKeepWarm', 'acknowledge', 'tryVersion', 'authorize'],
] as const satisfies readonly Operation[]

/** The rest of the problem says no more than that the request is not understood. */
const problemOf = (detail: string): object => ({
  ...{ type: 'urn:vendomat:problem:bad-request', title: 'The request is not understood', status: 400, detail },
  ...{ code: 'bad_request', retryable: false, next_step: 'correct the request', request_id: expect.any(String) },
})
const misfit = (operation: Operation) =>
  problemOf(`the body does not fit ${ROUTES[operation].method} ${ROUTES[operation].path}`)

const CANARY = 'canary-4711'
const inBase64 = (bytes: Buffer) => ({ body: bytes.toString('base64'), isBase64Encoded: true })

/** What is the body of no operation. A text is the body itself. */
const NO_BODIES: readonly (readonly [string, string | object])[] = [
  ['nothing', { body: null }],
  ['the empty text', ''],
  ['spaces', '   '],
  ['what is no JSON', CANARY],
  ['half an object', '{"owner":'],
  ['a comma too much', '{"owner":"ada",}'],
  ['single quotes', "{'owner':'ada'}"],
  ['names without quotes', '{owner:"ada"}'],
  ['a comment', '{"owner":"ada"}// ada'],
  ['two objects', '{}{}'],
  ['null', 'null'],
  ['true', 'true'],
  ['a number', '1'],
  ['a number beyond all', '1e999'],
  ['not a number', 'NaN'],
  ['a text', `"${CANARY}"`],
  ['a list', '[]'],
  ['a list of an object', '[{"owner":"ada"}]'],
  ['a form', 'owner=ada&status=disabled'],
  ['XML', '<owner>ada</owner>'],
  ['a byte order mark', '\ufeff{}'],
  ['UTF-16', inBase64(Buffer.from('{"owner":"ada"}', 'utf16le'))],
  ['bytes that are no UTF-8', inBase64(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
  ['gzip', inBase64(gzipSync('{}'))],
  ['base64 that nobody says it is', Buffer.from('{"owner":"ada"}').toString('base64')],
  ['a text that is said to be base64', { body: '{"owner":"ada"}', isBase64Encoded: true }],
  ['an object in place of a text', { body: { owner: 'ada', status: 'disabled', note: 'n' } }],
  ['NUL', '\0'],
  ['10,000 lists in one another', '['.repeat(10_000) + ']'.repeat(10_000)],
  ['1,000 objects in one another', `${'{"owner":'.repeat(1000)}1${'}'.repeat(1000)}`],
  ['more than 16 KB', `{"note":"${'x'.repeat(16 * 1024)}"}`],
  ['10 MB', `{"owner":"${'x'.repeat(10 * 1024 * 1024)}"}`],
  ['10 MB of spaces', ' '.repeat(10 * 1024 * 1024)],
  ['a member that nobody knows', '{"caller":"ada"}'],
  ['the prototype', '{"__proto__":{"owner":"ada","note":"n"}}'],
  ['a constructor', '{"constructor":{"prototype":{"owner":"ada"}}}'],
  ['a body in a body', '{"body":"{}"}'],
  ['the change of before', '{"acknowledge":{},"status":"disabled","owner":"ada"}'],
]

const STATE = 's'.repeat(43)

/** What is nearly the body of one operation. */
const NEARLY: readonly (readonly [Operation, string])[] = [
  ['refresh', '{"rejected":{}}'],
  ['refresh', '{"rejected":["0123456789abcdef"]}'],
  ['refresh', '{"rejected":1234567890123456}'],
  ['refresh', '{"rejected":"0123456789abcde"}'],
  ['refresh', '{"rejected":"0123456789abcdef0"}'],
  ['refresh', '{"rejected":"0123456789ABCDEF"}'],
  ['refresh', '{"rejected":"0123456789abcdef\\n"}'],
  ['refresh', '{"rejected":"0123456789abcdef","rejected":"all"}'],
  ['refresh', `{"rejected":"0123456789abcdef","connection":"hr"}`],
  ['setOwner', '{"owner":null}'],
  ['setOwner', '{"owner":["ada"]}'],
  ['setOwner', '{"owner":"\\u0009"}'],
  ['setOwner', '{"owner":"ada","owner":""}'],
  ['setOwner', '{"owner":"ada","__proto__":{}}'],
  ['setOwner', '{"owner":"ada","status":"disabled"}'],
  ['setOwner', `{"owner":"${'x'.repeat(201)}"}`],
  ['setStatus', '{"status":"Active"}'],
  ['setStatus', '{"status":"reconnect"}'],
  ['setStatus', '{"status":"forgotten"}'],
  ['setStatus', '{"status":"active "}'],
  ['setStatus', '{"status":true}'],
  ['setStatus', '{"status":"disabled","status":["active"]}'],
  ['setStatus', '{"status":"active","epoch":0}'],
  ['setKeepWarm', '{"keep_warm":"true"}'],
  ['setKeepWarm', '{"keep_warm":1}'],
  ['setKeepWarm', '{"keep_warm":null}'],
  ['setKeepWarm', '{"keepWarm":true}'],
  ['setKeepWarm', '{"keep_warm":true,"sweepAt":0}'],
  ['acknowledge', '{"note":null}'],
  ['acknowledge', '{"note":""}'],
  ['acknowledge', '{"note":{"text":"n"}}'],
  ['acknowledge', '{"note":"n","by":"arn:aws:iam::111122223333:user/mallory"}'],
  ['acknowledge', '{"note":"n","until":"2099-01-01"}'],
  ['acknowledge', `{"note":"${'x'.repeat(201)}"}`],
  ['tryVersion', '{"version":""}'],
  ['tryVersion', '{"version":"../AWSCURRENT"}'],
  ['tryVersion', '{"version":"a b"}'],
  ['tryVersion', '{"version":"v1\\u0000"}'],
  ['tryVersion', '{"version":["v1"]}'],
  ['tryVersion', '{"version":"v1","connection":"hr"}'],
  ['tryVersion', `{"version":"${'v'.repeat(65)}"}`],
  ['authorize', '{"hosted":false}'],
  ['authorize', '{"hosted":"true"}'],
  ['authorize', `{"hosted":true,"state":"${STATE}"}`],
  ['authorize', '{"redirect_uri":7}'],
  ['authorize', `{"redirect_uri":"https://${'x'.repeat(200)}"}`],
  ['authorize', `{"state":"${STATE}s","code":"${CANARY}"}`],
  ['authorize', `{"state":"${STATE.slice(1)}","code":"${CANARY}"}`],
  ['authorize', `{"state":"${STATE.slice(1)}=","code":"${CANARY}"}`],
  ['authorize', `{"state":["${STATE}"],"code":"${CANARY}"}`],
  ['authorize', `{"state":"${STATE}","code":{"value":"${CANARY}"}}`],
  ['authorize', `{"state":"${STATE}","code":""}`],
  ['authorize', `{"state":"${STATE}","code":"${CANARY}","iss":"https://${'x'.repeat(250)}"}`],
  ['authorize', `{"state":"${STATE}","code":"${CANARY}","iss":["https://a.example","https://b.example"]}`],
  ['authorize', '{"refresh_token":""}'],
  ['authorize', '{"refresh_token":7}'],
  ['authorize', `{"refresh_token":["${CANARY}"]}`],
  ['authorize', `{"refresh_token":"${CANARY}\\n${CANARY}"}`],
  ['authorize', `{"refresh_token":"${CANARY}","access_token":"${CANARY}"}`],
  ['authorize', `{"refresh_token":"${CANARY}","expires_in":3600}`],
  ['authorize', `{"refresh_token":"${CANARY}","state":"${STATE}"}`],
  ['authorize', `{"refreshToken":"${CANARY}"}`],
  ['authorize', `{"access_token":"${CANARY}","expires_in":"3600"}`],
  ['authorize', `{"access_token":"${CANARY}","expires_in":0}`],
  ['authorize', `{"access_token":"${CANARY}","expires_in":-1}`],
  ['authorize', `{"access_token":"${CANARY}","expires_in":0.5}`],
  ['authorize', `{"access_token":"${CANARY}","expires_in":1e300}`],
  ['authorize', `{"state":"${STATE}","error":"${'x'.repeat(201)}"}`],
  ['authorize', `{"state":"${STATE}","code":"${CANARY}","redirect_uri":"https://evil.example"}`],
]

const MIN_TTL = 'min_ttl is one whole number of seconds'
const ONLY_MIN_TTL = 'the only query parameter is min_ttl'
const NONE = 'there are no query parameters'

const QUERIES: readonly (readonly [Operation, Record<string, string[]>, string])[] = [
  ['vend', { min_ttl: [''] }, MIN_TTL],
  ['vend', { min_ttl: ['-1'] }, MIN_TTL],
  ['vend', { min_ttl: ['+1'] }, MIN_TTL],
  ['vend', { min_ttl: ['1.5'] }, MIN_TTL],
  ['vend', { min_ttl: ['1e3'] }, MIN_TTL],
  ['vend', { min_ttl: ['0x10'] }, MIN_TTL],
  ['vend', { min_ttl: [' 1'] }, MIN_TTL],
  ['vend', { min_ttl: ['1\n'] }, MIN_TTL],
  ['vend', { min_ttl: ['\u0663'] }, MIN_TTL],
  ['vend', { min_ttl: ['99999999999'] }, MIN_TTL],
  ['vend', { min_ttl: ['1,2'] }, MIN_TTL],
  ['vend', { min_ttl: ['1', '2'] }, MIN_TTL],
  ['vend', { min_ttl: ['1'], connection: ['hr'] }, ONLY_MIN_TTL],
  ['vend', { MIN_TTL: ['1'] }, ONLY_MIN_TTL],
  ['vend', { next: ['x'] }, ONLY_MIN_TTL],
  ['vend', JSON.parse('{"__proto__":["1"]}'), ONLY_MIN_TTL],
  ['vend', { constructor: ['1'] }, ONLY_MIN_TTL],
  ['vend', { 'X-Amz-Signature': ['0'] }, ONLY_MIN_TTL],
  ['list', { next: ['a', 'b'] }, 'next is given once'],
  ['list', { limit: ['1000'] }, 'the only query parameter is next'],
  ['revoke', { force: [''] }, NONE],
  ['show', { min_ttl: ['1'] }, NONE],
  ['setStatus', { status: ['active'] }, NONE],
  ['remove', { now: ['true'] }, NONE],
]

describe('a body', () => {
  const generic = NO_BODIES.flatMap(([what, given]) => WITH_BODY.map((operation) => ({ what, operation, given })))
  const cases = generic.length + NEARLY.length + QUERIES.length
  let refused = 0
  afterAll(() => figure('strict-bodies', `${refused} of ${cases} bodies and queries refused, nobody asked`))

  async function refusal(operation: Operation, change: object, expected: object) {
    const { answer, audit, asked } = await entry.call(eventOf(operation, 'netrex', change))
    expect(asked).toEqual({})
    expect(answer?.statusCode).toBe(400)
    expect(answer?.headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    expect(JSON.parse(answer?.body ?? '')).toEqual(expected)
    expect(audit).toMatchObject([{ op: operation, outcome: 'bad_request' }])
    // What was sent is said back to nobody.
    expect(`${answer?.body}${JSON.stringify(audit)}`).not.toContain(CANARY)
    refused += 1
  }

  it.each(generic)('of $operation that is $what is refused, and nobody is asked', async ({ operation, given }) => {
    await refusal(operation, typeof given === 'string' ? { body: given } : given, misfit(operation))
  })

  it.each(NEARLY)('of %s that is nearly one is refused: %.60s', async (operation, body) => {
    await refusal(operation, { body }, misfit(operation))
  })

  it.each(QUERIES)('is not what %s takes from its query: %j', async (operation, query, detail) => {
    await refusal(operation, { multiValueQueryStringParameters: query }, problemOf(detail))
  })

  it.each(WITH_BODY)('of %s is read where it fits, also in base64', async (operation) => {
    const elsewhere = { path: pathOf(operation, 'netrex', 'no-such'), pathParameters: { connection: 'no-such' } }
    const fitting = Buffer.from(FITTING[operation])
    for (const change of [{ body: fitting.toString() }, inBase64(fitting)]) {
      const { answer, asked } = await entry.call(eventOf(operation, 'netrex', { ...elsewhere, ...change }))
      const { code } = JSON.parse(answer?.body ?? '')
      expect(code).toBe(operation === 'authorize' ? 'authorization_invalid' : 'unknown_connection')
      expect(asked).not.toEqual({})
    }
  })

  const FITTING: Record<(typeof WITH_BODY)[number], string> = {
    refresh: '{"rejected":"0123456789abcdef"}',
    setOwner: '{"owner":"ada"}',
    setStatus: '{"status":"active"}',
    setKeepWarm: '{"keep_warm":false}',
    acknowledge: '{}',
    tryVersion: '{"version":"v1"}',
    authorize: `{"state":"${STATE}","code":"c"}`,
  }
})

describe('over HTTP, on a laptop', () => {
  const path = '/v1/connections/netrex/hq'
  const OK = { method: 'GET', path }
  const FORGED =
    'AWS4-HMAC-SHA256 Credential=AKIDCALLER/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=00'
  let refused = 0
  afterAll(() => figure('strict-http', `${refused} of ${REFUSED.length} requests refused, nobody asked`))

  const signed = (shape: Partial<Parameters<typeof signedBytes>[1]>) => signedBytes(entry.gateway, { ...OK, ...shape })
  const having = (headers: object) => signed({ headers })
  const swapped = async (was: string | RegExp, becomes: string) => (await signed({})).replace(was, becomes)

  /** The status, and what the answer begins with. */
  const REFUSED: readonly (readonly [string, () => Promise<string>, number, string])[] = [
    [
      'without a signature',
      () => swapped(/\r\nauthorization: .*/, ''),
      403,
      '{"message":"Missing Authentication Token"}',
    ],
    ['with a forged signature', () => swapped(/authorization: .*/, `authorization: ${FORGED}`), 403, '{"message":"'],
    ['with another method than signed', () => swapped('GET', 'DELETE'), 403, '{"message":"The request signature'],
    [
      'with another path than signed',
      () => swapped('netrex/hq ', 'netrex/hr '),
      403,
      '{"message":"The request signature',
    ],
    ['with a query that is not signed', () => swapped('hq ', 'hq?next=a '), 403, '{"message":"The request signature'],
    [
      'with a body that is not signed',
      () => swapped(/content-length: 0(.*)$/s, 'content-length: 2$1{}'),
      403,
      '{"message":"The',
    ],
    ['with another host than signed', () => swapped(/host: .*/, 'host: evil.example'), 403, 'This request'],
    [
      'with a basic authorization',
      () => swapped(/authorization: .*/, 'authorization: Basic YTpi'),
      403,
      '{"message":"',
    ],
    ['with a bearer token', () => swapped(/authorization: .*/, 'authorization: Bearer t'), 403, '{"message":"'],
    [
      'with a forged authorization before its own',
      () => swapped(/authorization: /, `Authorization: ${FORGED}\r\nauthorization: `),
      403,
      '{"message":"',
    ],
    ['with a signed header twice', () => having({ 'X-Amz-Date': '20260101T000000Z' }), 403, '{"message":"'],
    [
      'with a session token that is not signed',
      () => having({ 'x-amz-security-token': 't' }),
      403,
      '{"message":"The request',
    ],
    [
      'with a method that there is not',
      () => signed({ method: 'PATCH' }),
      403,
      '{"message":"Missing Authentication Token"}',
    ],
    ['with OPTIONS', () => signed({ method: 'OPTIONS' }), 403, '{"message":"Missing Authentication Token"}'],
    ['with HEAD', () => signed({ method: 'HEAD' }), 403, ''],
    ['with the method in small letters', () => swapped('GET', 'get'), 400, ''],
    ['with the whole address for a path', () => swapped('/v1', 'http://127.0.0.1/v1'), 403, 'This request'],
    [
      'without its stage',
      () => signed({ path: '/connections/netrex/hq' }),
      403,
      '{"message":"Missing Authentication Token"}',
    ],
    [
      'of another vendor',
      () => signed({ path: '/v1/tokens/accelo/hq' }),
      403,
      '{"message":"Missing Authentication Token"}',
    ],
    ['of the prototype', () => signed({ path: '/v1/__proto__' }), 403, '{"message":"Missing Authentication Token"}'],
    [
      'of the route that was there before',
      () => signed({ method: 'POST' }),
      403,
      '{"message":"Missing Authentication Token"}',
    ],
    ['without a host', () => swapped(/\r\nhost: .*/, ''), 400, ''],
    ['with two hosts', () => having({ Host: 'evil.example' }), 403, 'This request'],
    ['with two lengths', () => having({ 'Content-Length': '5' }), 400, ''],
    ['with a length below zero', () => swapped('content-length: 0', 'content-length: -1'), 400, ''],
    ['with a length and chunks', () => having({ 'transfer-encoding': 'chunked' }), 400, ''],
    ['with chunks that are none', () => swapped('content-length: 0', 'transfer-encoding: chunked, gzip'), 400, ''],
    ['with NUL in a header', () => having({ 'x-a': 'a\0b' }), 400, ''],
    ['with a header over two lines', () => having({ 'x-a': 'a\r\n b' }), 400, ''],
    ['with a header that has no name', () => having({ '': 'a' }), 400, ''],
    ['with 40 KB of headers', () => having({ 'x-a': 'a'.repeat(40_000) }), 431, ''],
    ['with a version that there is not', () => swapped('HTTP/1.1', 'HTTP/9.9'), 400, ''],
    ['that is no HTTP', async () => `${'\x16\x03\x01'}\r\n\r\n`, 400, ''],
  ]

  it.each(REFUSED)('a call %s ends before anybody is asked', async (_what, bytes, status, beginning) => {
    const seen = await entry.send(await bytes())
    expect([seen.status, seen.body.slice(0, beginning.length), seen.asked, seen.audit]).toEqual([
      status,
      beginning,
      {},
      [],
    ])
    if (beginning === '') expect(seen.body).not.toContain('{')
    refused += 1
  })

  /** Headers by which other servers do otherwise. */
  const IGNORED: readonly (readonly [string, () => Promise<string>])[] = [
    [
      'another method',
      () => having({ 'X-HTTP-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE', 'X-Method-Override': 'DELETE' }),
    ],
    [
      'another host',
      () => having({ 'X-Forwarded-Host': 'evil.example', 'X-Host': 'evil.example', Forwarded: 'host=evil.example' }),
    ],
    [
      'another path',
      () => having({ 'X-Original-URL': '/v1/tokens/netrex/hq', 'X-Rewrite-URL': '/v1/tokens/netrex/hq' }),
    ],
    [
      'another caller',
      () => having({ 'X-Amzn-Iam-User-Arn': 'arn:aws:iam::1:user/mallory', 'X-Forwarded-For': '192.0.2.1' }),
    ],
    ['another authorization behind its own', () => having({ Authorization: FORGED })],
    ['another content type', () => having({ 'content-type': 'text/html' })],
    ['another encoding', () => having({ 'accept-encoding': 'gzip, br', accept: 'text/html' })],
    ['the prototype', () => having({ constructor: 'a' })],
    ['200 more of them', () => having(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'a'])))],
    ['a cookie and an origin', () => having({ cookie: 'a=b' })],
    ['a range and a condition', () => having({ range: 'bytes=0-1', 'if-none-match': '*' })],
    ['a wish to go on', () => having({ expect: '100-continue' })],
    ['a wish for another protocol', () => having({ upgrade: 'h2c', connection: 'close' })],
    ['an old version', () => swapped('HTTP/1.1', 'HTTP/1.0')],
  ]

  it.each(IGNORED)('a call with headers for %s is the call that was signed', async (_what, bytes) => {
    const { status, body, audit } = await entry.send(await bytes())
    const answer = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)
    expect([status, JSON.parse(answer)]).toMatchObject([200, { vendor: 'netrex', connection: 'hq' }])
    expect(audit).toMatchObject([
      { op: 'show', caller: 'arn:aws:iam::000000000000:user/laptop', connection: 'netrex#hq' },
    ])
  })
})
