import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAwsEndpoints } from '../../../lib/local/aws-endpoints.ts'
import { startGateway } from '../../../lib/local/gateway.ts'
import { listenOnLoopback } from '../../../lib/local/loopback.ts'
import { verifySigV4 } from '../../../lib/local/sigv4.ts'
import { machineTemplate } from '../../support/machine-stack.ts'
import { seenIn, VENDORS, vendomat } from './shell.ts'

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'canary-secret' }
const REGION = 'eu-west-1'
const HOST = `abc123.execute-api.${REGION}.amazonaws.com`
const OWN = 'vend.acme.example'
/** Of an API that is not ours. */
const OTHER = `xyz789.execute-api.${REGION}.amazonaws.com`
const GONE = `gone00.execute-api.${REGION}.amazonaws.com`
const ELSEWHERE = 'www.acme.example'
const IDENTITY = 'arn:aws:sts::444455556666:assumed-role/erp/i-0abc'

type Environment = Readonly<Record<string, string | undefined>>

/** A person's environment that is well. */
const WELL: Environment = {
  VENDOMAT_URL: `https://${HOST}/v1`,
  VENDOMAT_VENDORS: VENDORS,
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
}

/** What is not as it should be beyond this computer. */
interface Aws {
  /** By how much its clock is ahead of ours. */
  readonly aheadSeconds?: number
  /** Whether IAM lets the caller call. */
  readonly isAllowed?: boolean
  /** Whether the session of the credentials is over. */
  readonly isOver?: boolean
  /** What a proxy does to the path. */
  readonly proxy?: (path: string) => string
  /** What happens before anybody answers. */
  readonly silence?: string
  readonly isFiltered?: boolean
  readonly hasSts?: boolean
  /** Whether answers of the gateway say what time it is. */
  readonly isDated?: boolean
}

const responses = Object.values(machineTemplate().findResources('AWS::ApiGateway::GatewayResponse'))
const ours = (type: string): string =>
  responses.find(({ Properties }) => Properties.ResponseType === type)?.Properties.ResponseTemplates['application/json']

/** How a gateway refuses: in API Gateway's own words, or in those of the stack. */
type Words = Readonly<Record<string, (message: string) => string>>
const WORDS: Readonly<Record<'its own words' | 'ours', Words>> = {
  'its own words': {},
  ours: {
    MissingAuthenticationTokenException: () => ours('MISSING_AUTHENTICATION_TOKEN'),
    InvalidSignatureException: () => ours('INVALID_SIGNATURE'),
    IncompleteSignatureException: () => ours('INVALID_SIGNATURE'),
    ExpiredTokenException: () => ours('EXPIRED_TOKEN'),
    AccessDeniedException: () => ours('ACCESS_DENIED'),
    WAF: () => ours('WAF_FILTERED'),
    UnrecognizedClientException: () => ours('DEFAULT_4XX'),
  },
}

