/**
 * `npm run foreign-page [-- /path/to/chromium]`: a machine as `npm start` runs it, a consent that waits at the CLI's
 * callback, and a headless browser with pages of other origins that try all a page can to change or read either. Says what an
 * open server heard of the same pages, and whether anything is other than before.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns'
import { listenForCallback } from '../../lib/cli/callback.ts'
import { secondsAhead } from '../../lib/cli/local-clock.ts'
import { signedRequest } from '../../lib/client/signed-request.ts'
import { listenOnLoopback } from '../../lib/local/loopback.ts'
import { startMachine } from '../../lib/local/machine.ts'
import { control } from '../support/control.ts'

const PAGE = '<!doctype html><meta charset="utf-8"><body></body><script type="module" src="/foreign/script"></script>'
const SCRIPT = readFileSync(new URL('foreign-page.mjs', import.meta.url))
const VENDORS = ['accelo', 'accessia', 'clearid', 'iobeya', 'netrex']
/** Before the first sweep of the machine changes something itself. */
const SECONDS = 50

interface Target {
  readonly server: string
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly notBy?: readonly string[]
}
interface Result {
  readonly server: string
  readonly way: string
  /** What the page could read of the answer. */
  readonly text?: string
}
interface Report {
  readonly ways: readonly string[]
  readonly results: readonly Result[]
}

// The SDK's locked version runs on Node 20, which the table need not say.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const browser = process.argv[2] ?? ['chromium', 'chromium-browser', 'google-chrome', 'chrome'].find(isThere)
if (browser === undefined) {
  console.error('there is no Chromium: npm run foreign-page -- /path/to/chromium')
  process.exit(2)
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}

const folder = mkdtempSync(join(tmpdir(), 'vendomat-'))
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })]
try {
  process.exitCode = await run(browser)
} finally {
  for (const end of ends.reverse()) await end()
}
process.exit()

