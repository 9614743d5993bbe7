import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { show } from '../../functions/api/connections.ts'
import { vend } from '../../functions/core/vend.ts'
import { vendors } from '../../functions/vendors.ts'
import { machine } from './machine.ts'

/** How often each point is tried; CRASH_ROUNDS=20 for a longer look. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 1)
const HOUR = 3600
/** Longer than the lease of a single-use refresh token. */
const LEASE_IS_OVER = 33
const vendor = vendors.netrex

let m: Awaited<ReturnType<typeof machine>>
let refresher: string
let connections = 0

beforeAll(async () => {
  m = await machine()
  refresher = m.build('refresher')
}, 30_000)

afterAll(() => m.close())

async function connect(): Promise<string> {
  connections += 1
  await m.connectNetrex(`site-${connections}`)
  return `site-${connections}`
}

/** Lets a process refresh and die at the point; its exit tells whether it did. */
async function refreshAndDie(connection: string, point: string): Promise<string> {
  const env = { ...m.environment, KILL_AT: point, CONNECTION: connection, OFFSET_SECONDS: String(HOUR) }
  return promisify(execFile)(process.execPath, [refresher], { env }).then(
    ({ stdout }) => stdout,
    ({ signal }) => signal,
  )
}

const vended = (connection: string, ahead: number): Promise<string> =>
  vend({ connection: { vendor, name: connection }, minTtlSeconds: 0 }, m.runtime('netrex', ahead)).then(
    ({ source }) => source,
    ({ code }) => code,
  )

it('a process that is left alone refreshes', async () => {
  await m.control('netrex', 'POST', { fault: 'rotation', value: 'strict' })
  expect(await refreshAndDie(await connect(), 'never')).toBe('vendor')
})

describe.each([
  ['leased', 'vendor'],
  ['noted', 'vendor'],
  ['sent', 'grant_rejected'],
  ['answered', 'grant_rejected'],
  ['recorded', 'vendor'],
  ['put', 'cache'],
] as const)('a process that dies when it has %s', (point, next) => {
  it(`leaves a connection whose next call says ${next}, where old refresh tokens die at once`, async () => {
    await m.control('netrex', 'POST', { fault: 'rotation', value: 'strict' })
    for (let round = 0; round < ROUNDS; round++) {
      const connection = await connect()
      expect(await refreshAndDie(connection, point)).toBe('SIGKILL')
      expect(await vended(connection, HOUR + LEASE_IS_OVER)).toBe(next)
      const { state } = await show({ vendor, name: connection }, m.runtime('netrex', HOUR + LEASE_IS_OVER))
      expect([point, state]).toEqual([point, next === 'grant_rejected' ? 'reconnect' : 'ok'])
    }
  }, 120_000)

  it('leaves a connection that goes on, where refresh tokens are not rotated', async () => {
    await m.control('netrex', 'POST', { fault: 'rotation', value: 'none' })
    for (let round = 0; round < ROUNDS; round++) {
      const connection = await connect()
      expect(await refreshAndDie(connection, point)).toBe('SIGKILL')
      expect(['vendor', 'cache']).toContain(await vended(connection, HOUR + LEASE_IS_OVER))
    }
  }, 120_000)
})