/** AWS with one machine in it, as the network shows it: SigV4 is verified as the laptop's gateway does it. */
function network(words: Words, aws: Aws): typeof fetch {
  const {
    aheadSeconds = 0,
    isAllowed = true,
    isOver,
    proxy = (path) => path,
    silence,
    isFiltered,
    hasSts = true,
    isDated = true,
  } = aws
  return async (input, init) => {
    const url = new URL(String(input))
    const now = new Date(Date.now() + aheadSeconds * 1000)
    const headers: Readonly<Record<string, string>> = isDated ? { date: now.toUTCString() } : {}
    const refuse = (type: string, message: string) =>
      new Response(words[type]?.(message) ?? JSON.stringify({ message }), {
        status: 403,
        headers: { ...headers, 'x-amzn-errortype': `${type}:http://internal.amazon.com/` },
      })
    const verify = (service: string, region: string, rawPath: string) =>
      verifySigV4(
        {
          ...{ method: init?.method ?? 'GET', rawPath, rawQuery: url.search.slice(1), body: '' },
          headers: { ...Object.fromEntries(new Headers(init?.headers)), host: url.host },
        },
        { ...KEYS, region, service, now },
      )
    if (url.hostname.startsWith('sts.')) {
      const verdict = verify('sts', url.hostname.split('.')[1] ?? '', url.pathname)
      const sts = (status: number, xml: string) => new Response(xml, { status, headers })
      if (!hasSts) throw silent('ENETUNREACH')
      if (isOver) return sts(403, '<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>')
      if (verdict.ok) return sts(200, `<Arn>${IDENTITY}</Arn><Account>444455556666</Account>`)
      const code =
        verdict.errorType === 'UnrecognizedClientException' ? 'InvalidClientTokenId' : 'SignatureDoesNotMatch'
      const error = `<Code>${code}</Code><Message>${verdict.message}</Message>`
      return sts(403, `<ErrorResponse><Error>${error}</Error></ErrorResponse>`)
    }
    if (silence) throw silent(silence)
    if (url.hostname === ELSEWHERE) return new Response('<html>', { status: 404, headers })
    if (url.hostname === GONE) return refuse('ForbiddenException', 'Forbidden')
    if (![HOST, OWN, OTHER].includes(url.hostname)) throw silent('ENOTFOUND')
    if (isFiltered) return words.WAF ? refuse('WAF', '') : refuse('ForbiddenException', 'Forbidden')
    const isRoute = url.hostname !== OTHER && /^\/v1\/(connections|tokens)\/accelo/.test(url.pathname)
    if (!isRoute) return refuse('MissingAuthenticationTokenException', 'Missing Authentication Token')
    if (isOver) return refuse('ExpiredTokenException', 'The security token included in the request is expired')
    const verdict = verify('execute-api', REGION, proxy(url.pathname))
    if (!verdict.ok) return refuse(verdict.errorType, verdict.message)
    const arn = `arn:aws:execute-api:${REGION}:********3333:abc123${url.pathname.replace('/v1', '/v1/GET')}`
    if (!isAllowed)
      return refuse(
        'AccessDeniedException',
        `User: ${IDENTITY} is not authorized to perform: execute-api:Invoke on resource: ${arn} because no identity-based policy allows the execute-api:Invoke action`,
      )
    const body = url.pathname.includes('/tokens/')
      ? { access_token: 'canary-token', source: 'cache' }
      : { connections: [] }
    return Response.json(body, { headers })
  }
}

const silent = (code: string): Error => Object.assign(new TypeError('fetch failed'), { cause: { code } })

interface Check {
  readonly check: string
  readonly result: string
  readonly found: string
  readonly next_step?: string
}

/** What doctor says with these settings; the credential chain reads those of the process. */
async function doctor(line: string, http: typeof fetch, settings: Environment = {}) {
  const before = { ...process.env }
  const environment = { ...WELL, ...settings }
  for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN']) delete process.env[name]
  for (const [name, value] of Object.entries(environment))
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  try {
    const seen = await vendomat(`doctor ${line} -o json`, { environment, vendor: http })
    const { checks }: { checks: readonly Check[] } = JSON.parse(seen.out)
    for (const secret of ['canary-secret', 'canary-token', 'canary-other']) expect(seenIn(seen)).not.toContain(secret)
    return { code: seen.code, checks, said: seen.said }
  } finally {
    process.env = before
  }
}

const folder = mkdtempSync(join(tmpdir(), 'vendomat-'))
afterAll(() => rmSync(folder, { recursive: true }))
function config(text: string): Environment {
  const AWS_CONFIG_FILE = join(folder, `config-${text.length}`)
  writeFileSync(AWS_CONFIG_FILE, text)
  return { AWS_CONFIG_FILE }
}
const without = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }
const SSO = `[profile work]
sso_session = acme
sso_account_id = 444455556666
sso_role_name = dev
[sso-session acme]
sso_region = eu-west-1
sso_start_url = https://acme-vendomat-test.awsapps.com/start
`

interface Cause {
  readonly settings?: Environment
  readonly aws?: Aws
  readonly check: string
  readonly says: readonly [found: string, next_step: string]
}

