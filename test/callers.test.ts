import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import committed from '../functions/api/openapi.json' with { type: 'json' }
import { MachineUnreachable, tokenSource, VendorUnavailable } from '../lib/client/token-source.ts'
import { type Machine, startMachine } from '../lib/local/machine.ts'
import { openApi } from '../lib/openapi.ts'
import { recordExamples } from './openapi/record.ts'

/** What callers use, against the machine as `npm start` runs it. */
let machine: Machine
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  machine = await startMachine({ port: 0, home, environment: { PATH: process.env.PATH }, say: () => {} })
}, 60_000)
afterAll(async () => {
  await machine?.close()
  rmSync(home, { recursive: true })
})

const setting = (name: string): string => machine.environment[name] ?? ''

/** A service of its own, with this machine's address and keys, whose clock can be moved. */
function service(connection: string) {
  let ahead = 0
  const source = tokenSource({
    vendor: 'accelo',
    connection,
    url: setting('VENDOMAT_URL'),
    region: setting('AWS_REGION'),
    credentials: async () => ({
      accessKeyId: setting('AWS_ACCESS_KEY_ID'),
      secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
    }),
    now: () => new Date(Date.now() + ahead * 1000),
  })
  return {
    source,
    advance: (seconds: number) => {
      ahead += seconds
    },
  }
}

const simulator = (path: string) => `${setting('VENDOMAT_SIMULATOR_URL')}/${path}`
const API = 'acme.api.accelo.com/api/v0/tokeninfo'

async function vendor(method: 'GET' | 'POST' | 'DELETE', fault?: object) {
  const answer = await fetch(simulator('_control/accelo'), {
    method,
    ...(fault && { body: JSON.stringify(fault), headers: { 'content-type': 'application/json', 'x-vendomat': '1' } }),
    ...(method === 'DELETE' && { headers: { 'x-vendomat': '1' } }),
  })
  return JSON.parse(await answer.text()).calls.byPath['POST /oauth2/v0/token'] ?? {}
}

describe('the OpenAPI document', () => {
  /** The names of all members, with the kinds of their values: what stays the same from one recording to the next. */
  const shapeOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
    if (typeof value !== 'object' || value === null) return typeof value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]))
  }

  it('has the answers of this machine for its examples', async () => {
    const document = openApi(await recordExamples(machine.environment))
    expect(shapeOf(document)).toEqual(shapeOf(committed))
  })
})

describe('the client for Node', () => {
  it('gets a thousand callers at once one token, with one call of the vendor', async () => {
    await vendor('DELETE')
    const { source } = service('hq')
    const answers = await Promise.all(Array.from({ length: 1000 }, () => source.getToken()))
    expect(new Set(answers).size).toBe(1)
    expect(await vendor('GET')).toEqual({ 200: 1 })
  })

  it('has a token that the vendor has ended replaced, with one call of the vendor, before its caller hears of it', async () => {
    const { source } = service('hq')
    expect((await source.fetch(simulator(API))).status).toBe(200)
    await vendor('POST', { fault: 'revoke-all' })
    const before = await vendor('GET')
    const answers = await Promise.all(Array.from({ length: 20 }, () => source.fetch(simulator(API))))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(await vendor('GET')).toEqual({ 200: (before[200] ?? 0) + 1 })
  })

  it('says that the vendor is not available, and when to call again', async () => {
    await vendor('POST', { fault: 'status-503', times: -1, retry_after: 30 })
    const error = await service('readonly')
      .source.getToken()
      .catch((error: unknown) => error)
    await vendor('DELETE')
    expect(error).toBeInstanceOf(VendorUnavailable)
    expect((error as VendorUnavailable).retryAfterSeconds).toBeGreaterThan(0)
  })

  // The last: the machine is gone afterwards.
  it('lives on its token while the machine is gone, until that ends', async () => {
    const { source, advance } = service('hq')
    const token = await source.getToken()
    await machine.close()
    advance(23 * 3600)
    expect(await source.getToken()).toBe(token)
    expect((await source.fetch('data:,ok')).status).toBe(200)
    advance(3600)
    await expect(source.getToken()).rejects.toBeInstanceOf(MachineUnreachable)
  })
})
