/** One program in a process of its own, which run.ts starts. */
import type { BenchResult } from './result.ts'

// Nobody waits for it any more.
process.once('disconnect', () => process.exit(1))
const [, , name = ''] = process.argv
const program: { run(): Promise<BenchResult> } = await import(`./${name}.ts`)
const result = await program.run()
// Some program's emulator or pool may still be open: with its result a program is over.
process.send?.(result, () => process.exit(0))
