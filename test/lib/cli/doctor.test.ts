import { listenOnLoopback, readBody } from '../../../lib/local/loopback.ts'
import { read, sectionOf } from '../../support/documents.ts'
import { machineTemplate } from '../../support/machine-stack.ts'
import { type Answers, AWS, MACHINE, NOW, problem, seenIn, vendomat, type World } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const environment = { ...AWS, VENDOMAT_URL: MACHINE }
/** What the gateway says to a call that is not signed, so many seconds from now. */
const unsigned = (offSeconds = 0) =>
  new Response('{"message":"Missing Authentication Token"}', {
    status: 403,
    headers: { date: new Date(Date.now() + offSeconds * 1000).toUTCString() },
  })
const gateway = (status: number, message: string) => () => new Response(JSON.stringify({ message }), { status })
const templates = Object.values(machineTemplate().findResources('AWS::ApiGateway::GatewayResponse'))
/** What the deployed gateway says, which names the reason in a header. */
const deployed = (status: number, type: string, reason: string) => () => {
  const found = templates.find(({ Properties }) => Properties.ResponseType === type)
  return new Response(found?.Properties.ResponseTemplates['application/json'], {
    status,
    headers: { 'x-amzn-errortype': `${reason}:http://internal.amazon.com/` },
  })
}
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000).toISOString()
const view = (connection: string, state: string) => ({ vendor: 'accelo', connection, state, next_action: 'none' })
const nobody = 'GET /connections/accelo/doctor-asks-for-nobody'

/** A machine that is well, with one vendor that has a connection. */
const well: Answers = {
  'GET /connections': () => unsigned(),
  'GET /connections/accelo': { connections: [view('hq', 'ok')], checked_at: hoursAgo(3) },
  [nobody]: () => problem(404, 'unknown_connection'),
  'GET /tokens/accelo/hq': { access_token: 'canary-token', source: 'cache', warnings: [] },
}

async function doctor(line: string, answers: Answers = {}, world: World = {}) {
  const seen = await vendomat(`doctor ${line} -o json`, { ...world, answers: { ...well, ...answers } })
  const { checks } = JSON.parse(seen.out)
  const found = (check: string) => checks.find((one: { check: string }) => one.check === check)
  return { ...seen, checks, found }
}
const accelo = (answers: Answers = {}, world: World = {}) => doctor('--deployment accelo', answers, world)

