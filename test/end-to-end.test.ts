import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { signedRequest } from '../lib/client/signed-request.ts'
import { type Machine, startMachine } from '../lib/local/machine.ts'
import { acceloClients, acceloDeployment } from '../lib/local/simulators/accelo.ts'

/** The whole machine, as `npm start` runs it: synthesised stack, deployed bundles, signed calls. */
let machine: Machine
let environment: Record<string, string>
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  machine = await startMachine({ port: 0, home, environment: { PATH: process.env.PATH }, say: () => {} })
  environment = { ...machine.environment }
}, 60_000)
afterAll(async () => {
  await machine?.close()
  rmSync(home, { recursive: true })
})

const setting = (name: string): string => environment[name] ?? ''
const credentials = () => ({
  accessKeyId: setting('AWS_ACCESS_KEY_ID'),
  secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
})

async function get(path: string, signer: { accessKeyId: string; secretAccessKey: string } = credentials()) {
  const region = setting('AWS_REGION')
  const url = new URL(`${setting('VENDOMAT_URL')}${path}`)
  const answer = await signedRequest('GET', url, { region, credentials: async () => signer, http: fetch })
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) }
}

async function simulator(path: string, init: RequestInit = {}) {
  const answer = await fetch(`${setting('VENDOMAT_SIMULATOR_URL')}/${path}`, init)
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}
const control = (vendor: string, method = 'GET', body?: object) =>
  simulator(`_control/${vendor}`, { method, ...(body && { body: JSON.stringify(body) }) })
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
const createConnection = (name: string) =>
  new SecretsManagerClient(aws()).send(new CreateSecretCommand({ Name: `vendomat/${name}`, SecretString: document }))

describe('a signed call', () => {
  it.each([
    ['accelo/hq', 'acme.api.accelo.com/api/v0/tokeninfo'],
    ['accelo/readonly', 'acme.api.accelo.com/api/v0/tokeninfo'],
    ['accessia/main', 'main.cloud.accessia.com/apis/groups?limit=1'],
    ['iobeya/main', 'acme.api.iobeya.com/v1/rooms?page=1&size=1'],
  ])('for %s gets a token that the vendor’s own API accepts', async (connection, resource) => {
    const { status, headers, body } = await get(`/tokens/${connection}`)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    const asked = (token: string) => simulator(resource, { headers: { authorization: `Bearer ${token}` } })
    expect((await asked(body.access_token)).status).toBe(200)
    expect((await asked(`${body.access_token}x`)).status).toBe(401)
  })

  it('that asks for too much, for nobody or for nonsense is told so', async () => {
    expect((await get('/tokens/accelo/hq?min_ttl=999999999')).status).toBe(422)
    expect((await get('/tokens/accelo/nobody')).status).toBe(404)
    expect((await get('/tokens/accelo/HQ')).status).toBe(400)
    expect((await get('/tokens/accelo/hq?scope=all')).status).toBe(400)
    expect((await get('/tokens/nobody/hq')).body).toEqual({ message: 'Missing Authentication Token' })
  })

  it('gets 403 in the gateway’s words with a wrong key, a wrong secret or none at all', async () => {
    const wrongKey = await get('/tokens/accelo/hq', { ...credentials(), accessKeyId: 'AKIAWRONG' })
    expect([wrongKey.status, wrongKey.body.message]).toEqual([
      403,
      'The security token included in the request is invalid.',
    ])
    const wrongSecret = await get('/tokens/accelo/hq', { ...credentials(), secretAccessKey: 'wrong' })
    expect([wrongSecret.status, wrongSecret.body.message]).toEqual([
      403,
      expect.stringContaining('does not match the signature you provided'),
    ])
    const unsigned = await fetch(`${setting('VENDOMAT_URL')}/tokens/accelo/hq`)
    expect([unsigned.status, await unsigned.json()]).toEqual([403, { message: 'Missing Authentication Token' }])
  })

  it('can be made by the system’s own curl, with the words of the banner', async () => {
    const [line = ''] = machine.banner.split('\n').filter((text) => text.includes('curl --aws-sigv4'))
    const { stdout } = await promisify(execFile)('sh', ['-c', `${line} -s`], {
      env: { ...environment, PATH: process.env.PATH },
    })
    expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer' })
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

  it('makes at most two calls for 200 requests with refused credentials, and takes the next version at once', async () => {
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

  it('serves from the table, without a vendor call, after its processes were stopped', async () => {
    const before = await get('/tokens/accelo/hq')
    await control('accelo', 'DELETE')
    functionOf('accelo').stop()
    const after = await get('/tokens/accelo/hq')
    expect([after.status, after.body.source, after.body.fingerprint]).toEqual([200, 'cache', before.body.fingerprint])
    expect(await callsOf('accelo')).toBe(0)
  })

  it('C26 leaves no token in the table and none in its logs', async () => {
    const tokens: string[] = []
    for (const connection of ['accelo/hq', 'accessia/main', 'iobeya/main'])
      tokens.push((await get(`/tokens/${connection}`)).body.access_token)
    const table = JSON.stringify(await new DynamoDBClient(aws()).send(new ScanCommand({ TableName: 'vendomat' })))
    const logs = ['accelo', 'accessia', 'iobeya']
      .map((vendor) => readFileSync(functionOf(vendor).logFile, 'utf8'))
      .join('\n')
    expect(logs).toContain('"op":"vend"')
    for (const secret of [...tokens, acceloClients.hq.clientSecret]) {
      for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, -4), encodeURIComponent(secret)]) {
        expect(table).not.toContain(form)
        expect(logs).not.toContain(form)
      }
    }
  })
})
