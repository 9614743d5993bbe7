/** The value below which this share of them lies: percentile(times, 0.99). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** What a row says of ratios that were measured in pairs. */
export const ratioOf = (pairs: readonly number[]) => ({
  median: median(pairs),
  low: Math.min(...pairs),
  high: Math.max(...pairs),
  pairs: pairs.length,
})

/** To so many digits as mean something. */
export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits))

/** Says on the standard error what is under way. */
export const say = (line: string): void => void process.stderr.write(`  ${line}\n`)
