import type { ChildProcess } from 'node:child_process'
import { revoke } from '../../functions/api/revoke.ts'
import { vend } from '../../functions/core/vend.ts'
import { vendors } from '../../functions/vendors.ts'
import { counts, machine, tell } from './machine.ts'

const HOUR = 3600
const SLOW = { fault: 'delay', delay_ms: 300, times: -1 }

let m: Awaited<ReturnType<typeof machine>>
let caller: string
let accelo: ChildProcess[]

beforeAll(async () => {
  m = await machine()
  caller = m.build('caller')
  accelo = await m.start(caller, 8, 'accelo')
}, 60_000)
afterAll(() => m.close())

it('8 processes with 50 callers each and a cold key make one vendor call between them', async () => {
  await m.createAccelo('hq')
  await m.control('accelo', 'POST', SLOW)
  expect(counts(await tell(accelo, { vendor: 'accelo', connection: 'hq', callers: 50 }))).toEqual([400])
  expect((await m.control('accelo', 'GET')).calls.total).toBe(1)
  await m.control('accelo', 'DELETE')
}, 30_000)

it('200 reports of one refused token from 4 processes make one vendor call, and a report of an old one none', async () => {
  await m.createAccelo('refused')
  const { token } = await vend(
    { connection: { vendor: vendors.accelo, name: 'refused' }, minTtlSeconds: 0 },
    m.runtime('accelo'),
  )
  const rejected = token.accessToken.value.fingerprint
  await m.control('accelo', 'DELETE')
  await m.control('accelo', 'POST', SLOW)
  const order = { vendor: 'accelo', connection: 'refused', callers: 50, rejected } as const
  expect(counts(await tell(accelo.slice(0, 4), order))).toEqual([200])
  expect((await m.control('accelo', 'GET')).calls.total).toBe(1)
  expect(counts(await tell(accelo.slice(4), order))).toEqual([200])
  expect((await m.control('accelo', 'GET')).calls.total).toBe(1)
  await m.control('accelo', 'DELETE')
}, 30_000)

it('after a revoke, 4 processes under load vend no older token later than 5 seconds', async () => {
  await m.createAccelo('revoked')
  const connection = { vendor: vendors.accelo, name: 'revoked' }
  const runtime = m.runtime('accelo')
  const { token } = await vend({ connection, minTtlSeconds: 0 }, runtime)
  const load = tell(accelo.slice(0, 4), {
    vendor: 'accelo',
    connection: 'revoked',
    callers: 5,
    until: Date.now() + 7000,
  })
  await runtime.sleep(1)
  await revoke(connection, runtime)
  const revokedAt = Date.now()
  const reports = await load
  const old = reports.flatMap((report) => report[token.accessToken.value.fingerprint] ?? [])
  expect(old.length).toBeGreaterThan(0)
  for (const { last } of old) expect((last - revokedAt) / 1000).toBeLessThanOrEqual(5)
  expect(reports.every((report) => Object.values(report).some(({ last }) => last - revokedAt > 5500))).toBe(true)
}, 30_000)

it('100 callers over 4 processes refresh an ended grant once, and use its refresh token once', async () => {
  await m.control('netrex', 'POST', { fault: 'rotation', value: 'family' })
  await m.connectNetrex('site-a')
  await m.control('netrex', 'POST', SLOW)
  const before = (await m.control('netrex', 'GET')).calls.total
  const processes = await m.start(caller, 4, 'netrex', HOUR)
  expect(counts(await tell(processes, { vendor: 'netrex', connection: 'site-a', callers: 25 }))).toEqual([100])
  const { calls, refreshTokenUses } = await m.control('netrex', 'GET')
  expect(calls.total - before).toBe(1)
  expect(refreshTokenUses).toEqual([1, 0])
}, 30_000)