describe('vendomat doctor', () => {
  it('looks at this side, calls the machine without a signature and with one, and exits with 0', async () => {
    const { code, checks, calls } = await doctor('')
    expect(code).toBe(0)
    expect(checks.map(({ check, result }: Record<string, string>) => `${check} ${result}`)).toEqual([
      ...['address', 'region', 'credentials', 'answer', 'clock'].map((check) => `${check} ok`),
      // The machine of these tests has no STS beside it.
      ...['identity unseen', 'signature ok'],
    ])
    const signed = expect.stringMatching(/^AWS4-HMAC-SHA256 /)
    expect(calls.map(({ path, headers }) => [path, headers.get('authorization')])).toEqual([
      ['/connections', null],
      ['/connections/accelo', signed],
    ])
  })

  it('gets a token of a connection that is named, and does not show it', async () => {
    const seen = await doctor('accelo hq')
    expect([seen.code, seen.found('accelo/hq')]).toMatchObject([
      0,
      { result: 'ok', found: 'a token is vended (cache)' },
    ])
    expect(seenIn(seen)).not.toContain('canary-token')
  })

  it.each([
    [() => problem(424, 'grant_rejected'), '424: No: because', 'do this'],
    [() => problem(404, 'unknown_connection'), '404: No: because', 'do this'],
    [gateway(500, 'Internal server error'), '500: Internal server error', 'look at the log of the function'],
    [gateway(403, 'Missing Authentication Token'), 'there is no such route', 'is accelo deployed there?'],
  ])('says why it gets none', async (answer, words, next) => {
    const { code, checks } = await doctor('accelo hq', { 'GET /tokens/accelo/hq': answer })
    expect([code, checks.at(-1)]).toEqual([
      1,
      { check: 'accelo/hq', result: 'wrong', found: words, next_step: expect.stringContaining(next) },
    ])
  })

  it('takes a machine for one that has not every vendor, and asks for the next', async () => {
    const answers = {
      'GET /connections/accelo': gateway(403, 'Missing Authentication Token'),
      'GET /connections/accessia': { connections: [] },
    }
    expect((await doctor('', answers)).found('signature')).toMatchObject({ result: 'ok' })
  })

  it('has a line for each check, and below one that does not hold what to do', async () => {
    const { code, out } = await vendomat('doctor', { environment: { ...AWS } })
    expect(code).toBe(1)
    expect(out.split('\n')).toEqual([
      'wrong   address                   VENDOMAT_URL is not set',
      '        set VENDOMAT_URL to the output Url of the stack, as it is; on a laptop: . .local/env',
    ])
  })

  it.each([
    ['not an address', 'is not an address'],
    ['http://vendomat.example.com/v1', 'begins with http://, which is for laptops only'],
    ['ftp://127.0.0.1/v1', 'begins with ftp://'],
    ['https://abc123.execute-api.eu-west-1.amazonaws.com', 'ends without the stage'],
    ['https://abc123.execute-api.eu-west-1.amazonaws.com/', 'ends without the stage'],
    ['https://abc123.execute-api.eu-west-1.amazonaws.com/v1?x=1', 'has more than an address and a path'],
    ['https://user@abc123.execute-api.eu-west-1.amazonaws.com/v1', 'has more than an address and a path'],
  ])('says what is wrong with the address %s, and asks nobody', async (address, what) => {
    const { code, checks, calls } = await doctor('', {}, { environment: { ...AWS, VENDOMAT_URL: address } })
    expect([code, checks.length, calls]).toEqual([1, 1, []])
    expect(checks[0].found).toContain(what)
  })

  it('wants a region where the address names none', async () => {
    const { AWS_REGION: _, ...others } = environment
    const { code, found } = await doctor('', {}, { environment: others })
    expect([code, found('region').result, found('region').next_step]).toEqual([
      ...[1, 'wrong', 'set AWS_REGION to the region of the machine'],
    ])
  })

  it('says that there are no credentials', async () => {
    const before = { ...process.env }
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name]
    const none = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }
    Object.assign(process.env, none, { AWS_EC2_METADATA_DISABLED: 'true' })
    try {
      const { code, found } = await doctor('')
      expect([code, found('credentials').result]).toEqual([1, 'wrong'])
      expect(found('credentials').next_step).toContain('aws sts get-caller-identity')
    } finally {
      process.env = before
    }
  })

  it('says nothing of the credentials but the ends of the key’s name', async () => {
    const seen = await accelo()
    expect(seen.found('credentials').found).toBe('the key AKID...MPLE of AWS_ACCESS_KEY_ID in the environment')
    for (const secret of [AWS.AWS_ACCESS_KEY_ID, `"${AWS.AWS_SECRET_ACCESS_KEY}"`, 'canary-token'])
      expect(seenIn(seen)).not.toContain(secret)
  })

  it('says that nobody answers, and why', async () => {
    const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    const { code, found } = await doctor('', { 'GET /connections': () => Promise.reject(refused) })
    expect([code, found('answer').found]).toEqual([1, 'http://127.0.0.1:1 does not answer (ECONNREFUSED)'])
  })

  it.each([
    [30, 'ok', 'as the gateway has it'],
    [-30, 'ok', 'as the gateway has it'],
    [-150, 'wrong', '2 min ahead; from 5 min on signatures are refused'],
    [400, 'wrong', '6 min behind; so signatures are refused'],
  ])('compares its clock with one that is %i s ahead', async (offSeconds, result, words) => {
    const { code, found } = await doctor('', { 'GET /connections': () => unsigned(offSeconds) })
    expect([code, found('clock').result, found('clock').found]).toEqual([result === 'ok' ? 0 : 1, result, words])
  })

  it('could not see a clock that the answer does not have', async () => {
    const { code, found } = await doctor('', { 'GET /connections': gateway(403, 'Missing Authentication Token') })
    expect([code, found('clock').result]).toEqual([0, 'unseen'])
  })

  it.each(['doctor accelo', 'doctor --deployment Accelo', 'doctor -o xml'])(
    'called as "%s" exits with 2 and calls nobody',
    async (line) => {
      const { code, calls, said } = await vendomat(line)
      expect([code, calls]).toEqual([2, []])
      expect(said).toMatch(/^vendomat: .+ \(more: vendomat help doctor\)$/)
    },
  )
})

