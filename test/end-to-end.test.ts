import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type AttributeValue, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import * as z from 'zod/mini'
import { acceloClients, acceloDeployment } from '../functions/accelo/simulator.ts'
import { accessiaIntegration } from '../functions/accessia/simulator.ts'
import { clearidKeyFiles } from '../functions/clearid/simulator.ts'
import { netrexApplication, netrexUserToken } from '../functions/netrex/simulator.ts'
import { signedRequest } from '../lib/client/signed-request.ts'
import { type Machine, startMachine } from '../lib/local/machine.ts'
import { startSimulators } from '../lib/local/simulators.ts'
import { isLast } from './support/audit-lines.ts'
import { type Canary, type Output, tracesOf } from './support/canary.ts'
import { control as controlOf } from './support/control.ts'
import { figure } from './support/figure.ts'
import { type Overheard, overhear } from './support/overheard.ts'

/**
 * The whole machine, as `npm start` runs it: synthesised stack, deployed bundles, signed calls. Its simulators are somebody's
 * own, and the shell that it is started from still has the AWS endpoints of an earlier machine.
 */
let machine: Machine
let simulators: Overheard
const EARLIER = 'http://127.0.0.1:1'
const said: string[] = []
const shown: string[] = []
let environment: Record<string, string>
let home: string
/** Every token and every consent's state that was given out, every refusal, and which calls were answered, for the end. */
const canaries: Canary[] = []
const refusals: string[] = []
const answered: { readonly id: string; readonly fingerprint: string | undefined }[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  simulators = await overhear(await startSimulators({ port: 0 }))
  machine = await startMachine({
    port: 0,
    home,
    environment: {
      PATH: process.env.PATH,
      VENDOMAT_SIMULATOR_URL: `${simulators.url}/`,
      AWS_ENDPOINT_URL: EARLIER,
      VENDOMAT_BUILT_IN: EARLIER,
    },
    say: (line) => said.push(line),
    progress: (line) => shown.push(line),
  })
  environment = { ...machine.environment }
}, 60_000)
afterAll(async () => {
  await machine?.close()
  await simulators?.close()
  rmSync(home, { recursive: true })
})

const setting = (name: string): string => environment[name] ?? ''
const credentials = () => ({
  accessKeyId: setting('AWS_ACCESS_KEY_ID'),
  secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
})

type Keys = ReturnType<typeof credentials>

const get = (path: string, signer?: Keys) => call('GET', path, undefined, signer)

async function call(method: string, path: string, json?: object, signer: Keys = credentials()) {
  const region = setting('AWS_REGION')
  const url = new URL(`${setting('VENDOMAT_URL')}${path}`)
  const signed = { region, credentials: async () => signer, http: fetch, ...(json && { body: json }) }
  const answer = await signedRequest(method, url, signed)
  const text = await answer.text()
  const given = JSON.parse(text)
  const { access_token: token, authorization_url: consenting, vendor, connection } = given
  const isMade = vendor === 'iobeya' || connection === 'user-token'
  if (token) canaries.push({ kind: isMade ? 'static token' : 'access token', value: token })
  if (consenting) canaries.push({ kind: 'state', value: given.state })
  // A refusal of the gateway itself reaches no function.
  if (!answer.headers.has('x-amzn-errortype'))
    answered.push({ id: answer.headers.get('x-amzn-requestid') ?? '', fingerprint: token && given.fingerprint })
  if (answer.status !== 200) refusals.push(text)
  return { status: answer.status, headers: answer.headers, body: given }
}

const read = async (answer: Response) => ({ status: answer.status, body: JSON.parse((await answer.text()) || '{}') })
const simulator = async (path: string, init: RequestInit = {}) =>
  read(await fetch(`${setting('VENDOMAT_SIMULATOR_URL')}/${path}`, init))
const control = async (vendor: string, method = 'GET', body?: object) =>
  read(await controlOf(setting('VENDOMAT_SIMULATOR_URL'), vendor, method, body))
const callsOf = async (vendor: string): Promise<number> => (await control(vendor)).body.calls.total

