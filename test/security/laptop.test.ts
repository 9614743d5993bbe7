import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Callback, listenForCallback } from '../../lib/cli/callback.ts'
import { signedRequest } from '../../lib/client/signed-request.ts'
import { type AwsEndpoints, startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'
import { machineClock } from '../../lib/local/clock.ts'
import { clockControl } from '../../lib/local/clock-control.ts'
import { whyForeign } from '../../lib/local/foreign-request.ts'
import { startGateway } from '../../lib/local/gateway.ts'
import { type Loopback, listenOnLoopback } from '../../lib/local/loopback.ts'
import { startMachine } from '../../lib/local/machine.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { timetable } from '../../lib/local/timetable.ts'
import { control } from '../support/control.ts'
import { figure } from '../support/figure.ts'

/** What a server gets to read, line by line; PORT is its own. */
type Lines = readonly [request: string, ...headers: string[]]

/** Returns the whole answer; '' when the connection was closed without one. */
async function send(url: string, [request, ...headers]: Lines, body?: string): Promise<string> {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const first = request.includes(' HTTP/') ? request : `${request} HTTP/1.1`
  const head = [first, ...headers, ...length, 'Connection: close'].join('\r\n').replaceAll('PORT', port)
  socket.write(`${head}\r\n\r\n${body ?? ''}`)
  return text(socket)
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)

const HERE = 'Host: 127.0.0.1:PORT'
const navigation = (site: string, dest = 'document') => [
  `Sec-Fetch-Site: ${site}`,
  'Sec-Fetch-Mode: navigate',
  `Sec-Fetch-Dest: ${dest}`,
]

const ours: readonly (readonly [string, Lines])[] = [
  ['a program', ['GET /', HERE]],
  ['a program that posts', ['POST /', HERE, 'Content-Length: 0']],
  ['a program that signs', ['POST /', HERE, 'Authorization: AWS4-HMAC-SHA256 Credential=a', 'Content-Length: 0']],
  ['a program that says localhost', ['GET /', 'Host: localhost:PORT']],
  ['a program that shouts', ['GET /', 'Host: LocalHost:PORT']],
  ['a program of long ago', ['GET / HTTP/1.0', HERE]],
  ['fetch of Node', ['GET /', HERE, 'Sec-Fetch-Mode: cors']],
  ['a person who types the address', ['GET /', HERE, ...navigation('none')]],
  ['a link of its own page', ['GET /', HERE, ...navigation('same-origin')]],
  ['a form of its own page', ['POST /', HERE, 'Origin: http://127.0.0.1:PORT', ...navigation('same-origin')]],
  ['a script of its own page', ['POST /', 'Host: localhost:PORT', 'Origin: http://localhost:PORT']],
]

const hosts = [
  ...['evil.example:PORT', 'evil.example', '127.0.0.1', 'localhost', '127.0.0.1:1', '127.0.0.1:', '127.0.0.1:0PORT'],
  ...['localhost.:PORT', '127.0.0.1.:PORT', 'localhost.evil.example:PORT', '127.0.0.1.evil.example:PORT'],
  ...['user@127.0.0.1:PORT', '127.0.0.1:PORT@evil.example', 'http://127.0.0.1:PORT', '127.0.0.1:PORT/'],
  ...['127.0.0.1:PORT, evil.example', '127.0.0.1:PORT evil.example', '127.0.0.1:PORT,127.0.0.1:PORT', '*', ''],
  ...['[::1]:PORT', '[::ffff:127.0.0.1]:PORT', '0.0.0.0:PORT', '127.0.0.2:PORT'],
  ...['127.1:PORT', '2130706433:PORT', '0x7f000001:PORT', '0177.0.0.1:PORT', '１２７.0.0.1:PORT'],
]
const targets = ['http://evil.example/', 'http://127.0.0.1:PORT/', 'HTTP://localhost:PORT/', '*']
const origins = [
  ...['http://evil.example', 'https://evil.example', 'https://127.0.0.1:PORT', 'http://127.0.0.1', 'http://localhost'],
  ...['http://127.0.0.1:1', 'http://localhost:3000', 'http://127.0.0.1:PORT/', 'http://127.0.0.1:PORT.evil.example'],
  ...['http://user@127.0.0.1:PORT', 'http://127.0.0.1:PORT http://evil.example', 'http://[::1]:PORT'],
  ...['null', 'file://', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop', '127.0.0.1:PORT', ''],
]
type Case = readonly [name: string, lines: Lines]

const byName: readonly Case[] = [
  ...hosts.map((host): Case => [`Host ${host || 'empty'}`, ['GET /', `Host: ${host}`]]),
  ...targets.map((target): Case => [`the target ${target}`, [`OPTIONS ${target}`, HERE]]),
  ['no Host', ['GET / HTTP/1.0']],
  ['two Hosts, ours first', ['GET /', HERE, 'Host: evil.example']],
  ['two Hosts, ours last', ['GET /', 'Host: evil.example', HERE]],
  ['two Hosts, both ours', ['GET /', HERE, HERE]],
  [
    'another Host with ours as that of a proxy',
    ['GET /', 'Host: evil.example:PORT', 'X-Forwarded-Host: 127.0.0.1:PORT'],
  ],
]
const byOrigin: readonly Case[] = [
  ...origins.map((origin): Case => [`Origin ${origin || 'empty'}`, ['POST /', HERE, `Origin: ${origin}`]]),
  ['two Origins', ['POST /', HERE, 'Origin: http://127.0.0.1:PORT', 'Origin: http://evil.example']],
  ['a WebSocket', ['GET /', HERE, 'Origin: http://evil.example', 'Connection: Upgrade', 'Upgrade: websocket']],
  [
    'the question whether a page may',
    ['OPTIONS /', HERE, 'Origin: http://evil.example', 'Access-Control-Request-Headers: x-vendomat'],
  ],
]
const bySite: readonly Case[] = [
  ['an image of a page elsewhere', ['GET /', HERE, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors']],
  ['an image of a page at another port', ['GET /', HERE, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: no-cors']],
  ['a link of a page elsewhere', ['GET /', HERE, ...navigation('cross-site')]],
  ['a link of a page at another port', ['GET /', HERE, ...navigation('same-site')]],
  ['a frame of a page elsewhere', ['GET /', HERE, ...navigation('cross-site', 'iframe')]],
  ['a site that there is not', ['GET /', HERE, 'Sec-Fetch-Site: elsewhere']],
  ['two sites', ['GET /', HERE, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site']],
]

describe('a server of the laptop', () => {
  let server: Loopback
  const heard: string[] = []
  beforeAll(async () => {
    server = await listenOnLoopback(0, ({ method }, response) => {
      heard.push(method ?? '')
      response.end('come in')
    })
  })
  afterAll(() => server.close())
  beforeEach(() => heard.splice(0))

  it.each(ours)('hears %s', async (_, lines) => {
    const answer = await send(server.url, lines)
    expect([statusOf(answer), heard.length]).toEqual([200, 1])
  })

  /** None is heard, each is told why, no page may read that, and it repeats nothing of what was sent. */
  async function refuses(cases: readonly Case[]): Promise<string> {
    const answers = await Promise.all(
      cases.map(async ([name, lines]) => [name, await send(server.url, lines)] as const),
    )
    const because =
      /^HTTP\/1\.1 403 [\s\S]*\r\ncontent-type: text\/plain; charset=utf-8\r\n[\s\S]*This request is refused: /
    const refused = answers.filter(([, answer]) => because.test(answer)).map(([name]) => name)
    expect(refused).toEqual(cases.map(([name]) => name))
    expect(heard).toEqual([])
    expect(answers.filter(([, answer]) => /access-control|evil|abcdef/i.test(answer))).toEqual([])
    return `${refused.length} of ${cases.length} requests`
  }

  it('hears no request under another name than its own', async () => {
    figure('laptop-host', `${await refuses(byName)} by another name refused`)
  })

  it('hears no request of a page of another origin', async () => {
    figure('laptop-origin', `${await refuses(byOrigin)} of other origins refused`)
  })

  it('hears no request of which the browser says that another site makes it', async () => {
    figure('laptop-site', `${await refuses(bySite)} of other sites refused`)
  })

  it.each([
    ['127.0.0.1', undefined],
    ['localhost', undefined],
    ['127.0.0.1:80', 'its Host is not 127.0.0.1 or localhost'],
    ['evil.example', 'its Host is not 127.0.0.1 or localhost'],
  ])('at the port that browsers leave out hears of %s as it should', (host, why) => {
    const request = { method: 'GET', url: '/', headersDistinct: { host: [host] }, socket: { localPort: 80 } }
    expect(whyForeign(request, 'from its own pages')).toBe(why)
  })

  it('is no proxy, and speaks nothing but complete HTTP', async () => {
    const others: readonly Lines[] = [['CONNECT evil.example:443', HERE], ['GET evil.example:80', HERE], ['GET /']]
    const answers = await Promise.all(others.map((lines) => send(server.url, lines)))
    expect([answers.map(statusOf), heard]).toEqual([[0, 400, 400], []])
  })

  it('is at 127.0.0.1, and at no other address of this computer', async () => {
    const { port } = new URL(server.url)
    const refused = await new Promise((resolve) => {
      connect(Number(port), '127.0.0.2')
        .on('connect', () => resolve('connected'))
        .on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    })
    expect(refused).toMatch(/^E(CONNREFUSED|ADDRNOTAVAIL)$/)
  })

  it('is opened in one place, by which all go', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const files = ['lib', 'bin', 'functions'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    const sources = files.filter((file) => /\.(ts|cjs)$/.test(file))
    const filesWith = (pattern: RegExp) =>
      sources.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')))
    expect(filesWith(/\.listen\(/)).toEqual(['lib/local/loopback.ts'])
    // The server of a described vendor has no port.
    expect(filesWith(/\bcreateServer\(|createSecureServer\(/)).toEqual([
      'lib/local/loopback.ts',
      'lib/local/simulators/oauth/in-process.ts',
    ])
  })
})

/** The laptop's servers, as `npm start` opens them, around a function and a clock that a test can look at. */
describe('a page elsewhere', () => {
  const account = { region: 'eu-west-1', accountId: '000000000000' }
  const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' }
  const signed = 'Authorization: AWS4-HMAC-SHA256 Credential=AKIDLOCAL/20261120/eu-west-1/sns/aws4_request'
  const clock = machineClock()
  let invoked = 0
  let refused = 0
  const pool = {
    invoke: async () => {
      invoked += 1
      return { statusCode: 200, body: 'a token' }
    },
    stop() {},
    close() {},
    pids: () => [],
    logFile: '',
  }
  let aws: AwsEndpoints
  let servers: Readonly<Record<'gateway' | 'aws' | 'simulators', Loopback>>

  beforeAll(async () => {
    aws = await startAwsEndpoints({ ...account, port: 0, functions: new Map([['vendomat-accelo', pool]]) })
    const schedules = timetable({ schedules: [], clock, call: async () => true })
    const simulators = await startSimulators({
      port: 0,
      clock: clockControl({ clock, timetable: schedules, mails: [] }),
    })
    const routes = [{ method: 'GET', resourcePath: '/tokens/accelo/{connection}', functionId: 'accelo' }]
    const functions = new Map([['accelo', pool]])
    const gateway = await startGateway({
      ...{ ...account, port: 0, stage: 'v1', credentials, routes, functions },
      gatewayResponses: {},
    })
    servers = { gateway, aws, simulators }
  })
  afterAll(() => Promise.all(Object.values(servers).map((server) => server.close())))

  /** All that a request could have changed, and every call that was heard. */
  async function state() {
    const vendors = ['accelo', 'iobeya', 'netrex'].map(async (name) =>
      (await control(servers.simulators.url, name)).json(),
    )
    return JSON.stringify([clock.aheadMs, invoked, aws.calls(), await Promise.all(vendors)])
  }

  const consent = 'client_id=nrx-client-0001&response_type=code&scope=read&decision=allow&state=s'
  const attempts: readonly (readonly [string, keyof typeof servers, Lines, string?])[] = [
    ['move the clock', 'simulators', ['POST /_control/clock', 'x-vendomat: 1'], '{"advance":"1d"}'],
    ['script a fault', 'simulators', ['POST /_control/accelo', 'x-vendomat: 1'], '{"fault":"status-500"}'],
    ['clear the faults', 'simulators', ['DELETE /_control/accelo', 'x-vendomat: 1']],
    ['make a token', 'simulators', ['POST /acme.iobeya.com/generate-token?days=8'], ''],
    ['consent', 'simulators', [`GET /system2.netrex.cz/oauth2/auth/?${consent}`]],
    ['read a secret', 'aws', ['POST /', 'x-amz-target: secretsmanager.GetSecretValue', signed], '{"SecretId":"s"}'],
    ['write to the table', 'aws', ['POST /', 'x-amz-target: DynamoDB_20120810.PutItem', signed], '{}'],
    ['publish a mail', 'aws', ['POST /', signed], 'Action=Publish&Message=m'],
    ['run a function', 'aws', ['POST /2015-03-31/functions/vendomat-accelo/invocations', signed], '{"task":"check"}'],
    ['get a token', 'gateway', ['GET /v1/tokens/accelo/hq']],
  ]
  const disguises: readonly (readonly [string, readonly string[]])[] = [
    ['under a name of its own that leads here', ['Host: evil.example:PORT']],
    ['at a site', [HERE, 'Origin: https://evil.example']],
    ['at another port of this computer', [HERE, 'Origin: http://localhost:3000']],
    ['in a frame without an origin', [HERE, 'Origin: null']],
    ['in an image', [HERE, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image']],
    ['in an image at another port', [HERE, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: no-cors']],
    ['in a window that it opens', [HERE, ...navigation('cross-site')]],
  ]

  it('has at each server what it could do, as programs can', async () => {
    for (const [name, at, [request, ...headers], body] of attempts) {
      const before = await state()
      const own = at === 'gateway' ? await signatureOf(request) : headers
      const answer = await send(servers[at].url, [request, HERE, ...own], body)
      expect([name, statusOf(answer) === 403, (await state()) === before]).toEqual([name, false, false])
    }
  })

  /** The headers with which a caller who has the keys signs a call. */
  async function signatureOf(request: string): Promise<string[]> {
    const [method = '', path = ''] = request.split(' ')
    let headers: string[] = []
    const http: typeof fetch = async (_, init) => {
      headers = [...new Headers(init?.headers)].filter(([name]) => name !== 'host').map((pair) => pair.join(': '))
      return new Response()
    }
    const signer = { region: account.region, credentials: async () => credentials, http }
    await signedRequest(method, new URL(path, servers.gateway.url), signer)
    return headers
  }

  it.each(disguises)('does nothing of it %s', async (_, disguise) => {
    const before = await state()
    for (const [name, at, [request, ...headers], body] of attempts) {
      const own = at === 'gateway' ? await signatureOf(request) : headers
      const answer = await send(servers[at].url, [request, ...disguise, ...own], body)
      expect([name, statusOf(answer)]).toEqual([name, 403])
      expect(answer).toContain('This request is refused: ')
      refused += 1
    }
    expect(await state()).toBe(before)
    figure('laptop-servers', `${refused} of ${attempts.length * disguises.length} attempts at 3 servers without effect`)
  })

  it('whose origin the browser keeps to itself cannot send the header with which the clock and faults are moved', async () => {
    const before = await state()
    for (const [path, body] of [
      ['clock', '{"advance":"1d"}'],
      ['accelo', '{"fault":"status-500"}'],
    ]) {
      const answer = await send(servers.simulators.url, [`POST /_control/${path}`, HERE], body)
      expect([statusOf(answer), answer]).toEqual([403, expect.stringContaining('x-vendomat: 1')])
    }
    expect(statusOf(await send(servers.simulators.url, ['DELETE /_control/accelo', HERE]))).toBe(403)
    expect(await state()).toBe(before)
  })

  it('nor the header without which AWS answers nobody', async () => {
    const before = await state()
    for (const [, at, [request, ...headers], body] of attempts.filter(([, server]) => server === 'aws')) {
      const unsigned = headers.filter((header) => header !== signed)
      const answer = await send(servers[at].url, [request, HERE, ...unsigned], body)
      expect([statusOf(answer), answer]).toEqual([403, expect.stringContaining('Missing Authentication Token')])
    }
    expect(await state()).toBe(before)
  })
})

describe('the address that a consent comes back to', () => {
  const STATE = 'state-of-this-consent'
  let callback: Callback
  beforeEach(async () => {
    const { url, close } = await listenOnLoopback(0, () => {})
    await close()
    callback = await listenForCallback(`${url}/callback`, 'give another port')
  })
  afterEach(() => callback.close())

  const back: Lines[0] = `GET /callback?code=c1&state=${STATE}`

  it.each<Case>([
    ['the vendor’s site', [back, HERE, ...navigation('cross-site'), 'Sec-Fetch-User: ?1']],
    ['the vendor’s site, with an origin it keeps to itself', [back, HERE, 'Origin: null', ...navigation('cross-site')]],
    ['a simulator at another port', [back, HERE, ...navigation('same-site')]],
    ['a link that was pasted', [back, HERE, ...navigation('none')]],
    ['a browser that does not say from where', [back, 'Host: localhost:PORT']],
  ])('is found from %s', async (_, lines) => {
    const arrived = callback.arrival(STATE)
    const answer = send(callback.redirectUri, lines)
    const { show } = await arrived
    await show('connected')
    expect(statusOf(await answer)).toBe(200)
  })

  const apart: readonly Case[] = [
    ['a frame', [back, HERE, ...navigation('cross-site', 'iframe')]],
    ['an image', [back, HERE, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image']],
    ['a script', [back, HERE, 'Origin: https://evil.example', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: cors']],
    ['a script that calls itself a window', [back, HERE, 'Origin: https://evil.example', ...navigation('cross-site')]],
    ['a form', [back.replace('GET', 'POST'), HERE, 'Origin: https://evil.example', ...navigation('cross-site')]],
    ['a form without an origin', [back.replace('GET', 'POST'), HERE, 'Origin: null', ...navigation('cross-site')]],
    ['a name that leads here', [back, 'Host: evil.example:PORT', ...navigation('cross-site')]],
    ['a name that leads here, as its own', [back, 'Host: evil.example:PORT', ...navigation('same-origin')]],
  ]

  it('is not found by a page elsewhere in any other way, with the right state and all', async () => {
    let arrived = false
    void callback.arrival(STATE).then(() => {
      arrived = true
    })
    const answers = await Promise.all(apart.map(([, lines]) => send(callback.redirectUri, lines)))
    expect(answers.map(statusOf)).toEqual(apart.map(() => 403))
    expect(arrived).toBe(false)
    figure('laptop-callback', `${answers.length} of ${apart.length} other ways refused`)
  })
})

describe('npm start', () => {
  const here = { PATH: process.env.PATH }
  const refused: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['AWS_LAMBDA_FUNCTION_NAME', { AWS_LAMBDA_FUNCTION_NAME: 'vendomat-accelo' }],
    ['AWS_LAMBDA_RUNTIME_API', { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' }],
    ['LAMBDA_TASK_ROOT', { LAMBDA_TASK_ROOT: '/var/task' }],
    ['VENDOMAT_SIMULATOR_URL', { VENDOMAT_SIMULATOR_URL: 'https://system2.netrex.cz' }],
    ['VENDOMAT_SIMULATOR_URL', { VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1.nip.example:8789' }],
    ['VENDOMAT_SIMULATOR_URL', { VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1@evil.example' }],
    ['VENDOMAT_SIMULATOR_URL', { VENDOMAT_SIMULATOR_URL: 'http://192.168.1.10:8789' }],
    ['VENDOMAT_SIMULATOR_URL', { VENDOMAT_SIMULATOR_URL: 'simulators' }],
    ['VENDOMAT_SIMULATOR_URL', { VENDOMAT_SIMULATOR_URL: 'file:///tmp' }],
    ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'https://secretsmanager.eu-west-1.amazonaws.com' }],
    ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'http://169.254.169.254' }],
  ]

  let count = 0
  const home = join(tmpdir(), `vendomat-${process.pid}-refused`)
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  it.each(refused)('has no place where %s is %j: it opens nothing and writes nothing', async (name, environment) => {
    const said: string[] = []
    const say = (line: string) => said.push(line)
    // Somebody stops it at once, so that none goes on if it is not refused.
    const stop = AbortSignal.abort()
    const start = startMachine({ port: 0, home, environment: { ...here, ...environment }, say, stop })
    await expect(start).rejects.toThrow(name)
    expect([existsSync(home), said]).toEqual([false, []])
    count += 1
    figure('laptop-start', `${count} of ${refused.length} surroundings refused`)
  })

  it('says so in one line', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const env = { ...here, AWS_LAMBDA_FUNCTION_NAME: 'vendomat-accelo' }
    const program = ['--import', 'tsx', 'bin/local.ts', '--port', '0']
    const options = { cwd: root, env, encoding: 'utf8', timeout: 20_000 } as const
    const { status, stdout, stderr } = spawnSync(process.execPath, program, options)
    const line = 'npm start is for laptops, and AWS_LAMBDA_FUNCTION_NAME says that this is Lambda\n'
    expect([status, stdout, stderr]).toEqual([1, '', line])
  })

  it.each(['http://127.0.0.1:9297', 'https://localhost:9297', 'http://[::1]:9297', 'http://127.8.0.1:1'])(
    'takes an emulator at %s, which is on this computer',
    async (url) => {
      const home = mkdtempSync(join(tmpdir(), 'vendomat-'))
      const said: string[] = []
      const stop = AbortSignal.abort()
      const environment = { ...here, AWS_ENDPOINT_URL: url, VENDOMAT_SIMULATOR_URL: url }
      await expect(startMachine({ port: 0, home, environment, say: (line) => said.push(line), stop })).rejects.toThrow()
      expect(said[0]).toBe(
        `vendors: yours, ${url} (VENDOMAT_SIMULATOR_URL); AWS endpoints: yours, ${url} (AWS_ENDPOINT_URL)`,
      )
      rmSync(home, { recursive: true })
    },
  )
})