const CAUSES: Readonly<Record<string, Cause>> = {
  'AWS_REGION is that of another region': {
    settings: { VENDOMAT_URL: `https://${OWN}/v1`, AWS_REGION: 'us-east-1' },
    check: 'signature',
    says: ['it is for us-east-1, and the machine is in eu-west-1', 'set AWS_REGION=eu-west-1'],
  },
  'no region is set, and the address names none': {
    settings: { VENDOMAT_URL: `https://${OWN}/v1` },
    check: 'region',
    says: ['no region is known', 'set AWS_REGION'],
  },
  'the clock is behind': {
    aws: { aheadSeconds: 7 * 60 + 10 },
    check: 'clock',
    says: ['7 min behind; so signatures are refused', 'timedatectl'],
  },
  'the clock is ahead': {
    aws: { aheadSeconds: -3 * 3600 - 10 },
    check: 'clock',
    says: ['3 h ahead; so signatures are refused', 'timedatectl'],
  },
  'the clock is behind, where no answer is dated': {
    aws: { aheadSeconds: 7 * 60 + 10, isDated: false },
    check: 'identity',
    says: ['the clock of this computer is off', 'timedatectl'],
  },
  'no policy allows the call': {
    aws: { isAllowed: false },
    check: 'accelo/hq',
    says: [
      'not authorized to perform execute-api:Invoke on arn:aws:execute-api:eu-west-1:',
      'vendomat policy accelo hq --for arn:aws:iam::444455556666:role/erp',
    ],
  },
  'the address has no such host': {
    settings: { VENDOMAT_URL: 'https://old123.execute-api.eu-west-1.amazonaws.example/v1', AWS_REGION: REGION },
    check: 'answer',
    says: ['ENOTFOUND', 'output Url of the stack of today'],
  },
  'the address is that of another API with AWS_IAM': {
    settings: { VENDOMAT_URL: `https://${OTHER}/v1` },
    check: 'routes',
    says: [`${OTHER} has none for accelo`, 'not of another API'],
  },
  'the API is gone': {
    settings: { VENDOMAT_URL: `https://${GONE}/v1` },
    check: 'answer',
    says: ['403: Forbidden: the API or its stage is not there', 'output Url of the stack'],
  },
  'the address is that of a web site': {
    settings: { VENDOMAT_URL: `https://${ELSEWHERE}/v1`, AWS_REGION: REGION },
    check: 'answer',
    says: ['404', 'output Url of the stack'],
  },
  'the address is of http': {
    settings: { VENDOMAT_URL: `http://${HOST}/v1` },
    check: 'address',
    says: ['begins with http://', 'output Url'],
  },
  'the address lacks its stage': {
    settings: { VENDOMAT_URL: `https://${HOST}` },
    check: 'address',
    says: ['ends without the stage, like /v1', 'output Url'],
  },
  'the address has another stage': {
    settings: { VENDOMAT_URL: `https://${HOST}/prod` },
    check: 'address',
    says: ['ends with /prod in place of /v1', 'output Url'],
  },
  'the address goes on behind the stage': {
    settings: { VENDOMAT_URL: `https://${HOST}/v1/tokens` },
    check: 'address',
    says: ['ends with /v1/tokens in place of /v1', 'output Url'],
  },
  'TLS is opened on the way': {
    aws: { silence: 'SELF_SIGNED_CERT_IN_CHAIN' },
    check: 'answer',
    says: ['SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS'],
  },
  'a proxy changes the request': {
    aws: { proxy: (path) => `${path}/` },
    check: 'signature',
    says: ['', 'a proxy changes the request'],
  },
  'there are no credentials': {
    settings: without,
    check: 'credentials',
    says: ['none were found', 'aws sts get-caller-identity'],
  },
  'the profile is misspelt': {
    settings: { ...without, AWS_PROFILE: 'wrok' },
    check: 'credentials',
    says: ['none were found in the profile wrok', 'aws configure list-profiles'],
  },
  'the profile is misspelt, and keys that are set do not count': {
    settings: { AWS_PROFILE: 'wrok' },
    check: 'credentials',
    says: ['AWS_PROFILE goes before AWS_ACCESS_KEY_ID', 'or unset it'],
  },
  'the SSO session is over': {
    settings: { ...without, ...config(SSO), AWS_PROFILE: 'work' },
    check: 'credentials',
    says: ['the SSO session of the profile work is over', 'aws sso login --profile work'],
  },
  'the credentials have ended, and say so': {
    settings: { AWS_SESSION_TOKEN: 'canary-other', AWS_CREDENTIAL_EXPIRATION: '2026-01-01T00:00:00Z' },
    check: 'credentials',
    says: ['AWS_ACCESS_KEY_ID in the environment ended', 'AWS_SESSION_TOKEN anew'],
  },
  'the session of the credentials is over': {
    settings: { AWS_SESSION_TOKEN: 'canary-other' },
    aws: { isOver: true },
    check: 'identity',
    says: ['the session of these credentials is over', 'sign in again'],
  },
  'the session of the credentials is over, and STS is not reached': {
    settings: { AWS_SESSION_TOKEN: 'canary-other' },
    aws: { isOver: true, hasSts: false },
    check: 'signature',
    says: ['is expired', 'sign in again'],
  },
  'AWS does not know the key': {
    settings: { AWS_ACCESS_KEY_ID: 'AKIDOTHER' },
    check: 'identity',
    says: ['AWS does not know the key', 'is it deleted'],
  },
  'AWS does not know the key, and STS is not reached': {
    settings: { AWS_ACCESS_KEY_ID: 'AKIDOTHER' },
    aws: { hasSts: false },
    check: 'signature',
    says: ['the gateway does not know the key', 'aws sts get-caller-identity'],
  },
  'the secret key is another': {
    settings: { AWS_SECRET_ACCESS_KEY: 'canary-other' },
    check: 'identity',
    says: ['the secret key is not that of the key', 'set both anew'],
  },
  'the secret key is another, and STS is not reached': {
    settings: { AWS_SECRET_ACCESS_KEY: 'canary-other' },
    aws: { hasSts: false },
    check: 'signature',
    says: ['', 'the secret key is wrong'],
  },
}