describe('vendomat doctor --deployment', () => {
  it('does not ask a machine while this side is wrong', async () => {
    const { code, checks, calls } = await accelo({ 'GET /connections': () => unsigned(-600) })
    expect([code, checks.at(-1).check, checks.at(-1).result]).toEqual([1, 'deployment', 'unseen'])
    expect(calls).toHaveLength(1)
  })

  it('uses of a vendor the index, rows and secrets, and a token, sees that schedules came, and exits with 0', async () => {
    const { code, checks, calls } = await accelo()
    expect(code).toBe(0)
    expect(checks.slice(5).map(({ check, found }: Record<string, string>) => `${check}: ${found}`)).toEqual([
      'identity: AWS_ENDPOINT_URL does not name the AWS of this machine',
      'signature: is taken',
      'accelo list: 1 connection',
      'accelo rows and secrets: are read',
      'accelo token: of accelo/hq is vended (cache)',
      'accelo schedules: checked 3 h ago',
      'notices: a laptop mails nobody',
    ])
    expect(calls.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /connections/accelo',
      'GET /connections/accelo',
      'GET /connections/accelo/doctor-asks-for-nobody',
      'GET /tokens/accelo/hq',
    ])
  })

  it('asks every vendor when none is named, and goes on behind one that is wrong', async () => {
    const empty = { connections: [], checked_at: hoursAgo(1) }
    const others = ['accessia', 'clearid', 'iobeya', 'netrex']
    const answers = Object.fromEntries(others.map((id) => [`GET /connections/${id}`, empty]))
    const { code, found } = await doctor('--deployment', {
      ...answers,
      'GET /connections/clearid': gateway(500, 'Internal server error'),
    })
    expect(code).toBe(1)
    expect([found('accelo list').result, found('clearid list').result]).toEqual(['ok', 'wrong'])
    for (const id of others.filter((one) => one !== 'clearid')) expect(found(`${id} list`).result).toBe('ok')
    expect(found('clearid token')).toBeUndefined()
    expect(found('netrex token')).toMatchObject({ result: 'unseen', found: 'it has no connection yet' })
  })

  it.each([
    ['Signature expired: 20261121T000000Z is now earlier than', 'set the clock of this computer'],
    ['Signature not yet current: 20261121T000000Z is still later than', 'set the clock of this computer'],
    ['The security token included in the request is expired', 'sign in again'],
  ])('says of a signature that is refused with "%s" what to do, and stops there', async (message, next) => {
    const { code, checks } = await accelo({ 'GET /connections/accelo': gateway(403, message) })
    expect([code, ...checks.slice(-2)]).toEqual([
      1,
      { check: 'signature', result: 'wrong', found: message, next_step: expect.stringContaining(next) },
      { check: 'deployment', result: 'unseen', found: 'was not asked', next_step: expect.any(String) },
    ])
  })

  it.each([
    ['INVALID_SIGNATURE', 'InvalidSignatureException', 'the secret key is not that of the key', '. .local/env'],
    ['EXPIRED_TOKEN', 'ExpiredTokenException', '(ExpiredTokenException)', 'sign in again'],
    ['DEFAULT_4XX', 'UnrecognizedClientException', 'the gateway does not know the key', '. .local/env'],
  ])(
    'says what to do where the gateway refuses a signature in our words, for %s',
    async (type, reason, found, next) => {
      const { code, checks } = await accelo({ 'GET /connections/accelo': deployed(403, type, reason) })
      expect([code, checks.at(-2)]).toEqual([
        1,
        {
          check: 'signature',
          result: 'wrong',
          found: expect.stringContaining(found),
          next_step: expect.stringContaining(next),
        },
      ])
    },
  )

  it('does not show what was to be signed: a session token is among it', async () => {
    const message = 'The request signature we calculated does not match.\n\nx-amz-security-token:canary-session'
    const seen = await accelo({ 'GET /connections/accelo': gateway(403, message) })
    expect(seen.found('signature').result).toBe('wrong')
    expect(seenIn(seen)).not.toContain('canary-session')
  })

  it.each([
    [
      'the gateway may not call the function, or that breaks',
      gateway(500, 'Internal server error'),
      ['500: Internal server error', 'aws lambda get-policy'],
    ],
    [
      'the gateway may not call the function, in our words',
      deployed(500, 'DEFAULT_5XX', 'InternalServerErrorException'),
      ['500: Something broke', 'aws lambda get-policy'],
    ],
    [
      'the caller may not list, in our words',
      deployed(403, 'ACCESS_DENIED', 'AccessDeniedException'),
      ['GET/connections/accelo', 'vendomat policy accelo --may read'],
    ],
    ['the function may not query the index', () => problem(503, 'store_unavailable'), ['503: No', 'the log of the']],
    [
      'the caller may not list',
      gateway(403, 'User: arn:ann is not authorized to perform: execute-api:Invoke on resource: r'),
      ['GET/connections/accelo', 'vendomat policy accelo --may read'],
    ],
    ['somebody else answers', { hello: 'world' }, ['200', 'is VENDOMAT_URL the address of this machine?']],
  ])('says that %s', async (_, answer, [found = '', next = '']) => {
    const seen = await accelo({ 'GET /connections/accelo': answer })
    expect(seen.code).toBe(1)
    expect(seen.found('accelo list').found).toContain(found)
    expect(seen.found('accelo list').next_step).toContain(next)
  })

  it.each([
    ['its own words', gateway(403, 'Missing Authentication Token')],
    ['ours', deployed(403, 'MISSING_AUTHENTICATION_TOKEN', 'MissingAuthenticationTokenException')],
  ])('says of one vendor of several that it is not deployed, which the gateway says in %s', async (_, answer) => {
    const answers = { 'GET /connections/accelo': answer, 'GET /connections/netrex': { connections: [] } }
    const { code, found } = await doctor('--deployment accelo netrex', answers)
    expect(code).toBe(1)
    expect(found('accelo list')).toMatchObject({ result: 'wrong', next_step: 'is this vendor deployed?' })
    expect(found('netrex list').result).toBe('ok')
    expect((await accelo({ 'GET /connections/accelo': answer })).found('routes').result).toBe('wrong')
  })

  it('says that the function may not read its rows or its secrets: then nobody is not unknown', async () => {
    const { code, found } = await accelo({ [nobody]: () => problem(503, 'store_unavailable') })
    expect([code, found('accelo rows and secrets').result]).toEqual([1, 'wrong'])
  })

  it('says that the function may not use the key of sealed tokens, as a vend shows', async () => {
    const { code, found } = await accelo({ 'GET /tokens/accelo/hq': () => problem(503, 'store_unavailable') })
    expect([code, found('accelo token').result]).toEqual([1, 'wrong'])
  })

  it.each([
    ['is out of order', () => problem(503, 'vendor_unavailable')],
    ['wants a person', () => problem(424, 'grant_rejected')],
    ['the caller may not vend, in our words', deployed(403, 'ACCESS_DENIED', 'AccessDeniedException')],
    ['the caller may not vend', gateway(403, 'not authorized to perform: execute-api:Invoke')],
  ])('does not blame the deployment when the vendor’s account %s', async (_, answer) => {
    const { code, found } = await accelo({ 'GET /tokens/accelo/hq': answer })
    expect([code, found('accelo token').result]).toEqual([0, 'unseen'])
    expect(found('accelo token').next_step).toBeTruthy()
  })

  it('takes a token that is at hand before one that the vendor would have to give, and none that cannot come', async () => {
    const connections = [view('a', 'disabled'), view('b', 'new'), view('hq', 'ok'), view('c', 'reconnect')]
    const { found } = await accelo({ 'GET /connections/accelo': { connections, checked_at: hoursAgo(1) } })
    expect(found('accelo token').found).toContain('accelo/hq')
    const none = { connections: [view('a', 'disabled'), view('c', 'reconnect')], checked_at: hoursAgo(1) }
    const { calls, found: without } = await accelo({ 'GET /connections/accelo': none })
    expect(without('accelo token')).toMatchObject({ result: 'unseen' })
    expect(calls.filter(({ path }) => path.startsWith('/tokens'))).toEqual([])
  })

  it.each([
    ['has not come yet', undefined, 'wrong', 'have not reached the function yet'],
    ['came within the day', 25.9, 'ok', 'checked 25 h ago'],
    ['missed its day', 26.1, 'wrong', 'checked 26 h ago, and should each day'],
  ])('sees that a check %s', async (_, hours, result, words) => {
    const checked = hours === undefined ? {} : { checked_at: hoursAgo(hours) }
    const { found } = await accelo({ 'GET /connections/accelo': { connections: [], ...checked } })
    expect([found('accelo schedules').result, found('accelo schedules').found]).toEqual([result, words])
  })
})

