/** What a command has of the world around it. Data goes to `out`, talk to `say`. */
export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly http: typeof fetch
  readonly out: (line: string) => void
  readonly say: (line: string) => void
}

export interface Command {
  readonly summary: string
  readonly help: string
  /** Answers the exit code. */
  run(parameters: readonly string[], shell: Shell): Promise<number>
}

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  forbidden: 3,
  personNeeded: 4,
  unavailable: 5,
  notFound: 6,
} as const

/** The command was called wrongly: says so and points to its help. */
export class UsageError extends Error {}