const aws = () => ({ endpoint: setting('AWS_ENDPOINT_URL'), region: setting('AWS_REGION'), credentials: credentials() })
const document = JSON.stringify({
  deployment: acceloDeployment,
  client_id: acceloClients.hq.clientId,
  client_secret: acceloClients.hq.clientSecret,
})
const functionOf = (vendor: string) => {
  const found = machine.functions.get(`vendomat-${vendor}`)
  if (!found) throw new Error(`no function of ${vendor}`)
  return found
}
const createConnection = (name: string, text = document) =>
  new SecretsManagerClient(aws()).send(new CreateSecretCommand({ Name: `vendomat/${name}`, SecretString: text }))

const CONSENT = '/connections/netrex/site-a/authorization'
const begin = () => call('POST', CONSENT, { redirect_uri: netrexApplication.redirectUri })

/** What the person's browser is sent back with. */
async function decide(authorizationUrl: string, decision: 'allow' | 'deny') {
  const { host, pathname, search } = new URL(authorizationUrl)
  const address = `${setting('VENDOMAT_SIMULATOR_URL')}/${host}${pathname}${search}&decision=${decision}`
  const page = await fetch(address, { redirect: 'manual' })
  return Object.fromEntries(new URL(page.headers.get('location') ?? '').searchParams)
}

/** Runs the command line in a process of its own, as a person does. */
async function vendomat(line: readonly string[], env: Readonly<Record<string, string>> = environment) {
  const started = ['--import', 'tsx', 'bin/vendomat.ts', ...line]
  const done = promisify(execFile)(process.execPath, started, { env: { PATH: process.env.PATH, ...env } })
  return done.then(
    ({ stdout, stderr }) => ({ out: stdout, said: stderr }),
    ({ stdout, stderr }) => ({ out: String(stdout), said: String(stderr) }),
  )
}

const deleteSecret = (name: string) =>
  new SecretsManagerClient(aws()).send(
    new DeleteSecretCommand({ SecretId: `vendomat/${name}`, ForceDeleteWithoutRecovery: true }),
  )

describe('a start', () => {
  it('uses the simulators that the environment names, its own in place of an earlier machine’s, and says so', () => {
    expect(setting('VENDOMAT_SIMULATOR_URL')).toBe(simulators.url)
    expect(setting('AWS_ENDPOINT_URL')).toMatch(/^http:\/\/127\.0\.0\.1:\d{3,}$/)
    expect(setting('VENDOMAT_BUILT_IN')).toBe(setting('AWS_ENDPOINT_URL'))
    expect(said[0]).toBe(
      `vendors: yours, ${simulators.url} (VENDOMAT_SIMULATOR_URL); ` +
        'AWS endpoints: built in (AWS_ENDPOINT_URL of this shell is from a .local/env)',
    )
  })

  it('shows how far the build is, and takes that back', () => {
    expect(shown).toContainEqual(expect.stringMatching(/^[0-5] handlers, \d+ s$/))
    expect(shown.at(-1)).toBe('')
  })

  it('that is stopped leaves nothing behind', async () => {
    const other = join(home, 'stopped')
    const stop = new AbortController()
    const started = startMachine({
      port: 0,
      home: other,
      environment: { PATH: process.env.PATH },
      say: (line) => line.startsWith('building') && queueMicrotask(() => stop.abort()),
      stop: stop.signal,
    })
    await expect(started).rejects.toMatchObject({ name: 'AbortError' })
    expect(readdirSync(other)).toEqual(['logs', 'notices'])
  })
})

