import { AWS, MACHINE, problem, vendomat, type World } from './shell.ts'

const environment = { ...AWS, VENDOMAT_URL: MACHINE }

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const given = {
  access_token: "t1'",
  token_type: 'Bearer',
  expires_in: 3600,
  warnings: [{ code: 'not_renewed', detail: 'it is ageing' }],
}
const answered = (line: string, answer: unknown = given, world: World = {}) =>
  vendomat(line, {
    answers: {
      'GET /tokens/accelo/hq': answer,
      'GET /tokens/accelo/hq?min_ttl=600': answer,
      'POST /tokens/accelo/hq/refresh': answer,
    },
    ...world,
  })

describe('vendomat token', () => {
  it('prints the token alone, and warnings apart from it', async () => {
    const { code, out, said } = await answered('token accelo hq')
    expect([code, out]).toEqual([0, "t1'"])
    expect(said).toBe('warning: it is ageing')
  })

  it('names the vendors that there are where the gateway has no route for one', async () => {
    const noRoute = () => new Response('{"message":"Missing Authentication Token"}', { status: 403 })
    const answers = { 'GET /tokens/acelo/hq': noRoute }
    const among = { VENDOMAT_VENDORS: 'accelo,netrex' }
    const { code, said } = await vendomat('token acelo hq', { answers, environment: { ...environment, ...among } })
    expect([code, said]).toEqual([
      2,
      expect.stringContaining('there is no vendor "acelo"; did you mean accelo? VENDOMAT_VENDORS'),
    ])
    // Where they are not known, or the vendor is among them, the gateway's own words are all there is.
    for (const VENDOMAT_VENDORS of ['', 'acelo'])
      expect(
        (await vendomat('token acelo hq', { answers, environment: { ...environment, VENDOMAT_VENDORS } })).code,
      ).toBe(3)
  })

  it('signs the call for API Gateway', async () => {
    const { calls } = await answered('token accelo hq --min-ttl 600')
    expect(calls[0]).toMatchObject({ method: 'GET', path: '/tokens/accelo/hq?min_ttl=600', body: undefined })
    expect(calls[0]?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/execute-api\/aws4_request, SignedHeaders=host;/,
    )
  })

  it('takes the region from the address of a deployed machine', async () => {
    const env = {
      ...environment,
      AWS_REGION: 'us-east-1',
      VENDOMAT_URL: 'https://abc123.execute-api.eu-north-1.amazonaws.com/v1',
    }
    const seen: Headers[] = []
    const deployed: typeof fetch = async (_url, init) => {
      seen.push(new Headers(init?.headers))
      return new Response(JSON.stringify(given))
    }
    await vendomat('token accelo hq', { environment: env, vendor: deployed })
    expect(seen[0]?.get('authorization')).toContain('/eu-north-1/execute-api/')
  })

  it.each([
    ['-o json', JSON.stringify(given, undefined, 2)],
    ['-o header', "Authorization: Bearer t1'"],
    ['--output env', "export ACCELO_TOKEN='t1'\\'''"],
    [
      '-o exec-credential',
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t1\'"}}',
    ],
    ['-o git', "username=oauth2\npassword=t1'"],
  ])('prints with %s what other tools read', async (option, expected) => {
    expect((await answered(`token accelo hq ${option}`)).out).toBe(expected)
  })

  it.each([
    ['exec-credential', '"expirationTimestamp":"2026-11-22T12:00:00Z"'],
    ['git', 'password_expiry_utc=1795348800'],
  ])('says with -o %s when the token ends', async (output, expected) => {
    const ending = { ...given, expires_at: '2026-11-22T12:00:00Z' }
    expect((await answered(`token accelo hq -o ${output}`, ending)).out).toContain(expected)
  })

  it.each([
    [403, 3],
    [404, 6],
    [409, 1],
    [422, 2],
    [424, 4],
    [429, 5],
    [502, 1],
    [503, 5],
  ])('says what to do when the machine answers %i, prints nothing, and exits with %i', async (status, expected) => {
    const { code, out, said } = await answered('token accelo hq', problem(status))
    expect([code, out]).toEqual([expected, ''])
    expect(said).toContain('next step: do this')
  })

  it('says no more of a refused signature than the gateway’s first line, since a session token stands below', async () => {
    const message = 'The request signature we calculated does not match.\n\nx-amz-security-token:canary-session'
    const { said } = await answered('token accelo hq', new Response(JSON.stringify({ message }), { status: 403 }))
    expect(said).toBe('vendomat: the gateway answered 403: The request signature we calculated does not match.')
  })

  it('passes on what the gateway says', async () => {
    const refusal = { Message: 'not authorized to perform: execute-api:Invoke' }
    const { code, said } = await answered('token accelo hq', new Response(JSON.stringify(refusal), { status: 403 }))
    expect(code).toBe(3)
    expect(said).toContain('not authorized to perform')
  })

  it('exits with 5 when nobody answers', async () => {
    const nobody = () => Promise.reject(new TypeError('fetch failed'))
    const { code, said } = await answered('token accelo hq', nobody)
    expect(code).toBe(5)
    expect(said).toContain('http://127.0.0.1:1 does not answer')
  })

  it('exits with 1 and quotes nothing when the answer is none', async () => {
    const { code, out, said } = await answered('token accelo hq', { access_token: 17, hint: 'canary' })
    expect([code, out]).toEqual([1, ''])
    expect(said).not.toContain('canary')
  })

  it('reports a refused token, with a signed body, and prints the one that follows it', async () => {
    const { code, out, calls } = await answered('token accelo hq --rejected 0123456789abcdef -o header')
    expect([code, out]).toEqual([0, "Authorization: Bearer t1'"])
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({ method: 'POST', body: { rejected: '0123456789abcdef' } })
    expect(calls[0]?.headers.get('content-type')).toBe('application/json')
    expect(calls[0]?.headers.get('authorization')).toMatch(/SignedHeaders=content-type;host;/)
  })

  it.each([
    'token',
    'token accelo',
    'token accelo hq more',
    'token Accelo hq',
    'token accelo ../hq',
    'token accelo hq -o xml',
    'token accelo hq -o toString',
    'token accelo hq --min-ttl -5',
    'token accelo hq --no-such-option',
    'token accelo hq --rejected',
    'token accelo hq --rejected the-token-itself',
    'token accelo hq --rejected 0123456789abcdef --min-ttl 600',
    'vend accelo hq',
  ])('called as "%s" exits with 2, says why in one line and where to read more, and calls nobody', async (line) => {
    const { code, out, said, calls } = await answered(line)
    expect([code, out, calls]).toEqual([2, '', []])
    expect(said).toMatch(/^vendomat: .+ \(more: vendomat help( token)?\)$/)
  })

  it.each([{ VENDOMAT_URL: '' }, { VENDOMAT_URL: 'not an address' }, { AWS_REGION: '' }])(
    'without %j in the environment exits with 2 and names what is missing',
    async (change) => {
      const { code, said } = await vendomat('token accelo hq', { environment: { ...environment, ...change } })
      expect(code).toBe(2)
      expect(said).toContain(Object.keys(change)[0])
    },
  )

  it.each(['', '--help', 'help', 'token --help'])('says how it is used with "%s"', async (line) => {
    const { code, out } = await vendomat(line)
    expect(code).toBe(0)
    expect(out).toMatch(/^(Usage: vendomat| +) token +(print|\[options)/m)
  })
})
