import type { Mutant } from '../mutants/mutant.ts'

/** What the machine promises about one asset, the tests that hold it, and the removal that they notice. */
export interface SecurityPromise {
  /** `exact-path`: unique among all promises. */
  readonly id: string
  /** What is protected: 'vendor credentials', 'access tokens'. */
  readonly asset: string
  /** Who could do what, if nothing stopped them. */
  readonly threat: string
  /** What stops it, in one sentence. */
  readonly stoppedBy: string
  readonly tests: readonly ProvingTest[]
  /** The guard's text and what stands there without it: one of `tests` has to fail then. */
  readonly removal: Pick<Mutant, 'file' | 'was' | 'becomes'>
}

export interface ProvingTest {
  readonly file: string
  /** The title, or its beginning where a table fills in the rest. */
  readonly title: string
}