describe('a signed call', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const graphql = (token: string) => ({
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"query":"{cameraList{name}}"}',
  })

  it.each([
    ['accelo/hq', 'acme.api.accelo.com/api/v0/tokeninfo', bearer],
    ['accelo/readonly', 'acme.api.accelo.com/api/v0/tokeninfo', bearer],
    ['accessia/main', 'main.cloud.accessia.com/apis/groups?limit=1', bearer],
    ['iobeya/main', 'acme.api.iobeya.com/v1/rooms?page=1&size=1', bearer],
    ['clearid/demo', 'identityservice-demo.clearid.io/api/v2/accounts/{account_id}/identities', bearer],
    ['clearid/secret', 'identityservice-demo.clearid.io/api/v2/accounts/{account_id}/identities', bearer],
    ['netrex/user-token', 'system2.netrex.cz/api/graphql.php', graphql],
  ])('for %s gets a token that the vendor’s own API accepts', async (connection, resource, use) => {
    const { status, headers, body } = await get(`/tokens/${connection}`)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    const asked = (token: string) => simulator(resource.replace('{account_id}', body.context.account_id), use(token))
    expect((await asked(body.access_token)).status).toBe(200)
    expect((await asked(`${body.access_token}x`)).status).toBe(401)
  })

  it('for a static user token states no end that nobody knows, and when to ask again', async () => {
    const { body } = await get('/tokens/netrex/user-token')
    expect(Object.keys(body).filter((name) => /expires|refresh_after/.test(name))).toEqual(['refresh_after'])
  })

  it('that asks for too much, for nobody or for nonsense is refused', async () => {
    expect((await get('/tokens/accelo/hq?min_ttl=999999999')).status).toBe(422)
    expect((await get('/tokens/accelo/nobody')).status).toBe(404)
    expect((await get('/tokens/accelo/HQ')).status).toBe(400)
    expect((await get('/tokens/accelo/hq?scope=all')).status).toBe(400)
    expect((await get('/tokens/nobody/hq')).body).toMatchObject({ status: 403, code: 'not_signed' })
  })

  it('gets 403 with the reason, as a deployed gateway has it, with a wrong key, a wrong secret or none at all', async () => {
    const wrongKey = await get('/tokens/accelo/hq', { ...credentials(), accessKeyId: 'AKIAWRONG' })
    expect([wrongKey.status, wrongKey.body.code]).toEqual([403, 'refused'])
    const wrongSecret = await get('/tokens/accelo/hq', { ...credentials(), secretAccessKey: 'wrong' })
    expect([wrongSecret.status, wrongSecret.body.code]).toEqual([403, 'signature_invalid'])
    const unsigned = await fetch(`${setting('VENDOMAT_URL')}/tokens/accelo/hq?echo=canary`)
    expect([unsigned.status, unsigned.headers.get('content-type'), unsigned.headers.get('cache-control')]).toEqual([
      403,
      'application/problem+json',
      'no-store',
    ])
    const body = await unsigned.text()
    expect(JSON.parse(body)).toEqual({
      type: 'urn:vendomat:gateway:not-signed',
      title: 'There is no such route or vendor, or the call was not signed',
      status: 403,
      detail: 'Missing Authentication Token',
      code: 'not_signed',
      retryable: false,
      next_step: expect.stringContaining('AWS Signature V4'),
      request_id: unsigned.headers.get('x-amzn-requestid'),
    })
    expect(body).not.toContain('canary')
  })

  it('can be made by the system’s own curl, with the words of the banner', async () => {
    const [line = ''] = machine.banner.split('\n').filter((text) => text.includes('curl --aws-sigv4'))
    const { stdout } = await promisify(execFile)('sh', ['-c', `${line} -s`], {
      env: { ...environment, PATH: process.env.PATH },
    })
    expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer' })
  })
})

