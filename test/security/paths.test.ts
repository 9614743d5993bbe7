import { type Operation, ROUTES } from '../../functions/api/routes.ts'
import { figure } from '../support/figure.ts'
import { type Entry, eventOf, ofVendor, pathOf, signedBytes, startEntry } from './entry.ts'

let entry: Entry
beforeAll(async () => {
  entry = await startEntry('accelo')
})
afterAll(() => entry.close())

/** As API Gateway decodes what it finds in a path. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const PROBLEM = {
  type: 'urn:vendomat:problem:bad-request',
  title: 'The request is not understood',
  status: 400,
  detail: 'a connection is named with a-z, 0-9 and "-", at most 63 of them, and the path spells it out',
  code: 'bad_request',
  retryable: false,
  next_step: 'correct the request',
}

/** Who refuses the segment where a gateway stands before the function: the function, the gateway, or HTTP itself. */
const SEGMENTS: readonly (readonly [string, string, 'function' | 'gateway' | 'http'])[] = [
  ['hq with its first letter encoded', '%68q', 'function'],
  ['hq encoded', '%68%71', 'function'],
  ['hq encoded twice', '%2568%2571', 'function'],
  ['nothing', '', 'gateway'],
  ['64 characters', 'a'.repeat(64), 'function'],
  ['4,000 characters', 'a'.repeat(4000), 'function'],
  ['upper case', 'HQ', 'function'],
  ['one capital', 'Hq', 'function'],
  ['the folder above', '..', 'function'],
  ['this folder', '.', 'function'],
  ['the folder above, encoded', '%2e%2e', 'function'],
  ['the folder above, half encoded', '.%2E', 'function'],
  ['this folder, encoded', '%2e', 'function'],
  ['a folder and back', 'x%2f..%2fhq', 'function'],
  ['a slash, encoded', '%2f', 'function'],
  ['a slash behind, encoded', 'hq%2f', 'function'],
  ['a slash before, encoded', '%2Fhq', 'function'],
  ['a slash, encoded twice', 'hq%252f', 'function'],
  ['another route behind an encoded slash', 'hq%2frefresh', 'function'],
  ['a backslash', 'hq\\x', 'function'],
  ['a backslash, encoded', 'hq%5c', 'function'],
  ['a matrix parameter', 'hq;a=b', 'function'],
  ['a semicolon', 'hq;', 'function'],
  ['a number sign', 'hq#', 'function'],
  ['a number sign, encoded', 'accelo%23hq', 'function'],
  ['the key of a row', 'accelo#hq', 'function'],
  ['a question mark, encoded', 'hq%3fmin_ttl=1', 'function'],
  ['NUL, encoded', 'hq%00', 'function'],
  ['NUL', 'hq\0', 'http'],
  ['a line feed, encoded', 'hq%0a', 'function'],
  ['a line feed', 'hq\n', 'http'],
  ['a carriage return and line feed, encoded', 'hq%0d%0a', 'function'],
  ['a tab, encoded', 'hq%09', 'function'],
  ['a tab', 'hq\t', 'http'],
  ['a space before, encoded', '%20hq', 'function'],
  ['a space behind, encoded', 'hq%20', 'function'],
  ['a space', 'h q', 'http'],
  ['a plus', 'hq+', 'function'],
  ['a mark for right to left', 'hq%E2%80%8F', 'function'],
  ['a zero-width space', 'h%E2%80%8Bq', 'function'],
  ['a no-break space', 'hq%C2%A0', 'function'],
  ['full-width letters', '%EF%BD%88%EF%BD%91', 'function'],
  ['a Cyrillic letter that looks alike', '%D2%BBq', 'function'],
  ['an accent in one character', 'h%C3%A9', 'function'],
  ['an accent in two', 'he%CC%81', 'function'],
  ['an emoji', '%F0%9F%94%91', 'function'],
  ['bytes above ASCII', 'h\u00e9', 'http'],
  ['UTF-8 that is none', '%ff%fe', 'function'],
  ['an overlong slash', 'hq%c0%af', 'function'],
  ['half a percent', 'hq%', 'function'],
  ['a percent of no number', 'hq%zz', 'function'],
  ['a percent in the manner of JavaScript', '%u0068%u0071', 'function'],
  ['a long chain of percents', `%${'25'.repeat(1000)}68q`, 'function'],
  ['the prototype', '__proto__', 'function'],
  ['a property of every object', 'hasOwnProperty', 'function'],
  ['an item of the table', 'STATE', 'function'],
  ['another item of the table', 'CTRL', 'function'],
  ['an item of all', 'GLOBAL', 'function'],
  ['a wildcard', '*', 'function'],
  ['a wildcard, encoded', '%2A', 'function'],
  ['a wildcard behind', 'h*', 'function'],
  ['a wildcard for one', '?q', 'gateway'],
  ['a hyphen before', '-hq', 'function'],
  ['an underscore', 'h_q', 'function'],
  ['a dot behind', 'hq.', 'function'],
  ['a file name', 'hq.json', 'function'],
  ['a comma and another', 'hq,main', 'function'],
  ['an at sign', 'hq@accelo', 'function'],
  ['a colon', 'accelo:hq', 'function'],
  ['a template', '{connection}', 'function'],
  ['a template, encoded', '%7Bconnection%7D', 'function'],
  ['a dollar sign, as in a replacement', '$&', 'function'],
  ['quotes', '%22hq%22', 'function'],
  ['an expression', '1%20OR%201=1', 'function'],
  ['a number below zero', '-1', 'function'],
  ['a fraction', '1.0', 'function'],
]