describe.each(Object.entries(WORDS))('of a machine whose gateway refuses in %s', (_, words) => {
  it('vendomat doctor finds nothing wrong where all is well', async () => {
    for (const line of ['', 'accelo hq']) {
      const { code, checks, said } = await doctor(line, network(words, {}))
      expect(checks.filter(({ result }) => result !== 'ok')).toEqual([])
      expect([code, said]).toEqual([0, ''])
    }
  })

  it.each(Object.entries(CAUSES))('vendomat doctor says that %s, and blames nothing else', async (_, cause) => {
    const { code, checks } = await doctor('accelo hq', network(words, cause.aws ?? {}), cause.settings)
    const blamed = checks.filter(({ result }) => result !== 'ok' && result !== 'unseen')
    expect(blamed).toEqual([
      {
        check: cause.check,
        result: 'wrong',
        found: expect.stringContaining(cause.says[0]),
        next_step: expect.stringContaining(cause.says[1]),
      },
    ])
    expect(code).toBe(1)
  })

  it('vendomat doctor says that a firewall refuses this computer', async () => {
    const { code, checks } = await doctor('', network(words, { isFiltered: true }))
    expect([code, checks.at(-1)]).toMatchObject([1, { check: 'answer', result: 'wrong' }])
  })
})

describe('what is missing', () => {
  const denied = network(WORDS['its own words'], { isAllowed: false })

  it('is named by action and ARN, and by why, where the gateway says that', async () => {
    const { checks } = await doctor('accelo hq', denied)
    expect(checks.at(-1)?.found).toBe(
      '403: not authorized to perform execute-api:Invoke on ' +
        'arn:aws:execute-api:eu-west-1:********3333:abc123/v1/GET/tokens/accelo/hq because no identity-based policy allows',
    )
  })

  it('is printed by the command that it names', async () => {
    const { checks } = await doctor('accelo hq', denied)
    const [, line = ''] = /: vendomat (policy .+)$/.exec(checks.at(-1)?.next_step ?? '') ?? []
    const { out } = await vendomat(`${line} --account 111122223333 -o json`, { environment: WELL })
    expect(JSON.parse(out).identity_policy.Statement[0].Resource).toContain(
      'arn:aws:execute-api:eu-west-1:111122223333:abc123/v1/GET/tokens/accelo/hq',
    )
    expect(JSON.parse(out).callers).toEqual({ 'arn:aws:iam::444455556666:role/erp': ['accelo/hq'] })
  })

  it('is no fault where no connection is named: who calls need not be allowed to list', async () => {
    const { code, checks } = await doctor('', denied)
    expect([code, checks.at(-1)]).toMatchObject([0, { check: 'policy', result: 'unseen' }])
    expect(checks.at(-1)?.next_step).toContain('vendomat doctor accelo hq')
  })
})