describe('a connection that needs a person', () => {
  it('says so until one has consented, and then vends; a denied or replayed consent changes nothing', async () => {
    expect((await get('/tokens/netrex/site-a')).body).toMatchObject({ status: 424, code: 'not_connected' })
    const denied = await decide((await begin()).body.authorization_url, 'deny')
    expect((await call('POST', CONSENT, denied)).body.code).toBe('authorization_denied')

    const { state, code } = await decide((await begin()).body.authorization_url, 'allow')
    const wrong = await call('POST', CONSENT, { state: 'x'.repeat(43), code })
    expect([wrong.status, wrong.body.code]).toEqual([400, 'authorization_invalid'])
    expect((await call('POST', CONSENT, { code })).status).toBe(400)
    expect((await call('POST', CONSENT, { state, code })).body).toMatchObject({ state: 'connected', warnings: [] })
    expect((await call('POST', CONSENT, { state, code })).body.code).toBe('authorization_invalid')
    expect((await get('/tokens/netrex/site-a')).body).toMatchObject({ source: 'cache', token_type: 'Bearer' })
  })

  it('takes over what a team has already: a refresh token, or an access token until its end', async () => {
    const { clientId: client_id, clientSecret: client_secret, redirectUri: redirect_uri } = netrexApplication
    const host = 'system2.netrex.cz'
    await createConnection('netrex/theirs', JSON.stringify({ host, client_id, client_secret, redirect_uri }))
    const asked = new URLSearchParams({ response_type: 'code', client_id, redirect_uri, scope: 'read' })
    const { code = '' } = await decide(`https://${host}/oauth2/auth/?${asked}`, 'allow')
    const grant = { grant_type: 'authorization_code', client_id, client_secret, code, redirect_uri }
    const { body: theirs } = await simulator(`${host}/oauth2/token?${new URLSearchParams(grant)}`, { method: 'POST' })

    const take = (body: object) => call('POST', '/connections/netrex/theirs/authorization', body)
    const vended = async () => (await get('/tokens/netrex/theirs')).body
    expect((await take({ refresh_token: 'r'.repeat(32) })).status).not.toBe(200)
    expect((await take({ access_token: 'a'.repeat(32), expires_in: 600 })).body.code).toBe('grant_rejected')
    expect((await vended()).code).toBe('not_connected')

    const { access_token, refresh_token } = theirs
    expect((await take({ access_token })).body.detail).toContain('say it with expires_in')
    const { body: held } = await take({ access_token, expires_in: 600 })
    expect(held).toMatchObject({ state: 'connected', warnings: [{ code: 'reconnect_needed' }] })
    expect((await vended()).access_token).toBe(access_token)
    expect((await call('POST', '/connections/netrex/theirs/check')).body.state).toBe('ok')

    expect((await take({ refresh_token })).body).toMatchObject({ state: 'connected' })
    expect(await vended()).toMatchObject({ source: 'cache', access_token: expect.not.stringMatching(access_token) })
    expect((await call('POST', '/connections/netrex/theirs/check')).body.state).toBe('ok')
    expect((await call('DELETE', '/tokens/netrex/theirs')).body.vendor_revocation).toBe('done')
    await deleteSecret('netrex/theirs')
  })

  it('says so again when its grant was revoked', async () => {
    const revoked = await call('DELETE', '/tokens/netrex/site-a')
    expect(revoked.body).toMatchObject({ revoked: true, vendor_revocation: 'done' })
    expect((await get('/connections/netrex/site-a')).body.state).toBe('reconnect')
    expect((await get('/tokens/netrex/site-a')).body).toMatchObject({ status: 424, code: 'grant_revoked' })
  })
})