async function run(command: string): Promise<number> {
  const home = join(folder, 'home')
  const machine = await startMachine({ port: 0, home, environment: { PATH: process.env.PATH }, say: () => {} })
  const startedAt = performance.now()
  ends.push(machine.close)
  const setting = (name: string) => machine.environment[name] ?? ''
  const free = await listenOnLoopback(0, () => {})
  await free.close()
  const callback = await listenForCallback(`${free.url}/callback`, 'start again')
  ends.push(callback.close)
  const state = randomUUID()
  let arrived = 0
  void callback.arrival(state).then(() => {
    arrived += 1
  })
  const servers = {
    gateway: new URL(setting('VENDOMAT_URL')).origin,
    aws: setting('AWS_ENDPOINT_URL'),
    simulators: setting('VENDOMAT_SIMULATOR_URL'),
    callback: free.url,
  }

  const credentials = { accessKeyId: setting('AWS_ACCESS_KEY_ID'), secretAccessKey: setting('AWS_SECRET_ACCESS_KEY') }
  const region = setting('AWS_REGION')
  const signer = { region, credentials: async () => credentials, http: fetch }
  // So that there is something in the table.
  await signedRequest('GET', new URL(`${setting('VENDOMAT_URL')}/tokens/accelo/hq`), signer)
  const client = { endpoint: servers.aws, region, credentials }
  const [secrets, tables, topics] = [
    new SecretsManagerClient(client),
    new DynamoDBClient(client),
    new SNSClient(client),
  ]

  /** Everything of the machine that a call could have changed. */
  async function seen() {
    const { SecretList = [] } = await secrets.send(new ListSecretsCommand({ MaxResults: 100 }))
    const values = SecretList.map(({ Name }) => secrets.send(new GetSecretValueCommand({ SecretId: Name })))
    const { TableNames = [] } = await tables.send(new ListTablesCommand({}))
    const items = await Promise.all(TableNames.map((TableName) => tables.send(new ScanCommand({ TableName }))))
    const { Topics = [] } = await topics.send(new ListTopicsCommand({}))
    const vendors = VENDORS.map(async (vendor) => [vendor, await (await control(servers.simulators, vendor)).json()])
    const clock = secondsAhead({ environment: machine.environment, http: fetch })
    const logs = readdirSync(join(home, 'logs')).map((name) => readFileSync(join(home, 'logs', name)).length)
    return {
      'seconds that the clock is ahead': await clock,
      'faults and calls of vendors': await Promise.all(vendors),
      secrets: (await Promise.all(values)).map(({ Name, VersionId, SecretString }) => [Name, VersionId, SecretString]),
      'items of the table': items.flatMap(({ Items = [] }) => Items),
      topics: Topics,
      'bytes that the functions logged': logs,
      notices: readdirSync(join(home, 'notices')),
      'consents that came back': arrived,
    }
  }

  const heard = new Set<string>()
  const open = await listen('127.0.0.1', (request, response) => {
    const way = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('way')
    if (way && request.method !== 'OPTIONS') heard.add(way)
    const anybody = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
    response.writeHead(200, { ...anybody, 'access-control-allow-methods': '*' }).end('open')
  })
  const witness: Target = { server: 'open', url: `${originOf(open)}/?way=WAY`, body: 'a=b' }

  const before = await seen()
  const rows: Row[] = []
  const consent = `/callback?code=c1&state=${state}`
  const reports = await reporting()
  const elsewhere = originOf(
    await listen('127.0.0.1', pageWith([witness, ...targetsOf(servers, consent)], reports.url)),
  )
  for (const origin of [elsewhere, elsewhere.replace('127.0.0.1', 'evil.example')]) {
    heard.clear()
    const reported = reports.next().then((report) => complete(heard, report))
    const { ways, results } = await visit(command, `${origin}/foreign/page`, reported)
    const unheard = ways.filter((way) => !heard.has(way))
    const all = `${heard.size} of ${ways.length}${unheard.map((way) => `, not ${way}`).join('')}`
    rows.push({ page: origin, heard: all, ...counted(results) })
  }
  for (const [server, url] of Object.entries(servers)) {
    const origin = `http://rebound.example:${new URL(url).port}`
    await rebind(Number(new URL(url).port), pageWith(targetsOf({ [server]: origin }, consent), reports.url))
    const { results } = await visit(command, `${origin}/foreign/page`, reports.next())
    rows.push({ page: origin, heard: '', ...counted(results) })
  }
  const after = await seen()

  const took = (performance.now() - startedAt) / 1000
  console.log(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout.trim())
  console.table(rows)
  const changed = Object.keys(before).filter((name) => digestOf(after, name) !== digestOf(before, name))
  for (const name of Object.keys(before)) console.log(`${changed.includes(name) ? 'CHANGED  ' : 'as before'}  ${name}`)
  if (took > SECONDS)
    console.log(`it took ${took.toFixed(0)} s, in which the machine may have changed something itself`)
  const read = rows.reduce((sum, row) => sum + row.read, 0)
  console.log(`${rows.reduce((sum, row) => sum + row.attempts, 0)} attempts: ${changed.length} effects, ${read} read`)
  return changed.length + read === 0 ? 0 : 1
}

interface Row {
  readonly page: string
  /** The ways of which the open server heard: that many does this browser really go. */
  readonly heard: string
  readonly attempts: number
  readonly read: number
}

/** A page of the laptop's own origin may read that it is refused, and nothing else. */
function counted(results: readonly Result[]) {
  const attempts = results.filter(({ server }) => server !== 'open')
  const read = attempts.filter(({ text: answer }) => answer && !answer.startsWith('This request is refused: '))
  return { attempts: attempts.length, read: read.length }
}