describe('where credentials come from', () => {
  const well = network(WORDS.ours, {})
  const PROFILES = `[profile dev]\naws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`
  const one = async (check: string, settings: Environment) => {
    const { code, checks } = await doctor('', well, settings)
    expect(code).toBe(0)
    return checks.find((found) => found.check === check)
  }

  it('is said, and whose they are', async () => {
    expect(await one('credentials', {})).toMatchObject({
      ...{ result: 'ok', found: 'the key AKID...MPLE of AWS_ACCESS_KEY_ID in the environment' },
    })
    const profile = { ...without, ...config(PROFILES), AWS_PROFILE: 'dev' }
    expect((await one('credentials', profile))?.found).toBe('the key AKID...MPLE of the profile dev')
    const process = `[default]\ncredential_process = node -p 'JSON.stringify({Version:1,AccessKeyId:"${KEYS.accessKeyId}",SecretAccessKey:"${KEYS.secretAccessKey}"})'\n`
    expect((await one('credentials', { ...without, ...config(process) }))?.found).toContain('of the profile default')
    expect(await one('identity', {})).toMatchObject({ result: 'ok', found: IDENTITY })
  })

  it('is warned of where a profile and keys are both set, of which others take the other', async () => {
    const both = { ...config(PROFILES), AWS_PROFILE: 'dev' }
    expect(await one('credentials', both)).toMatchObject({
      result: 'warning',
      found: 'the key AKID...MPLE of the profile dev; AWS_PROFILE and AWS_ACCESS_KEY_ID are both set',
    })
  })

  it('is warned of where AWS_PROFILE gives none and something else does', async () => {
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = KEYS
    const Expiration = new Date(Date.now() + 3_600_000).toISOString()
    const container = await listenOnLoopback(0, (_, response) => {
      response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: 'canary-other', Expiration }))
    })
    try {
      const settings = { ...without, AWS_PROFILE: 'wrok', AWS_CONTAINER_CREDENTIALS_FULL_URI: container.url }
      const found = await one('credentials', settings)
      expect(found).toMatchObject({
        ...{ result: 'warning', next_step: 'run: aws configure list-profiles' },
        found: 'the key AKID...MPLE of the container; AWS_PROFILE is wrok, which gives none',
      })
    } finally {
      await container.close()
    }
  })

  it('warns of an AWS_REGION that is not that of the address, which others sign for', async () => {
    expect(await one('region', { AWS_REGION: 'us-east-1' })).toMatchObject({
      result: 'warning',
      found: 'eu-west-1, which the address names; AWS_REGION is us-east-1',
    })
  })
})

describe('of a machine on a laptop', () => {
  const account = { region: REGION, accountId: '000000000000' }
  let gateway: Awaited<ReturnType<typeof startGateway>>
  let aws: Awaited<ReturnType<typeof startAwsEndpoints>>
  let settings: Environment
  beforeAll(async () => {
    const answers = { statusCode: 200, body: '{"connections":[]}' }
    const pool = { invoke: async () => answers, stop() {}, close() {}, pids: () => [], logFile: '' }
    const gatewayResponses = Object.fromEntries(
      responses.map(({ Properties }) => [
        Properties.ResponseType,
        { headers: {}, body: Properties.ResponseTemplates['application/json'] },
      ]),
    )
    const routes = [{ method: 'GET', resourcePath: '/connections/accelo', functionId: 'accelo' }]
    const functions = new Map([['accelo', pool]])
    gateway = await startGateway({
      ...{ ...account, port: 0, stage: 'v1', credentials: KEYS, routes, functions, gatewayResponses },
    })
    aws = await startAwsEndpoints({ ...account, port: 0 })
    settings = {
      VENDOMAT_URL: `${gateway.url}/v1`,
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: aws.url,
      VENDOMAT_VENDORS: VENDORS,
    }
  })
  afterAll(() => Promise.all([gateway?.close(), aws?.close()]))

  it('finds nothing wrong with its settings', async () => {
    const { code, checks } = await doctor('', fetch, settings)
    expect([code, checks.filter(({ result }) => result !== 'ok')]).toEqual([0, []])
    expect(checks.find(({ check }) => check === 'identity')?.found).toBe('arn:aws:iam::000000000000:user/laptop')
  })

  it.each([
    ['another region', { AWS_REGION: 'us-west-2' }, 'signature', 'the machine is in eu-west-1'],
    ['another key', { AWS_ACCESS_KEY_ID: 'AKIDOTHER' }, 'signature', 'does not know the key'],
    [
      'another secret key',
      { AWS_SECRET_ACCESS_KEY: 'canary-other' },
      'signature',
      'the secret key is not that of the key',
    ],
    ['a port where nobody listens', { VENDOMAT_URL: 'http://127.0.0.1:2/v1' }, 'answer', 'does not answer'],
  ])('says of %s where the fault is', async (_, other, check, words) => {
    const { checks } = await doctor('', fetch, { ...settings, ...other })
    expect(checks.filter(({ result }) => result !== 'ok')).toEqual([
      { check, result: 'wrong', found: expect.stringContaining(words), next_step: expect.stringMatching(/./) },
    ])
  })

  it('knows who calls by its own STS alone', async () => {
    const { checks } = await doctor('', fetch, { ...settings, AWS_ENDPOINT_URL: undefined })
    expect(checks.find(({ check }) => check === 'identity')?.result).toBe('unseen')
  })
})