it('the reference says which line of it proves what nobody has seen in an account', async () => {
  const section = sectionOf(read('lib/README.md'), 'Not proven yet')
  const lines = [...section.matchAll(/\| `([^`]+)` \|$/gm)].map(([, line]) => line)
  const { checks } = await accelo()
  const emitted = checks.slice(7).map(({ check }: { check: string }) => check.replace('accelo', '<vendor>'))
  expect([...new Set(lines)].sort()).toEqual(emitted.sort())
})

describe('of the notices vendomat doctor --deployment', () => {
  const url = 'https://abc123.execute-api.eu-west-1.amazonaws.com/v1'
  const topic = 'arn:aws:sns:eu-west-1:123456789012:Vendomat-AlertsTopic2CD2F8EF-AbC123'
  const xml = (action: string, inner: string) =>
    `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`
  const member = (of: Record<string, string>) =>
    `<member>${Object.entries(of).map(([name, value]) => `<${name}>${value}</${name}>`)}</member>`.replaceAll(',', '')

  /** What is found of the notices in an account with these topics and subscriptions. */
  async function noticesWith(topics: string[], subscriptions: Record<string, string>[], status = 200) {
    const server = await listenOnLoopback(0, (request, response) => {
      readBody(request).then((body) => {
        const list = String(body).includes('Action=ListTopics')
          ? xml('ListTopics', `<Topics>${topics.map((TopicArn) => member({ TopicArn })).join('')}</Topics>`)
          : xml('ListSubscriptions', `<Subscriptions>${subscriptions.map(member).join('')}</Subscriptions>`)
        const denied =
          '<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>'
        response.writeHead(status, { 'content-type': 'text/xml' }).end(status === 200 ? list : denied)
      })
    })
    process.env.AWS_ENDPOINT_URL_SNS = server.url
    // A deployed machine answers what the one on a laptop would.
    const deployed: typeof fetch = async (input) => {
      const answer = well[`GET ${String(input).slice(url.length)}`]
      const made = typeof answer === 'function' ? await answer() : answer
      return made instanceof Response ? made : new Response(JSON.stringify(made))
    }
    try {
      const world = { environment: { VENDOMAT_URL: url }, vendor: deployed }
      const { out, code } = await vendomat('doctor --deployment accelo -o json', world)
      const { checks } = JSON.parse(out)
      return { code, notices: checks.filter(({ check }: { check: string }) => check === 'notices') }
    } finally {
      delete process.env.AWS_ENDPOINT_URL_SNS
      await server.close()
    }
  }
  const mail = (SubscriptionArn: string, TopicArn = topic) => ({ TopicArn, Protocol: 'email', SubscriptionArn })
  const other = 'arn:aws:sns:eu-west-1:123456789012:somebody-elses'

  it('sees a confirmed subscription', async () => {
    const { code, notices } = await noticesWith([other, topic], [mail(`${topic}:1`), mail('PendingConfirmation')])
    expect([code, notices]).toEqual([
      0,
      [
        {
          check: 'notices',
          result: 'ok',
          found: 'Vendomat-AlertsTopic2CD2F8EF-AbC123 has 1 confirmed of 2 subscriptions',
        },
      ],
    ])
  })

  it.each([
    ['nobody has confirmed', [mail('PendingConfirmation')], 'no subscription of'],
    ['nobody is subscribed', [mail(`${other}:1`, other)], 'nobody is subscribed to'],
  ])('says that %s', async (_, subscriptions, words) => {
    const { code, notices } = await noticesWith([topic], subscriptions)
    expect([code, notices[0].result]).toEqual([1, 'wrong'])
    expect(notices[0].found).toContain(words)
  })

  it('says that they could not be seen where the person may not list topics, or there is none', async () => {
    const denied = await noticesWith([topic], [], 403)
    expect([denied.code, denied.notices[0].result]).toEqual([0, 'unseen'])
    expect(denied.notices[0].next_step).toContain('sns:ListTopics')
    const none = await noticesWith([other], [])
    expect([none.code, none.notices[0].result]).toEqual([0, 'unseen'])
  })
})