/** The same call to who decodes, folds or cuts a path, and another path to IAM. */
const SPELLINGS: readonly (readonly [string, (path: string) => string])[] = [
  ['its connection encoded', (path) => path.replace('/hq', '/%68%71')],
  ['a letter of its connection encoded', (path) => path.replace('/hq', '/h%71')],
  ['a letter of its vendor encoded', (path) => path.replace('/accelo', '/%61ccelo')],
  ['its first letter encoded', (path) => `/${encoded(path[1])}${path.slice(2)}`],
  ['its last letter encoded', (path) => `${path.slice(0, -1)}${encoded(path.at(-1))}`],
  ['an encoded slash before its vendor', (path) => path.replace('/accelo', '%2faccelo')],
  ['a slash at its end', (path) => `${path}/`],
  ['an encoded slash at its end', (path) => `${path}%2f`],
  ['two slashes at its beginning', (path) => `/${path}`],
  ['two slashes within', (path) => path.replace('/accelo', '//accelo')],
  ['this folder before it', (path) => `/.${path}`],
  ['this folder within', (path) => path.replace('/accelo', '/./accelo')],
  ['a folder and back before it', (path) => `/x/..${path}`],
  ['a folder and back before it, encoded', (path) => `/x/%2e%2e${path}`],
  ['a folder and back within', (path) => path.replace('/accelo', '/x/../accelo')],
  ['its vendor in capitals', (path) => path.replace('/accelo', '/ACCELO')],
  ['a query within', (path) => `${path}?x`],
  ['something behind', (path) => `${path}/x`],
  ['another connection', (path) => path.replace('/hq', '/hr')],
]

const encoded = (letter = ''): string => `%${letter.charCodeAt(0).toString(16)}`

/** What a caller would send. */
const BODIES: Partial<Record<Operation, string>> = {
  refresh: '{"rejected":"0123456789abcdef"}',
  setOwner: '{"owner":"ada"}',
  setStatus: '{"status":"disabled"}',
  setKeepWarm: '{"keep_warm":true}',
  acknowledge: '{}',
  tryVersion: '{"version":"v1"}',
  authorize: '{}',
}

// It has the keys of ROUTES.
const operations = Object.keys(ROUTES) as Operation[]

