import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { signedRequest } from '../../lib/client/signed-request.ts'
import { type Machine, startMachine } from '../../lib/local/machine.ts'
import type { Settings } from '../../lib/settings.ts'
import { VendingStack } from '../../lib/vending-stack.ts'
import { control as controlOf } from '../support/control.ts'

/** What a person writes into bin/app.ts who has read the three pages of documents. */
const oauthVendors: Settings['oauthVendors'] = {
  meet: {
    title: 'Meet',
    hosts: ['meet.example'],
    grant: 'client_credentials',
    clientAuthentication: 'client_secret_basic',
    tokenEndpoint: 'https://meet.example/oauth/token',
    parameters: { grant_type: 'account_credentials', account_id: '{account_id}' },
  },
  acme: {
    title: 'Acme',
    hosts: ['acme.example'],
    grant: 'authorization_code',
    clientAuthentication: 'client_secret_post',
    issuer: 'https://{tenant}.acme.example',
    scope: 'read write',
    liveness: 'https://{tenant}.acme.example/v1/me',
  },
  robot: {
    title: 'Robot',
    hosts: ['robot.example'],
    grant: 'jwt_bearer',
    clientAuthentication: 'none',
    tokenEndpoint: 'https://robot.example/token',
    assertion: { subject: '{user}', claims: { scope: 'all' } },
    apiBaseUrl: 'https://api.robot.example/v1',
  },
}

let home: string
let machine: Machine
const said: string[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  const assembly = join(home, 'cdk.out')
  const app = new App({
    outdir: assembly,
    analyticsReporting: false,
    context: { '@aws-cdk/core:newStyleStackSynthesis': true },
  })
  new VendingStack(app, 'Vendomat', { vendors: [], oauthVendors })
  app.synth()
  machine = await startMachine({
    port: 0,
    home,
    assembly,
    environment: { PATH: process.env.PATH },
    say: (line) => said.push(line),
  })
}, 120_000)
afterAll(async () => {
  await machine?.close()
  rmSync(home, { recursive: true })
})

const setting = (name: string): string => machine.environment[name] ?? ''

async function call(method: string, path: string, body?: object) {
  const credentials = async () => ({
    accessKeyId: setting('AWS_ACCESS_KEY_ID'),
    secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
  })
  const url = new URL(`${setting('VENDOMAT_URL')}${path}`)
  const signed = { region: setting('AWS_REGION'), credentials, http: fetch, ...(body && { body }) }
  const answer = await signedRequest(method, url, signed)
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}
const token = (vendor: string) => call('GET', `/tokens/${vendor}/demo`)
const control = (vendor: string, body?: object) =>
  controlOf(setting('VENDOMAT_SIMULATOR_URL'), vendor, body ? 'POST' : 'GET', body).then((answer) => answer.json())
const advance = async (time: string) => expect(await control('clock', { advance: time })).toMatchObject({ failed: 0 })
const api = async (address: string, bearer: string) =>
  (await fetch(`${setting('VENDOMAT_SIMULATOR_URL')}/${address}`, { headers: { authorization: `Bearer ${bearer}` } }))
    .status

describe('a machine with vendors that settings describe', () => {
  it('says in its banner what to type', () => {
    expect(machine.banner).toContain('  connections  meet/demo  acme/demo  robot/demo\n')
    expect(machine.banner).toContain('$VENDOMAT_URL/tokens/meet/demo"')
    expect(machine.banner).toContain('  npx vendomat token meet demo\n  npx vendomat connect acme demo\n')
  })

  it.each([
    ['meet', 'api.meet.example/v2/users'],
    ['robot', 'api.robot.example/v1/things'],
  ])('gets a token of %s, which its API takes', async (vendor, address) => {
    const { status, body } = await token(vendor)
    expect([status, body.source]).toEqual([200, 'vendor'])
    expect(await api(address, body.access_token)).toBe(200)
    expect((await token(vendor)).body.source).toBe('cache')
  })

  it('waits for a person’s consent, and asks again when the grant has been revoked', async () => {
    expect((await token('acme')).body).toMatchObject({ status: 424, code: 'not_connected' })
    expect((await consent('deny')).body.code).toBe('authorization_denied')
    expect((await consent('allow')).body).toMatchObject({ state: 'connected', warnings: [] })
    const { body } = await token('acme')
    expect(await api('demo.acme.example/v1/me', body.access_token)).toBe(200)
    expect((await call('DELETE', '/tokens/acme/demo')).body).toMatchObject({ revoked: true, vendor_revocation: 'done' })
    expect(await api('demo.acme.example/v1/me', body.access_token)).toBe(401)
    expect((await token('acme')).body).toMatchObject({ status: 424, code: 'grant_revoked' })
  })

  it('renews a token past its end, also when the clock has been moved and the vendor stumbles once', async () => {
    expect((await consent('allow')).body).toMatchObject({ state: 'connected' })
    const first = (await token('acme')).body
    await control('meet', { fault: 'status-503' })
    await advance('2d')
    expect(await api('demo.acme.example/v1/me', first.access_token)).toBe(401)
    for (const vendor of ['acme', 'meet', 'robot']) expect((await token(vendor)).status).toBe(200)
    const next = (await token('acme')).body
    expect(next.fingerprint).not.toBe(first.fingerprint)
    expect(await api('demo.acme.example/v1/me', next.access_token)).toBe(200)
    expect(await control('meet')).toMatchObject({ calls: { byPath: { 'POST /oauth/token': { '503': 1 } } } })
  })

  it('says what is wrong when the vendor refuses the client', async () => {
    await call('DELETE', '/tokens/meet/demo')
    await control('meet', { fault: 'invalid-client' })
    expect((await token('meet')).body).toMatchObject({ status: 502, code: 'credential_rejected' })
  })
})

/** What `connect` and a person's browser do between them. */
async function consent(decision: 'allow' | 'deny') {
  const path = '/connections/acme/demo/authorization'
  const begun = await call('POST', path, { redirect_uri: 'http://127.0.0.1:8363/callback' })
  const { host, pathname, search } = new URL(begun.body.authorization_url)
  const address = `${setting('VENDOMAT_SIMULATOR_URL')}/${host}${pathname}${search}&decision=${decision}`
  const page = await fetch(address, { redirect: 'manual' })
  return call('POST', path, Object.fromEntries(new URL(page.headers.get('location') ?? '').searchParams))
}
