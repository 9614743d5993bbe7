import { execFile } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { promisify } from 'node:util'
import { SignatureV4 } from '@smithy/signature-v4'
import { listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import { type SignedRequest, verifySigV4 } from '../../lib/local/sigv4.ts'

const now = new Date('2026-03-01T12:00:00Z')
const caller = {
  accessKeyId: 'AKIDLOCAL',
  secretAccessKey: 'local-secret',
  region: 'us-east-1',
  service: 'execute-api',
}
const expected = { ...caller, now }
const body = '{"rejected":"0123456789abcdef"}'

/** What smithy needs of a hash: `new` gives something with update and digest. */
function Sha256(this: unknown, secret?: string | Uint8Array) {
  const hash = secret ? createHmac('sha256', secret) : createHash('sha256')
  return { update: (data: Uint8Array) => void hash.update(data), digest: async () => new Uint8Array(hash.digest()) }
}

interface Shape {
  readonly method?: string
  readonly path?: string
  readonly query?: Record<string, string | string[]>
  readonly rawQuery?: string
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly signer?: Partial<typeof caller> & { sessionToken?: string }
  readonly at?: Date
}

async function signed(shape: Shape = {}): Promise<SignedRequest> {
  const who = { ...caller, ...shape.signer }
  const signer = new SignatureV4({
    credentials: who,
    region: who.region,
    service: who.service,
    // The function is called with new only, and answers the two methods smithy's Checksum has.
    sha256: Sha256 as unknown as ConstructorParameters<typeof SignatureV4>[0]['sha256'],
  })
  const method = shape.method ?? 'POST'
  const path = shape.path ?? '/v1/tokens/accelo/hq/refresh'
  const signable = {
    method,
    protocol: 'https:',
    hostname: '127.0.0.1',
    path,
    query: shape.query ?? { min_ttl: '300' },
    headers: { host: '127.0.0.1:4000', 'content-type': 'application/json', ...shape.headers },
    ...(method === 'POST' && { body: shape.body ?? body }),
  }
  const { headers } = await signer.sign(signable, { signingDate: shape.at ?? now })
  const rawQuery = shape.rawQuery ?? 'min_ttl=300'
  return { method, rawPath: path, rawQuery, headers, body: signable.body ?? '' }
}

const verdictOn = (request: SignedRequest) => verifySigV4(request, expected)
const mismatch = expect.objectContaining({
  ok: false,
  status: 403,
  errorType: 'InvalidSignatureException',
  message: expect.stringContaining('The request signature we calculated does not match'),
})

describe('a request signed as the SDK signs', () => {
  it('is accepted, and says who signed it', async () => {
    expect(verdictOn(await signed())).toEqual({ ok: true, accessKeyId: 'AKIDLOCAL' })
  })

  it('is accepted without a body and without a query', async () => {
    const request = await signed({ method: 'GET', query: {}, rawQuery: '' })
    expect(verdictOn(request)).toMatchObject({ ok: true })
  })

  it('is accepted with a session token, which then has to be the one that was signed', async () => {
    const request = await signed({ signer: { sessionToken: 'session-1' } })
    expect(verdictOn(request)).toMatchObject({ ok: true })
    const swapped = { ...request.headers, 'x-amz-security-token': 'session-2' }
    expect(verdictOn({ ...request, headers: swapped })).toEqual(mismatch)
  })

  it('is accepted whatever the case of its header names', async () => {
    const request = await signed()
    const shouted = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k.toUpperCase(), v]))
    expect(verdictOn({ ...request, headers: shouted })).toMatchObject({ ok: true })
  })

  it.each([
    ['repeated keys, in any order', { a: ['2', '1'], b: '3' }, 'b=3&a=2&a=1'],
    ['reserved characters', { q: "(x),*!'$&=+/?" }, "q=(x),*!'%24%26%3D%2B%2F%3F"],
    ['a space, as %20 or as a plus', { q: 'a b c' }, 'q=a%20b+c'],
    ['letters beyond ASCII', { name: 'é€' }, 'name=%C3%A9%E2%82%AC'],
    ['a name without a value', { flag: '' }, 'flag'],
    ['names that are the beginning of each other', { a: '1', 'a-b': '2', ab: '3' }, 'ab=3&a-b=2&a=1'],
  ])('is accepted with %s in the query', async (_, query, rawQuery) => {
    expect(verdictOn(await signed({ query, rawQuery }))).toMatchObject({ ok: true })
  })

  it.each(['/', '/a%20b/c', '/arn%3Aaws%3Ax', '/a/./b/../c/', '//a//b', '/%C3%A9'])(
    'is accepted on the path %s',
    async (path) => {
      expect(verdictOn(await signed({ path }))).toMatchObject({ ok: true })
    },
  )

  it('is accepted when a signed header was sent twice, given as a list', async () => {
    const request = await signed({ headers: { 'x-trace': 'one,two' } })
    const headers = { ...request.headers, 'x-trace': ['one', ' two '] }
    expect(verdictOn({ ...request, headers })).toMatchObject({ ok: true })
  })
})

