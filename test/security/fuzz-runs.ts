/** So many inputs a fuzz test tries: 2,000 in `npm test`, 100,000 in `npm run fuzz`, which sets the variable. */
export const fuzzRuns = Number(process.env.VENDOMAT_FUZZ_RUNS ?? 2000)

/** 100,000 take minutes, and longer on a machine that has others to serve. */
export const FUZZ_TIMEOUT_MS = 2 * 60 * 60 * 1000
