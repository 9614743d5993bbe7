import { renderTable } from '../../lib/cli/table.ts'
import { rounded } from './figures.ts'
import type { BenchResult } from './result.ts'

export type Row = BenchResult['rows'][number]

/** 'close': missed, but by no more than what a machine that also does other things adds. */
export type Verdict = 'held' | 'close' | 'missed'

/** How far what is timed may miss its goal. What is counted has no noise, and may not. */
const NOISE = 1.1
const TIMED = ['s', 'ms', 'µs', 'ns']

const isTimed = ({ ratio, unit }: Row): boolean => ratio !== undefined || TIMED.includes(unit)

/** What the goal is about. */
export const measured = ({ ratio, value }: Row): number => ratio?.median ?? value

/** Whether a row is as it should be; undefined where nobody said how. */
export function verdictOn(row: Row): Verdict | undefined {
  if (!row.goal) return undefined
  const within = (noise: number) => {
    const { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = row.goal ?? {}
    return measured(row) <= most * noise && measured(row) >= least / noise
  }
  if (within(1)) return 'held'
  return isTimed(row) && within(NOISE) ? 'close' : 'missed'
}

export const goalText = ({ goal }: Row): string =>
  [goal?.most !== undefined && `at most ${goal.most}`, goal?.least !== undefined && `at least ${goal.least}`]
    .filter(Boolean)
    .join(', ')

export const valueText = ({ value, unit }: Row): string => `${rounded(value)} ${unit}`

export function ratioText({ ratio, baseline }: Row): string {
  if (!ratio) return baseline === undefined ? '' : `beside ${baseline}`
  const { median, low, high, pairs } = ratio
  return `${rounded(median)} (${rounded(low)} to ${rounded(high)}, ${pairs} pairs) of ${baseline ?? 'the baseline'}`
}

/** The table that people read. */
export function report(results: readonly BenchResult[]): string {
  const rows = results.flatMap(({ name, rows }) =>
    rows.map((row) => {
      const cells = [name, row.case, valueText(row), goalText(row), verdictOn(row) ?? '', ratioText(row)]
      return { cells: cells.map((text) => ({ text })) }
    }),
  )
  const head = ['program', 'case', 'value', 'goal', '', 'ratio (range)']
  return renderTable(head, rows, {}).join('\n')
}

/** The rows whose goal was missed by more than noise, each as a line. */
export const misses = (results: readonly BenchResult[]): string[] =>
  results.flatMap(({ name, rows }) =>
    rows
      .filter((row) => verdictOn(row) === 'missed')
      .map((row) => `${name}: ${row.case}: ${rounded(measured(row))}, wanted ${goalText(row)}`),
  )