describe('a request changed on the way', () => {
  it.each([
    ['the method', (r: SignedRequest) => ({ ...r, method: 'DELETE' })],
    ['the path', (r: SignedRequest) => ({ ...r, rawPath: '/v1/tokens/accelo/other/refresh' })],
    ['the encoding of the path', (r: SignedRequest) => ({ ...r, rawPath: r.rawPath.replace('hq', '%68q') })],
    ['a query value', (r: SignedRequest) => ({ ...r, rawQuery: 'min_ttl=301' })],
    ['an added query parameter', (r: SignedRequest) => ({ ...r, rawQuery: 'min_ttl=300&x=1' })],
    ['a query that is not UTF-8', (r: SignedRequest) => ({ ...r, rawQuery: 'min_ttl=%FF' })],
    ['a lost query', (r: SignedRequest) => ({ ...r, rawQuery: '' })],
    ['the body', (r: SignedRequest) => ({ ...r, body: `${body} ` })],
    ['a lost body', (r: SignedRequest) => ({ ...r, body: '' })],
  ])('is refused: %s', async (_, change) => {
    expect(verdictOn(change(await signed()))).toEqual(mismatch)
  })

  it.each(['host', 'content-type', 'x-amz-content-sha256'])('is refused: header %s changed or gone', async (name) => {
    const request = await signed()
    expect(Object.keys(request.headers)).toContain(name)
    expect(verdictOn({ ...request, headers: { ...request.headers, [name]: 'other' } })).toEqual(mismatch)
    expect(verdictOn({ ...request, headers: { ...request.headers, [name]: undefined } })).toMatchObject({ ok: false })
  })

  it('is refused: date moved by a minute', async () => {
    const request = await signed()
    expect(verdictOn({ ...request, headers: { ...request.headers, 'x-amz-date': '20260301T120100Z' } })).toEqual(
      mismatch,
    )
  })

  it('is refused: signature truncated, altered or empty', async () => {
    const request = await signed()
    const authorization = String(request.headers.authorization)
    const last = authorization.endsWith('0') ? '1' : '0'
    const withAuthorization = (value: string) => ({ ...request, headers: { ...request.headers, authorization: value } })
    expect(verdictOn(withAuthorization(authorization.slice(0, -1)))).toEqual(mismatch)
    expect(verdictOn(withAuthorization(authorization.slice(0, -1) + last))).toEqual(mismatch)
    const empty = authorization.replace(/Signature=.*/, 'Signature=')
    expect(verdictOn(withAuthorization(empty))).toMatchObject({ errorType: 'IncompleteSignatureException' })
  })

  it('is refused: a session token added after signing', async () => {
    const request = await signed()
    const headers = { ...request.headers, 'x-amz-security-token': 'session-1' }
    expect(verdictOn({ ...request, headers })).toEqual(mismatch)
  })

  it('is refused: UNSIGNED-PAYLOAD, which would leave the body open', async () => {
    expect(verdictOn(await signed({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }))).toEqual(mismatch)
  })

  it('is refused: host not among the signed headers', async () => {
    const request = await signed()
    const authorization = String(request.headers.authorization).replace('host;', '')
    expect(verdictOn({ ...request, headers: { ...request.headers, authorization } })).toMatchObject({
      errorType: 'InvalidSignatureException',
      message: "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    })
  })
})

describe('a request signed by somebody else, for something else or at another time', () => {
  it('is refused without a signature in the words API Gateway uses', () => {
    const bare = { method: 'GET', rawPath: '/', rawQuery: '', headers: { host: 'h' }, body: '' }
    expect(verdictOn(bare)).toEqual({
      ok: false,
      status: 403,
      errorType: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    })
  })

  it('is refused with the wrong secret', async () => {
    expect(verdictOn(await signed({ signer: { secretAccessKey: 'other' } }))).toEqual(mismatch)
  })

  it.each([
    [
      { accessKeyId: 'AKIDOTHER' },
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    [{ region: 'eu-west-1' }, 'InvalidSignatureException', 'Credential should be scoped to a valid region.'],
    [{ service: 's3' }, 'InvalidSignatureException', "Credential should be scoped to correct service: 'execute-api'."],
  ])('is refused when signed with %j', async (signer, errorType, message) => {
    expect(verdictOn(await signed({ signer }))).toEqual({ ok: false, status: 403, errorType, message })
  })

  it('is accepted 5 minutes off on either side and refused one second later', async () => {
    const at = (seconds: number) => signed({ at: new Date(now.getTime() + seconds * 1000) })
    expect(verdictOn(await at(-300))).toMatchObject({ ok: true })
    expect(verdictOn(await at(300))).toMatchObject({ ok: true })
    expect(verdictOn(await at(-301))).toMatchObject({
      errorType: 'InvalidSignatureException',
      message: 'Signature expired: 20260301T115459Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)',
    })
    expect(verdictOn(await at(301))).toMatchObject({
      errorType: 'InvalidSignatureException',
      message:
        'Signature not yet current: 20260301T120501Z is still later than 20260301T120500Z (20260301T120000Z + 5 min.)',
    })
  })

  it('is refused when the day of the scope is not the day of the date', async () => {
    const request = await signed()
    const authorization = String(request.headers.authorization).replace('/20260301/', '/20260228/')
    const verdict = verdictOn({ ...request, headers: { ...request.headers, authorization } })
    expect(verdict).toMatchObject({ errorType: 'InvalidSignatureException' })
  })

  it.each([
    'Bearer abc',
    'Basic dXNlcjpwYXNz',
    'AWS4-HMAC-SHA256',
    'AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=0',
    'AWS4-HMAC-SHA256 Credential=a/20260301/us-east-1/execute-api/aws4_request, Signature=0',
    'AWS4-HMAC-SHA512 Credential=a/20260301/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0',
  ])('is refused as incomplete: %s', (authorization) => {
    const headers = { host: 'h', 'x-amz-date': '20260301T120000Z', authorization }
    const verdict = verdictOn({ method: 'GET', rawPath: '/', rawQuery: '', headers, body: '' })
    expect(verdict).toMatchObject({ ok: false, status: 403, errorType: 'IncompleteSignatureException' })
  })

  it.each([undefined, 'yesterday'])('is refused as incomplete with the date %s', async (date) => {
    const request = await signed()
    const verdict = verdictOn({ ...request, headers: { ...request.headers, 'x-amz-date': date } })
    expect(verdict).toMatchObject({ errorType: 'IncompleteSignatureException' })
  })
})

describe('curl --aws-sigv4', () => {
  it('is accepted with and without a body, and refused with another secret', async () => {
    const verdicts: string[] = []
    const server = await listenOnLoopback(0, async (request, response) => {
      const [rawPath = '', rawQuery = ''] = (request.url ?? '').split('?')
      const headers = request.headersDistinct
      const seen = { method: request.method ?? '', rawPath, rawQuery, headers, body: await readBody(request) }
      const verdict = verifySigV4(seen, { ...caller, now: new Date() })
      verdicts.push(verdict.ok ? 'ok' : verdict.errorType)
      response.end()
    })
    const curl = (secret: string, ...args: string[]) =>
      promisify(execFile)('curl', [
        ...['-sS', '-u', `${caller.accessKeyId}:${secret}`, '--aws-sigv4', 'aws:amz:us-east-1:execute-api'],
        ...args,
      ]).catch((error: NodeJS.ErrnoException) => error.code)
    const url = `${server.url}/v1/tokens/accelo/hq`
    // A machine without curl has nothing to prove here.
    if ((await curl(caller.secretAccessKey, `${url}?min_ttl=300`)) !== 'ENOENT') {
      await curl(
        caller.secretAccessKey,
        '-H',
        'x-amz-security-token: t',
        '-H',
        'content-type: application/json',
        '-d',
        body,
        url,
      )
      await curl('wrong', url)
      expect(verdicts).toEqual(['ok', 'ok', 'InvalidSignatureException'])
    }
    await server.close()
  })
})
