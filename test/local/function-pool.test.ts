import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FunctionPool, functionPool } from '../../lib/local/function-pool.ts'

const YEAR_MS = 365 * 24 * 3600 * 1000

let home: string
let pools: FunctionPool[]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  pools = []
})
afterEach(() => {
  for (const pool of pools) pool.close()
  rmSync(home, { recursive: true })
})

/** A function whose whole bundle is this handler. */
function functionOf(handler: string, aheadMs?: () => number): FunctionPool {
  const bundle = join(home, 'index.cjs')
  writeFileSync(bundle, `exports.handler = ${handler}`)
  const shape = { name: 'vendomat-test', bundle, environment: {}, timeoutSeconds: 10, concurrency: 1 }
  const pool = functionPool({ ...shape, logFile: join(home, 'log'), ...(aheadMs && { aheadMs }) })
  pools.push(pool)
  return pool
}

describe('a function', () => {
  it('lives in real time unless told otherwise', async () => {
    const told = await functionOf('async () => Date.now()').invoke({}, 'r1')
    expect(Math.abs(Number(told) - Date.now())).toBeLessThan(60_000)
  })

  it('lives as far ahead as the clock is at each call, in one and the same process', async () => {
    let aheadMs = 0
    const fn = functionOf('async () => [process.pid, Date.now(), +new Date(), Date.parse(Date())]', () => aheadMs)
    const before = await fn.invoke({}, 'r1')
    aheadMs = YEAR_MS
    const after = await fn.invoke({}, 'r2')
    if (!Array.isArray(before) || !Array.isArray(after)) throw new Error('no answers')
    expect(after[0]).toBe(before[0])
    for (const told of after.slice(1)) expect(Math.abs(told - Date.now() - YEAR_MS)).toBeLessThan(60_000)
  })

  it('finds everything else of Date as it was', async () => {
    const asked = `async () => {
      class Day extends Date { get century() { return Math.floor(this.getUTCFullYear() / 100) } }
      const day = new Day()
      const given = new Date('2001-02-03T04:05:06Z')
      return {
        given: [given, new Date(given), new Date(981173106000), new Date(2001, 1), new Date(undefined)].map((d) => +d),
        kinds: [given instanceof Date, day instanceof Day, day instanceof Date, {} instanceof Date],
        same: [given.constructor === Date, Object.getPrototypeOf(given) === Date.prototype, structuredClone(given) instanceof Date],
        statics: [Date.UTC(2001, 1), Date.parse('2001-02-01T00:00:00Z'), Date.length, Date.name],
        century: day.century,
        text: typeof Date(),
      }
    }`
    expect(await functionOf(asked, () => YEAR_MS * 100).invoke({}, 'r1')).toEqual({
      given: [981173106000, 981173106000, 981173106000, new Date(2001, 1).getTime(), null],
      kinds: [true, true, true, false],
      same: [true, true, true],
      statics: [980985600000, 980985600000, 7, 'Date'],
      century: 21,
      text: 'string',
    })
  })

  it('measures with clocks that were not moved', async () => {
    const asked = `async (event, { getRemainingTimeInMillis }) => {
      const began = performance.now()
      const signal = AbortSignal.timeout(20)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return { waited: performance.now() - began, left: getRemainingTimeInMillis() }
    }`
    const told = await functionOf(asked, () => YEAR_MS).invoke({}, 'r1')
    expect(told).toEqual({ waited: expect.any(Number), left: expect.any(Number) })
    const { waited, left } = Object(told)
    expect(waited).toBeGreaterThan(15)
    expect(waited).toBeLessThan(5000)
    expect(left).toBeGreaterThan(1000)
    expect(left).toBeLessThanOrEqual(10_000)
  })

  it('that answers nothing has not failed; one that throws has', async () => {
    expect(await functionOf('async () => {}').invoke({}, 'r1')).toBeNull()
    expect(await functionOf('async () => { throw new Error() }').invoke({}, 'r2')).toBeUndefined()
  })

  it('says which process it has, and has another after that one was killed', async () => {
    const fn = functionOf('async () => process.pid')
    expect(fn.pids()).toEqual([])
    const first = await fn.invoke({}, 'r1')
    expect(fn.pids()).toEqual([first])
    process.kill(Number(first), 'SIGKILL')
    const second = await fn.invoke({}, 'r2').then((pid) => pid ?? fn.invoke({}, 'r3'))
    expect(second).not.toBe(first)
    expect(fn.pids()).toContain(second)
  })

  it('starts no process for who waited when it was closed', async () => {
    const fn = functionOf('() => new Promise(() => {})')
    const calls = ['r1', 'r2', 'r3'].map((id) => fn.invoke({}, id))
    const before = fn.pids()
    expect(before).toHaveLength(1)
    fn.close()
    expect(await Promise.all(calls)).toEqual([undefined, undefined, undefined])
    expect(fn.pids()).toEqual([])
  })

  it('answers nobody after it was closed', async () => {
    const fn = functionOf('async () => 1')
    expect(await fn.invoke({}, 'r1')).toBe(1)
    fn.close()
    expect(await fn.invoke({}, 'r2')).toBeUndefined()
  })
})
