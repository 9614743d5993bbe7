/** A text of the code, and what stands there without the guard. */
export interface Guard {
  /** A sentence: what is removed. */
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly was: string
  readonly becomes: string
}

/** A guard that is removed, and the tests that have to notice. */
export interface Mutant extends Guard {
  /** Test files that are run, the quickest to notice first. */
  readonly tests: readonly string[]
  /** Titles, or parts of them, of the tests that are run. @default all of the files */
  readonly titles?: readonly string[]
  /** Seeds of the model that are run after them. */
  readonly model?: ModelRun
}

export interface ModelRun {
  /** Part of the name of a case: 'freezes rotating'. */
  readonly only: string
  readonly seeds: number
}

/** One that nothing can tell from the code as it is, with the reason. */
export interface Equivalent extends Guard {
  readonly proof: string
}

/** The text of the file without the guard. Throws when the list does not fit the code. */
export function mutated(text: string, { name, file, was, becomes }: Guard): string {
  const parts = text.split(was)
  const [before, after] = parts
  if (before === undefined || after === undefined || parts.length > 2)
    throw new Error(`"${name}": its text stands ${parts.length - 1} times in ${file}, not once`)
  return before + becomes + after
}