describe('a connection', () => {
  it('that is refused, revoked, disabled and enabled does so', async () => {
    await createConnection('accelo/told')
    const first = (await get('/tokens/accelo/told')).body
    const refresh = (rejected: string) => call('POST', '/tokens/accelo/told/refresh', { rejected })
    const second = (await refresh(first.fingerprint)).body
    expect(second).toMatchObject({ source: 'vendor' })
    expect((await refresh(first.fingerprint)).body).toMatchObject({ source: 'cache', fingerprint: second.fingerprint })
    const limited = await refresh(second.fingerprint)
    expect([limited.status, Number(limited.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect((await call('POST', '/tokens/accelo/told/refresh', { rejected: 'x' })).status).toBe(400)

    const { body } = await call('DELETE', '/tokens/accelo/told')
    expect(body).toMatchObject({ revoked: true, vendor_revocation: 'done' })
    const tokeninfo = 'acme.api.accelo.com/api/v0/tokeninfo'
    const dead = await simulator(tokeninfo, { headers: { authorization: `Bearer ${second.access_token}` } })
    expect(dead.status).toBe(401)

    await call('PUT', '/connections/accelo/told/owner', { owner: 'ada@acme.example' })
    const disabled = await call('PUT', '/connections/accelo/told/status', { status: 'disabled' })
    expect(disabled.body).toMatchObject({ state: 'disabled', owner: 'ada@acme.example' })
    expect((await get('/tokens/accelo/told')).status).toBe(409)
    await call('PUT', '/connections/accelo/told/status', { status: 'active' })
    expect((await get('/tokens/accelo/told')).status).toBe(200)
    const { connections } = (await get('/connections/accelo')).body
    expect(connections).toContainEqual(expect.objectContaining({ connection: 'told', state: 'ok' }))
  })

  it('is removed once its secret is gone, and may come back', async () => {
    await createConnection('accelo/retired')
    const before = (await get('/tokens/accelo/retired')).body
    expect((await call('DELETE', '/connections/accelo/retired')).body).toMatchObject({ code: 'connection_in_use' })
    await deleteSecret('accelo/retired')
    expect((await call('DELETE', '/connections/accelo/retired')).body).toMatchObject({ removed: true })
    expect((await get('/connections/accelo/retired')).status).toBe(404)
    const { connections } = (await get('/connections/accelo')).body
    expect(connections.map(({ connection }: { connection: string }) => connection)).not.toContain('retired')

    await createConnection('accelo/retired')
    expect((await call('POST', '/connections/accelo/retired/check')).status).toBe(200)
    const after = (await get('/tokens/accelo/retired')).body
    expect(after.access_token).not.toBe(before.access_token)
  })
})

describe('the machine', () => {
  it('makes one vendor call for 200 callers of a cold connection', async () => {
    await createConnection('accelo/herd')
    await control('accelo', 'DELETE')
    const answers = await Promise.all(Array.from({ length: 200 }, () => get('/tokens/accelo/herd')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.fingerprint)).size).toBe(1)
    expect(await callsOf('accelo')).toBe(1)
  }, 30_000)

  it('answers 503 with Retry-After while the vendor fails and there is no token', async () => {
    await createConnection('accelo/failing')
    await control('accelo', 'DELETE')
    await control('accelo', 'POST', { fault: 'status-500', times: -1 })
    const { status, headers, body } = await get('/tokens/accelo/failing')
    expect([status, body.code, body.retryable]).toEqual([503, 'vendor_unavailable', true])
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    await control('accelo', 'DELETE')
  })

  it('makes at most two calls for 200 requests with refused credentials, and takes the next version as soon as a person has it checked', async () => {
    await createConnection('accelo/refused')
    await control('accelo', 'DELETE')
    await control('accelo', 'POST', { fault: 'invalid-client', times: -1 })
    const answers = await Promise.all(Array.from({ length: 200 }, () => get('/tokens/accelo/refused')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([502]))
    expect(await callsOf('accelo')).toBeLessThanOrEqual(2)
    await control('accelo', 'DELETE')
    expect((await get('/tokens/accelo/refused')).status).toBe(502)
    const put = new PutSecretValueCommand({ SecretId: 'vendomat/accelo/refused', SecretString: document })
    await new SecretsManagerClient(aws()).send(put)
    expect((await call('POST', '/connections/accelo/refused/check')).status).toBe(200)
    expect((await get('/tokens/accelo/refused')).status).toBe(200)
  }, 30_000)

  it.each([
    ['html', 502],
    ['truncated', 503],
    ['error-in-200', 502],
    ['redirect', 502],
    ['status-429', 503],
    ['reset', 503],
  ])(
    'answers the fault %s of a vendor with %i and repeats nothing of what the vendor said',
    async (fault, expected) => {
      await createConnection(`accelo/fault-${fault}`)
      await control('accelo', 'DELETE')
      await control('accelo', 'POST', { fault, times: -1 })
      const { status, body } = await get(`/tokens/accelo/fault-${fault}`)
      const { trap } = (await control('accelo', 'DELETE')).body
      expect([fault, status]).toEqual([fault, expected])
      expect(trap).toBe(0)
      expect(JSON.stringify(body)).not.toMatch(/html>|unavailable for|Service Unavailable|description/i)
    },
  )

  it('renews what is due and checks credentials when the schedules call, and refuses any other task', async () => {
    await get('/tokens/iobeya/main')
    const iobeya = functionOf('iobeya')
    expect(await iobeya.invoke({ task: 'renew' }, 'r1')).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    expect(await iobeya.invoke({ task: 'renew' }, 'r2')).toEqual({ due: 0, renewed: 0, failed: 0, left: 0 })
    expect(await iobeya.invoke({ task: 'check' }, 'r3')).toEqual({ checked: 1, failed: 0, left: 0 })
    expect(await iobeya.invoke({ task: 'else' }, 'r4')).toBeUndefined()
  })

  it('has nothing wrong for `vendomat doctor --deployment` once a sweep has come, but the signature of a wrong key', async () => {
    await get('/tokens/accelo/hq')
    await functionOf('accelo').invoke({ task: 'renew' }, 'r5')
    const doctor = async (env: Record<string, string>) => {
      const { out } = await vendomat(['doctor', '--deployment', 'accelo', '-o', 'json'], env)
      return JSON.parse(out).checks.map(({ check, result }: Record<string, string>) => `${check} ${result}`)
    }
    const here = ['address', 'region', 'credentials', 'answer', 'clock'].map((check) => `${check} ok`)
    const there = ['list', 'rows and secrets', 'token', 'schedules'].map((check) => `accelo ${check} ok`)
    expect(await doctor(environment)).toEqual([...here, 'identity ok', 'signature ok', ...there, 'notices unseen'])
    const wrong = { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' }
    // The STS of a laptop takes any signature.
    expect(await doctor(wrong)).toEqual([...here, 'identity ok', 'signature wrong', 'deployment unseen'])
  }, 60_000)

  it('serves from the table, without a vendor call, after its processes were stopped', async () => {
    const before = await get('/tokens/accelo/hq')
    await control('accelo', 'DELETE')
    functionOf('accelo').stop()
    const after = await get('/tokens/accelo/hq')
    expect([after.status, after.body.source, after.body.fingerprint]).toEqual([200, 'cache', before.body.fingerprint])
    expect(await callsOf('accelo')).toBe(0)
  })

  it('leaves no trace of a secret in anything it writes or refuses with, whatever a vendor repeats of it', async () => {
    await createConnection('accelo/repeated')
    const wrong = `"%+/=&\\${randomBytes(18).toString('base64url')}`
    await createConnection('accelo/wrong', JSON.stringify({ ...JSON.parse(document), client_secret: wrong }))
    expect((await get('/tokens/accelo/wrong')).status).toBe(502)
    const places = [
      'accelo/repeated',
      'accessia/main',
      'clearid/demo',
      'clearid/secret',
      'iobeya/main',
      'netrex/user-token',
    ]
    for (const place of places) await get(`/tokens/${place}`)
    const { fingerprint } = (await get('/tokens/accelo/hq')).body
    const { state, code } = await decide((await begin()).body.authorization_url, 'allow')
    simulators.answerWith('what was sent')
    await call('POST', CONSENT, { state, code })
    for (const place of places) await call('DELETE', `/tokens/${place}`)
    for (const place of places) for (let time = 0; time < 4; time++) await get(`/tokens/${place}?min_ttl=${time}`)
    await functionOf('accelo').invoke({ task: 'renew' }, 'r6')
    const refused = await vendomat(['token', 'accelo', 'repeated'])
    simulators.answerWith('its words')
    const logsHere = { ...environment, VENDOMAT_LOGS: join(home, 'logs') }
    const audited = await vendomat(['audit', '--fingerprint', fingerprint], logsHere)
    expect(audited.out).toMatch(/Z {2}obtain +obtained +accelo\/hq .*\n(.*\n)*.*Z {2}vend +\w+ +accelo\/hq /)

    const table = await new DynamoDBClient(aws()).send(new ScanCommand({ TableName: 'vendomat' }))
    const output = (where: string, text: string): Output => ({ where, text })
    const outputs: Output[] = [
      ...['logs', 'notices'].flatMap((folder) => filesIn(folder, () => true)),
      ...filesIn(readdirSync(home).find((name) => name.startsWith('cdk.out')) ?? '', (name) => name.endsWith('.json')),
      output('table', JSON.stringify(table.Items)),
      output('refusals', refusals.join('\n')),
      output('console', [...said, ...shown].join('\n')),
      output('command line', [refused, audited].flatMap(({ out, said }) => [out, said]).join('\n')),
    ]
    const logs = outputs.filter(({ where }) => where.startsWith('logs/')).map(({ text }) => text)
    expect(logs.join()).toContain('"op":"vend"')
    expect(logs.join()).toContain('"_aws"')
    const notices = outputs.filter(({ where }) => where.startsWith('notices/')).map(({ text }) => text)
    expect(notices.join()).toContain('npx vendomat rotate accelo')
    expect(notices.join()).not.toMatch(/\b[0-9a-f]{16}\b/)
    expect(outputs.map(({ where }) => where)).toContainEqual(expect.stringMatching(/\.template\.json$/))
    expect(refusals.length).toBeGreaterThan(20)

    const own = [...ownSecrets(code), { kind: 'client secret', value: wrong }]
    const all = [...canaries, ...simulators.heard, ...(await dataKeysIn(table.Items ?? [])), ...own]
    const kinds = new Set(all.map(({ kind }) => kind))
    expect([...kinds].toSorted()).toEqual([
      ...['AWS secret key', 'access token', 'assertion', 'authorization code', 'client secret', 'data key'],
      ...['integration secret', 'private key', 'refresh token', 'state', 'static token', 'user token'],
    ])
    expect(tracesOf(all, outputs)).toEqual([])
    const size = Math.round(outputs.reduce((sum, { text }) => sum + text.length, 0) / 1024)
    figure(
      'no-leak',
      `0 traces of ${all.length} secrets of ${kinds.size} kinds in ${outputs.length} outputs, ${size} KiB`,
    )
  }, 60_000)

  it('has a line of each call in its logs, by the request id of the answer, and of each token, by its fingerprint', async () => {
    // Whatever the vendor was made to refuse before: this connection is new to it.
    await createConnection('accelo/logged')
    const asked = ['accelo/hq', 'accelo/logged', 'accelo/nobody'].flatMap((place) => Array<string>(50).fill(place))
    await Promise.all(asked.map((place) => get(`/tokens/${place}`)))
    const missing = () => {
      const ids = new Set(lastLines().map(({ request_id }) => request_id))
      return answered.filter(({ id }) => !ids.has(id))
    }
    // A line has left its process before the answer; that it is in the file takes this process some turns.
    for (let turn = 0; turn < 1000 && missing().length > 0; turn++) await new Promise(setImmediate)
    expect(missing()).toEqual([])
    const lines = lastLines()
    const last = new Map(lines.map((line) => [line.request_id, line]))
    expect(last.size).toBe(lines.length)
    const tokens = answered.filter(({ fingerprint }) => fingerprint !== undefined)
    expect(tokens.filter(({ id, fingerprint }) => last.get(id)?.fingerprint !== fingerprint)).toEqual([])
    expect(tokens.length).toBeGreaterThanOrEqual(100)
    const recorded = `${answered.length} of ${answered.length} answers of the running machine in its logs`
    figure('audit-complete', `${recorded}, ${tokens.length} tokens of them by fingerprint`)
  }, 30_000)
})

/** The lines that say what became of a call. */
const lastLines = () =>
  filesIn('logs', () => true)
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => /^\{.*"caller".*\}$/.test(line))
    .map((line) => JSON.parse(line))
    .filter(isLast)

/** The files of a folder of the machine's home. */
const filesIn = (folder: string, isWanted: (name: string) => boolean): Output[] =>
  readdirSync(join(home, folder))
    .filter(isWanted)
    .map((name) => ({ where: `${folder}/${name}`, text: readFileSync(join(home, folder, name), 'utf8') }))

/** Those that nobody sends: what the secrets hold, what a person's browser has, and what signs the calls. */
function ownSecrets(code: string | undefined): Canary[] {
  const { key } = clearidKeyFiles.demo()
  const parts = z.record(z.string(), z.string()).parse(key)
  return [
    ...['d', 'p', 'q'].map((name) => ({ kind: 'private key', value: Buffer.from(parts[name] ?? '', 'base64') })),
    { kind: 'client secret', value: acceloClients.hq.clientSecret },
    { kind: 'client secret', value: netrexApplication.clientSecret },
    { kind: 'integration secret', value: accessiaIntegration.secret },
    { kind: 'user token', value: netrexUserToken },
    { kind: 'authorization code', value: code ?? '' },
    { kind: 'AWS secret key', value: setting('AWS_SECRET_ACCESS_KEY') },
  ]
}

/** The data keys that the rows are sealed with, opened by the key service as a function would have it do. */
async function dataKeysIn(items: readonly Record<string, AttributeValue>[]): Promise<Canary[]> {
  const sealed = [...JSON.stringify(items).matchAll(/"(eyJ[\w-]+)\.\.[\w-]+\.[\w-]+\.[\w-]+"/g)]
  const headers = sealed.map(([, header = '']) => JSON.parse(Buffer.from(header, 'base64url').toString()))
  const keys = headers.map(async ({ ctx, edk }) => {
    const [vendor = '', connection = ''] = String(ctx).split('|')[1]?.split('#') ?? []
    const opened = new DecryptCommand({
      CiphertextBlob: Buffer.from(edk, 'base64url'),
      EncryptionContext: { app: 'vendomat', vendor, connection },
    })
    return { kind: 'data key', value: (await new KMSClient(aws()).send(opened)).Plaintext ?? '' }
  })
  return Promise.all(keys)
}
