/** What one program of test/bench measured: it exports `run(): Promise<BenchResult>`, and run.ts does the rest. */
export interface BenchResult {
  readonly name: string
  readonly rows: readonly {
    /** What was measured, on what: 'ended, 12 processes: p99 beyond the vendor'. */
    readonly case: string
    readonly value: number
    /** Of the value: 'ms', 'calls', 'KB'. */
    readonly unit: string
    /** What it was measured beside, in the same run. */
    readonly baseline?: string
    /** Of the value to the baseline's: pairs taken in turns, so that what else the machine does meets both. */
    readonly ratio?: { readonly median: number; readonly low: number; readonly high: number; readonly pairs: number }
    /** Holds for the ratio's median where there is a ratio, else for the value. A ratio may miss it by 10 %. */
    readonly goal?: { readonly most?: number; readonly least?: number }
  }[]
}
