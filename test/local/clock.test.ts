import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { secondsAhead } from '../../lib/cli/local-clock.ts'
import { signedRequest } from '../../lib/client/signed-request.ts'
import { type Machine, startMachine } from '../../lib/local/machine.ts'
import { control } from '../support/control.ts'
import { jsonOf } from './json.ts'

interface Journey {
  readonly now: string
  readonly fired: Readonly<Record<string, number>>
  readonly failed: number
  readonly notices: readonly { readonly at: string; readonly subject: string }[]
}

interface Vended {
  readonly access_token: string
  readonly expires_at: string
  readonly source: string
}

const VENDORS = 5
const DAY_MS = 24 * 3600 * 1000

/** The whole machine, moved on in time while it runs. Each test begins where the one before it ended. */
let machine: Machine
let home: string
const said: string[] = []
const shown: string[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  const environment = { PATH: process.env.PATH }
  machine = await startMachine({
    port: 0,
    home,
    environment,
    say: (line) => said.push(line),
    progress: (line) => shown.push(line),
  })
}, 60_000)
afterAll(async () => {
  await machine?.close()
  rmSync(home, { recursive: true })
})

const setting = (name: string): string => machine.environment[name] ?? ''
const region = () => setting('AWS_REGION')
const keys = () => ({ accessKeyId: setting('AWS_ACCESS_KEY_ID'), secretAccessKey: setting('AWS_SECRET_ACCESS_KEY') })
const simulator = (path: string, init?: RequestInit) => fetch(`${setting('VENDOMAT_SIMULATOR_URL')}/${path}`, init)
const clock = () => jsonOf<{ now: string; ahead_seconds: number }>(simulator('_control/clock'))
const advance = (by: string) =>
  jsonOf<Journey>(control(setting('VENDOMAT_SIMULATOR_URL'), 'clock', 'POST', { advance: by }))

/** Signed in real time, as every caller does. */
async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const signer = { region: region(), credentials: async () => keys(), http: fetch, ...(body && { body }) }
  const answer = await signedRequest(method, new URL(`${setting('VENDOMAT_URL')}${path}`), signer)
  if (answer.status !== 200) throw new Error(`${path} is answered ${answer.status}`)
  return jsonOf<T>(answer)
}

const vend = (connection: string) => call<Vended>('GET', `/tokens/${connection}`)

async function acceptedByAccelo(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  return (await simulator('acme.api.accelo.com/api/v0/tokeninfo', { headers })).status === 200
}

const secrets = () =>
  new SecretsManagerClient({ endpoint: setting('AWS_ENDPOINT_URL'), region: region(), credentials: keys() })

/** A person generates a token on the platform's page and stores it. */
async function renewIobeya(days: number): Promise<void> {
  const token = await (await simulator(`acme.iobeya.com/generate-token?days=${days}`, { method: 'POST' })).text()
  const SecretString = JSON.stringify({ token, api_url: 'https://acme.api.iobeya.com' })
  await secrets().send(new PutSecretValueCommand({ SecretId: 'vendomat/iobeya/main', SecretString }))
  await call('POST', '/connections/iobeya/main/check')
  expect((await vend('iobeya/main')).access_token).toBe(token)
}

const noticed = (suffix: string) =>
  readdirSync(join(home, 'notices'))
    .filter((name) => name.endsWith(suffix))
    .sort()

it('functions and vendors move together: what a vendor lets expire, the machine replaces', async () => {
  const first = await vend('accelo/hq')
  expect((await vend('accelo/hq')).access_token).toBe(first.access_token)
  const { fired, failed } = await advance('30d')
  // One more when it is 8 o'clock just now.
  expect(fired.check).toBeGreaterThanOrEqual(30 * VENDORS)
  expect([fired.renew, failed]).toEqual([Number(fired.check) + VENDORS, 0])
  expect(shown).toContainEqual(expect.stringMatching(/^the clock is at \d{4}-\d\d-\d\d: 5\d % of the way$/))
  expect(shown.at(-1)).toBe('')
  expect(await acceptedByAccelo(first.access_token)).toBe(false)

  const second = await vend('accelo/hq')
  expect(second.access_token).not.toBe(first.access_token)
  expect(await acceptedByAccelo(second.access_token)).toBe(true)
  expect(Date.parse(second.expires_at)).toBeGreaterThan(Date.now() + 30 * DAY_MS)
}, 60_000)

it.each(['accessia/main', 'clearid/demo'])(
  '%s gets a token for a proof with the machine’s date on it',
  async (name) => {
    expect((await vend(name)).source).toBe('vendor')
  },
)

it('what was stored is dated by the machine’s clock, and the command line reads it in the same time', async () => {
  const { ahead_seconds } = await clock()
  expect(ahead_seconds).toBe(30 * 24 * 3600)
  expect(await secondsAhead({ environment: machine.environment, http: fetch })).toBe(ahead_seconds)
  await renewIobeya(20)
  const { LastChangedDate } = await secrets().send(new DescribeSecretCommand({ SecretId: 'vendomat/iobeya/main' }))
  const away = Number(LastChangedDate) - Date.now() - ahead_seconds * 1000
  expect(Math.abs(away)).toBeLessThan(60_000)
})

const reminders = (suffix = '.mail.txt') => noticed(`iobeya-main-expiring${suffix}`)

it('who has to make a new token is told ahead of its end, each time with a file of what was said', async () => {
  expect((await advance('1d')).notices.filter(({ subject }) => subject.includes('iobeya/main'))).toEqual([])
  // Steps of the ladder are at 14 and at 7 days, and the next at 3; here 4 or 5 are left, as the time of day has it.
  const { notices } = await advance('15d')
  const mails = notices.filter(({ subject }) => subject.includes('iobeya/main'))
  expect(mails.map(({ at }) => at.slice(10, 16))).toEqual(['T08:00', 'T08:00'])
  for (const { at, subject } of mails) expect(said).toContain(`${at} notice: ${subject}`)

  const texts = reminders().map((name) => readFileSync(join(home, 'notices', name), 'utf8').split('\n'))
  expect(texts.map(([subject, empty]) => [subject, empty])).toEqual(mails.map(({ subject }) => [subject, '']))
  expect(reminders('.event.json').length).toBe(2)
}, 60_000)

it('who has made one is reminded no more', async () => {
  await renewIobeya(365)
  await advance('10d')
  expect(reminders().length).toBe(2)
}, 60_000)
