/** What a command uses of its environment. Data goes to `out`, messages to `say`. */
export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly http: typeof fetch
  readonly out: (line: string) => void
  readonly say: (line: string) => void
  /** Shows a message in the place of the last of these; '' takes it away. Left out where nobody watches. */
  readonly progress?: (line: string) => void
  /** The person at the terminal. Left out when there is none: then there are no questions. */
  readonly person?: Person
  /** Returns all of standard input, for a piped document. */
  readonly stdin: () => Promise<string>
  /** The terminal that `out` goes to; empty for a pipe or a file. */
  readonly display: Display
  /** Shows a page to the person if that can be done. Never fails: the address has been printed as well. */
  readonly openBrowser: (url: URL) => void
  /** Runs a program at this terminal, with more in its environment. Returns its exit code as a shell states it; rejects when it cannot be run. */
  readonly runProgram: (
    command: readonly [string, ...string[]],
    more: Readonly<Record<string, string>>,
  ) => Promise<number>
  readonly now: () => Date
  /** Ends early, and without an error, when the signal fires. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>
  /** From this call on, and until `over` fires, the first Ctrl-C fires the signal and does not end the process. */
  readonly untilInterrupted: (over?: AbortSignal) => AbortSignal
}

export interface Person {
  /** One line. Rejects with Interrupted on Ctrl-C or Ctrl-D, and with the signal's reason when that fires. */
  ask(question: string, signal?: AbortSignal): Promise<string>
  /** One line that is not shown while it is typed. */
  askSecret(question: string): Promise<string>
}

export interface Display {
  readonly colour?: true
  /** How many characters fit a line. */
  readonly columns?: number
}

/** What `-o` takes where a command names nothing else. */
export const TEXT_OR_JSON = { text: 'for people', json: 'the result as one document' }

export interface Command<Takes extends string = string> {
  /** What it does, in lines of at most 80 columns. */
  readonly about: string
  /** Its arguments and options as commander writes them, each with its help. A `<vendor>` and a `<connection>` are names. */
  readonly takes: Readonly<Record<Takes, string>>
  /** What `-o` takes, each with its help, the default first. @default text, json */
  readonly outputs?: Readonly<Record<string, string>>
  readonly examples: readonly string[]
  run(given: Given<Takes>, shell: Shell, output: string): Promise<Result>
}

/** What a command line gave: `<vendor>` as `vendor`, `--min-ttl <seconds>` as `minTtl`, `--no-browser` as `browser`. */
export type Given<Takes extends string> = { readonly [Flag in Takes as NameOf<Flag>]: ValueOf<Flag> } & {
  /** What stood behind `--`: the last arguments again. */
  readonly behind: readonly string[]
}
type NameOf<Flag> = Flag extends `<${infer Name}>`
  ? Name
  : Flag extends `[${infer Name}...]`
    ? Name
    : Flag extends `[${infer Name}]`
      ? Name
      : Flag extends `--no-${infer Name}`
        ? CamelCase<Name>
        : Flag extends `--${infer Name} <${string}>`
          ? CamelCase<Name>
          : Flag extends `--${infer Name}`
            ? CamelCase<Name>
            : never
type ValueOf<Flag> = Flag extends `<${string}>`
  ? string
  : Flag extends `[${string}...]`
    ? readonly string[]
    : Flag extends `--${string} <${string}...>`
      ? readonly string[] | undefined
      : Flag extends `[${string}]` | `--${string} <${string}>`
        ? string | undefined
        : Flag extends `--no-${string}`
          ? boolean
          : true | undefined
type CamelCase<Name> = Name extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<CamelCase<Rest>>}` : Name

/** Types what `run` is given by what the command takes. */
export const command = <const Takes extends string>(definition: Command<Takes>): Command<Takes> => definition

/** What a command came to: a document for `-o json`, and a text for everything else. */
export type Result = Shown | { readonly exitCode: number }

interface Shown {
  /** @default 0 */
  readonly exitCode?: number
  /** @default it was printed as it came, unless `-o` is json */
  readonly text?: string
  readonly json: object
  /** Said after it: what follows from it. */
  readonly next?: string
}

/** The same shell, in which nobody is asked anything. */
export const withoutPerson = ({ person: _, ...shell }: Shell): Shell => shell

/** Asks the person, who has to say yes. Throws UsageError where there is nobody to ask. */
export async function agreed(question: string, { person }: Shell): Promise<boolean> {
  if (!person) throw new UsageError('there is no terminal to ask at: confirm with --yes')
  return /^y(es)?$/i.test((await person.ask(`${question} [y/N] `)).trim())
}

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  forbidden: 3,
  personNeeded: 4,
  unavailable: 5,
  notFound: 6,
  /** 128 + SIGINT, as every shell has it. */
  interrupted: 130,
} as const

/** The command was called wrongly. The message is one line; where to read more is added to it. */
export class UsageError extends Error {}

/** The command could not do it: the message says why and what to do next. No secret is in it. */
export class CommandFailed extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The person pressed Ctrl-C or Ctrl-D at a question. */
export class Interrupted extends CommandFailed {
  constructor() {
    super(EXIT.interrupted, 'interrupted')
  }
}
