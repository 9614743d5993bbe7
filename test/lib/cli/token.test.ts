import { run } from '../../../lib/cli/run.ts'

const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' }
const environment = { ...credentials, VENDOMAT_URL: 'http://127.0.0.1:1/v1' }

beforeAll(() => {
  // The default credential chain reads the process's own environment.
  Object.assign(process.env, credentials)
})

const given = {
  access_token: "t1'",
  token_type: 'Bearer',
  expires_in: 3600,
  warnings: [{ code: 'not_renewed', detail: 'it is ageing' }],
}

/** Runs a command line against a machine that gives one answer. */
async function vendomat(
  line: string,
  { status = 200, body = given as unknown, env = environment as Record<string, string> } = {},
) {
  const requests: { url: string; headers: Headers }[] = []
  const out: string[] = []
  const said: string[] = []
  const http: typeof fetch = async (url, init) => {
    requests.push({ url: String(url), headers: new Headers(init?.headers) })
    return new Response(JSON.stringify(body), { status })
  }
  const code = await run(line.split(' ').filter(Boolean), {
    environment: env,
    http,
    out: (text) => out.push(text),
    say: (text) => said.push(text),
  })
  return { code, out: out.join('\n'), said: said.join('\n'), requests }
}

const problem = (status: number) => ({
  status,
  body: { title: 'No', detail: 'because', next_step: 'do this', request_id: 'r1' },
})

describe('vendomat token', () => {
  it('prints the token alone, and warnings apart from it', async () => {
    const { code, out, said } = await vendomat('token accelo hq')
    expect([code, out]).toEqual([0, "t1'"])
    expect(said).toBe('warning: it is ageing')
  })

  it('signs the call for API Gateway', async () => {
    const { requests } = await vendomat('token accelo hq --min-ttl 600')
    expect(requests[0]?.url).toBe('http://127.0.0.1:1/v1/tokens/accelo/hq?min_ttl=600')
    expect(requests[0]?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/execute-api\/aws4_request, SignedHeaders=host;/,
    )
  })

  it('takes the region from the address of a deployed machine', async () => {
    const env = {
      ...environment,
      AWS_REGION: 'us-east-1',
      VENDOMAT_URL: 'https://abc123.execute-api.eu-north-1.amazonaws.com/v1',
    }
    const { requests } = await vendomat('token accelo hq', { env })
    expect(requests[0]?.headers.get('authorization')).toContain('/eu-north-1/execute-api/')
  })

  it.each([
    ['-o json', JSON.stringify(given, undefined, 2)],
    ['-o header', "Authorization: Bearer t1'"],
    ['--output env', "export ACCELO_TOKEN='t1'\\'''"],
  ])('prints with %s what other tools read', async (option, expected) => {
    expect((await vendomat(`token accelo hq ${option}`)).out).toBe(expected)
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
    const { code, out, said } = await vendomat('token accelo hq', problem(status))
    expect([code, out]).toEqual([expected, ''])
    expect(said).toContain('next step: do this')
  })

  it('passes on what the gateway says', async () => {
    const { code, said } = await vendomat('token accelo hq', {
      status: 403,
      body: { Message: 'not authorized to perform: execute-api:Invoke' },
    })
    expect(code).toBe(3)
    expect(said).toContain('not authorized to perform')
  })

  it('exits with 5 when nobody answers', async () => {
    const http: typeof fetch = () => Promise.reject(new TypeError('fetch failed'))
    const said: string[] = []
    expect(
      await run(['token', 'accelo', 'hq'], { environment, http, out: () => {}, say: (text) => said.push(text) }),
    ).toBe(5)
    expect(said.join()).toContain('http://127.0.0.1:1 does not answer')
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
    'vend accelo hq',
  ])('called as "%s" exits with 2, says how to call it, and calls nobody', async (line) => {
    const { code, out, said, requests } = await vendomat(line)
    expect([code, out, requests]).toEqual([2, '', []])
    expect(said).toMatch(/vendomat token <vendor> <connection>|vendomat token {5}/)
  })

  it.each([{ VENDOMAT_URL: '' }, { VENDOMAT_URL: 'not an address' }, { AWS_REGION: '' }])(
    'without %j in the environment exits with 2 and names what is missing',
    async (change) => {
      const { code, said } = await vendomat('token accelo hq', { env: { ...environment, ...change } })
      expect(code).toBe(2)
      expect(said).toContain(Object.keys(change)[0])
    },
  )

  it.each(['', '--help', 'help', 'token --help'])('tells how it is used with "%s"', async (line) => {
    const { code, out } = await vendomat(line)
    expect(code).toBe(0)
    expect(out).toContain('vendomat token')
  })
})