function digestOf(state: object, name: string): string {
  const value = Object.entries(state).find(([key]) => key === name)
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

/** What is worth a try at each server. */
function targetsOf(servers: Readonly<Record<string, string>>, consent: string): Target[] {
  const json = { 'content-type': 'application/x-amz-json-1.1' }
  const calls: readonly (Omit<Target, 'url'> & { readonly path: string })[] = [
    { server: 'simulators', path: '/_control/clock', body: '{"advance":"30d"}' },
    { server: 'simulators', path: '/_control/accelo', body: '{"fault":"status-500","times":-1}' },
    { server: 'simulators', path: '/acme.iobeya.com/generate-token?days=8', body: 'a=b' },
    {
      server: 'simulators',
      path: '/system2.netrex.cz/oauth2/auth/?client_id=nrx-client-0001&response_type=code&scope=read&decision=allow',
      body: 'a=b',
    },
    { server: 'aws', path: '/', body: 'Action=CreateTopic&Name=evil' },
    { server: 'aws', path: '/2015-03-31/functions/vendomat-accelo/invocations', body: '{"task":"check"}' },
    {
      server: 'aws',
      path: '/?secret',
      body: '{"SecretId":"vendomat/accelo/hq"}',
      headers: { ...json, 'x-amz-target': 'secretsmanager.GetSecretValue' },
    },
    { server: 'gateway', path: '/v1/tokens/accelo/hq', body: '{}' },
    // A window is how a vendor sends people back. It takes the state, which a page elsewhere has not got.
    { server: 'callback', path: consent, body: 'a=b', notBy: ['window GET'] },
    { server: 'callback', path: '/callback?code=c1&state=guessed', body: 'a=b' },
  ]
  return calls.flatMap(({ path, ...call }) => {
    const url = servers[call.server]
    return url === undefined ? [] : [{ ...call, url: `${url}${path}` }]
  })
}

/** A window that a page opens loads when the page has long gone on. */
async function complete(heard: ReadonlySet<string>, report: Report): Promise<Report> {
  for (let looks = 0; looks < 30 && heard.size < report.ways.length; looks += 1) await wait(100)
  return report
}

/** Serves the page, what it is to try, and where it reports to. */
function pageWith(targets: readonly Target[], report: string): RequestListener {
  const files: Partial<Record<string, readonly [type: string, content: string | Buffer]>> = {
    '/foreign/page': ['text/html', PAGE],
    '/foreign/script': ['text/javascript', SCRIPT],
    '/foreign/plan': ['application/json', JSON.stringify({ targets, report })],
  }
  return ({ url = '' }, response) => {
    const [type, content] = files[url] ?? ['text/plain', '']
    // What comes next may be for the laptop.
    response.writeHead(200, { 'content-type': type, connection: 'close' }).end(content)
  }
}

/** Where the pages say what they could read. */
async function reporting() {
  let reported = (_: Report) => {}
  const server = await listen('127.0.0.1', async (request, response) => {
    reported(JSON.parse(await text(request)))
    response.end()
  })
  const next = () =>
    new Promise<Report>((resolve) => {
      reported = resolve
    })
  return { url: originOf(server), next }
}

/**
 * As a DNS rebinding: a name of the page's own leads to the page, and then, at the same port and so in the same origin, to
 * the laptop, to which every byte goes as it is.
 */
async function rebind(port: number, page: RequestListener): Promise<void> {
  const own = createServer(page)
  const door = createTcpServer((socket) => {
    socket.once('data', (first) => {
      socket.pause()
      socket.unshift(first)
      if (/^GET \/foreign\//.test(first.toString('latin1'))) own.emit('connection', socket)
      else piped(socket, connect(port, '127.0.0.1'))
      process.nextTick(() => socket.resume())
    })
  })
  await new Promise<void>((resolve) => door.listen(port, '127.0.0.2', resolve))
  ends.push(() => door.close())
}

function piped(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy())
    from.pipe(to)
  }
}

async function listen(address: string, listener: RequestListener): Promise<Server> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  ends.push(() => server.closeAllConnections())
  return server
}

function originOf(server: Server): string {
  // A TCP server has an AddressInfo; only a pipe has a string.
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** Opens the page in a browser of its own, and resolves with what the page reports. */
async function visit(command: string, url: string, report: Promise<Report>): Promise<Report> {
  const profile = mkdtempSync(join(folder, 'profile-'))
  const child: ChildProcess = spawn(
    command,
    [
      ...['--headless', '--disable-gpu', '--disable-dev-shm-usage', '--disable-popup-blocking', '--no-first-run'],
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${profile}`,
      '--host-resolver-rules=MAP evil.example 127.0.0.1,MAP rebound.example 127.0.0.2',
      ...['--remote-debugging-port=0', url],
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`the browser ended with ${code}`))),
  )
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`nothing was reported from ${url}`)), SECONDS * 1000).unref()
  })
  try {
    return await Promise.race([report, ended, late])
  } finally {
    child.removeAllListeners('exit').kill('SIGKILL')
  }
}
