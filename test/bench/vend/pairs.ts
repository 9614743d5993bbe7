import type { BenchResult } from '../result.ts'

/** What pairs of measurements, taken in turns, say of the first against the second. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]) {
  const ratios = ours.map((value, i) => value / (theirs[i] ?? Number.NaN)).sort((a, b) => a - b)
  return { median: round(median(ratios)), low: round(ratios[0]), high: round(ratios.at(-1)), pairs: ratios.length }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

export const round = (value = Number.NaN, digits = 3): number => Number(value.toFixed(digits))

/** A result for people, a line for each row. */
export function print({ name, rows }: BenchResult): void {
  for (const { case: what, value, unit, baseline, ratio, goal } of rows) {
    const pairs = ratio && `, ratio ${ratio.median} (${ratio.low} to ${ratio.high}, ${ratio.pairs} pairs)`
    const wanted = goal && `, goal ${goal.most ?? goal.least}`
    console.log(`${name}: ${what}: ${value} ${unit}${baseline ? `; ${baseline}` : ''}${pairs ?? ''}${wanted ?? ''}`)
  }
}
