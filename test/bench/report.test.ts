import { chart } from './chart.ts'
import { misses, type Row, verdictOn } from './report.ts'

const counted = (value: number, goal: Row['goal']): Row => ({
  case: 'calls',
  value,
  unit: 'calls',
  ...(goal && { goal }),
})
const timed = (median: number, goal: Row['goal']): Row => ({
  ...{ case: 'cpu', value: 900, unit: 'ms', baseline: 'naive', ratio: { median, low: 0.5, high: 2, pairs: 15 } },
  ...(goal && { goal }),
})

describe('a goal', () => {
  it('is about the ratio where there is one, else about the value', () => {
    expect(verdictOn(timed(0.65, { most: 0.65 }))).toBe('held')
    expect(verdictOn(counted(5, { most: 5 }))).toBe('held')
    expect(verdictOn(counted(5, undefined))).toBeUndefined()
  })

  it('may be missed by 10 % where time is measured, and by nothing where calls are counted', () => {
    expect(verdictOn(timed(0.71, { most: 0.65 }))).toBe('close')
    expect(verdictOn(timed(0.72, { most: 0.65 }))).toBe('missed')
    expect(verdictOn({ case: 'p99', value: 71, unit: 'ms', goal: { most: 65 } })).toBe('close')
    expect(verdictOn(counted(5.1, { most: 5 }))).toBe('missed')
    expect(verdictOn(counted(9_999, { least: 10_000 }))).toBe('missed')
  })

  it('is missed by what could not be measured', () => {
    expect(verdictOn(counted(Number.NaN, { most: 5 }))).toBe('missed')
  })

  it('that is missed is a line that says what was wanted', () => {
    const results = [{ name: 'list', rows: [counted(6, { most: 5 }), counted(4, { most: 5 })] }]
    expect(misses(results)).toEqual(['list: calls: 6, wanted at most 5'])
  })
})

describe('the chart', () => {
  const bars = (...rows: Row[]) =>
    [...chart([{ name: 'a < b', rows }], 'bench').matchAll(/class="(\w+)" x="580" y="\d+" width="(\d+)"/g)].map(
      ([, verdict, width]) => [verdict, Number(width)],
    )

  it('ends a bar at the line when the value is the goal, before it when it is better, after it when it is worse', () => {
    expect(bars(counted(5, { most: 5 }), counted(10_000, { least: 10_000 }))).toEqual([
      ['held', 190],
      ['held', 190],
    ])
    expect(bars(counted(0, { most: 0 }), counted(500, { most: 5 }), counted(1, undefined))).toEqual([
      ['held', 2],
      ['missed', 380],
    ])
  })

  it('escapes what is text', () => {
    expect(chart([{ name: 'a < b', rows: [counted(1, { most: 1 })] }], 'x & y')).not.toMatch(/a < b|x & y/)
  })
})