describe('a path', () => {
  const spelled = SPELLINGS.flatMap(([what, respell]) =>
    operations.map((operation) => ({ what, operation, path: respell(pathOf(operation, 'accelo', 'hq')) })),
  ).filter(({ operation, path }) => path !== pathOf(operation, 'accelo', 'hq'))
  const cases = 2 * SEGMENTS.length + spelled.length
  let refused = 0
  afterAll(() => figure('exact-path', `${refused} of ${cases} spellings of paths refused, nobody asked`))

  it.each(SEGMENTS)(
    'with %s for a connection is refused by the function, which asks nobody',
    async (_what, segment) => {
      const change = { path: `/tokens/accelo/${segment}`, pathParameters: { connection: decoded(segment) } }
      const { answer, audit, asked } = await entry.call(eventOf('vend', 'accelo', change))
      expect(answer?.statusCode).toBe(400)
      expect(answer?.headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
      expect(JSON.parse(answer?.body ?? '')).toEqual({ ...PROBLEM, request_id: 'r-1' })
      expect(audit).toMatchObject([{ op: 'vend', connection: 'accelo#?', outcome: 'bad_request' }])
      expect(asked).toEqual({})
      refused += 1
    },
  )

  it.each(SEGMENTS)(
    'with %s for a connection ends before anybody is asked, sent as it is',
    async (_what, segment, by) => {
      const path = `/v1/tokens/accelo/${segment}`
      const { status, body, audit, asked } = await entry.send(await signedBytes(entry.gateway, { method: 'GET', path }))
      expect(asked).toEqual({})
      expect(audit).toHaveLength(by === 'function' ? 1 : 0)
      expect(status).toBe(by === 'gateway' ? 403 : 400)
      if (by === 'function') expect(JSON.parse(body)).toMatchObject(PROBLEM)
      else expect(body).toBe(by === 'gateway' ? '{"message":"Missing Authentication Token"}' : '')
      refused += 1
    },
  )

  // What IAM has judged is another path then, of which a policy on this one says nothing.
  it.each(spelled)('with $what is not the path of $operation', async ({ operation, path }) => {
    const { answer, audit, asked } = await entry.call(eventOf(operation, 'accelo', { path }))
    expect(answer?.statusCode).toBe(400)
    expect(JSON.parse(answer?.body ?? '')).toMatchObject(PROBLEM)
    expect(audit).toMatchObject([{ op: operation, connection: 'accelo#?', outcome: 'bad_request' }])
    expect(asked).toEqual({})
    refused += 1
  })

  it('is taken as it is, also behind the base path of a custom domain', async () => {
    const paths = ['/tokens/accelo/hq', '/machine/tokens/accelo/hq', "/a/B-c_1.0$+!*'()/tokens/accelo/hq"]
    for (const path of paths) {
      const { answer } = await entry.call(eventOf('vend', 'accelo', { path }))
      expect([path, answer?.statusCode]).toEqual([path, 200])
    }
    const sent = await entry.send(await signedBytes(entry.gateway, { method: 'GET', path: '/v1/tokens/accelo/hq' }))
    expect(sent.status).toBe(200)
    expect(sent.audit).toMatchObject([{ op: 'vend', connection: 'accelo#hq' }])
  })

  it.each(operations)('of %s is taken where it spells the connection', async (operation) => {
    const name = ofVendor(operation) ? '*' : 'no-such'
    const change = { path: pathOf(operation, 'accelo', name), body: BODIES[operation] ?? null }
    const pathParameters = ofVendor(operation) ? null : { connection: name }
    const { answer, audit } = await entry.call(eventOf(operation, 'accelo', { ...change, pathParameters }))
    expect(audit).toMatchObject([{ op: operation, connection: `accelo#${name}` }])
    // Accelo needs nobody's consent.
    expect(answer?.statusCode).toBe({ list: 200, describe: 200, authorize: 400 }[operation as string] ?? 404)
  })

  it('that an event says without its connection is refused, but for what is about a vendor', async () => {
    for (const operation of operations.filter((one) => !ofVendor(one))) {
      const change = { path: pathOf(operation, 'accelo', ''), pathParameters: null, body: BODIES[operation] ?? null }
      const { answer, asked } = await entry.call(eventOf(operation, 'accelo', change))
      expect([operation, answer?.statusCode, asked]).toEqual([operation, 400, {}])
    }
  })
})
