import { namesOf } from '../../../functions/environment.ts'
import type { Vendor } from '../../../functions/kit/vendor.ts'
import { Interrupted, type Shell } from '../../../lib/cli/command.ts'
import { run } from '../../../lib/cli/run.ts'
import { machineAnswer } from './machine.ts'

/** The default credential chain reads the process's own environment. */
export const AWS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' }
export const VENDORS = 'accelo,accessia,clearid,iobeya,netrex'
export const MACHINE = 'http://127.0.0.1:1/v1'
export const NOW = new Date('2026-11-20T12:00:00Z')

export interface Call {
  readonly method: string
  /** What follows the machine's own address. */
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
}

/** What the machine answers to a call: a body with 200, a status and a body, or whatever a function makes of it. */
export type Answers = Readonly<Record<string, unknown>>

export const problem = (status: number, code = 'some_code'): Response =>
  new Response(
    JSON.stringify({
      type: 'urn:vendomat:problem:some-code',
      title: 'No',
      detail: 'because',
      code,
      next_step: 'do this',
      request_id: 'r1',
    }),
    { status },
  )

export interface World extends Partial<Omit<Shell, 'out' | 'say' | 'http' | 'person'>> {
  /**
   * By 'GET /connections/accelo'. A function gets the call; everything else is the body of a 200. What is not here and is a
   * description or a trial the machine's own code answers.
   */
  readonly answers?: Answers
  /** Calls that do not go to the machine: a vendor's, by the machine. */
  readonly vendor?: typeof fetch
  /** Vendors that the machine has beside ours. */
  readonly described?: Readonly<Record<string, Vendor>>
  /** What the person types, in order. Left out when nobody is there; at its end the person does nothing more. */
  readonly types?: readonly string[]
  /** Called with each message as it comes. */
  readonly hears?: (line: string) => void
}

/** Runs a command line in a world of its own. Returns everything that could be seen of it; trials stand beside the other calls. */
export async function vendomat(parameters: string | readonly string[], world: World = {}) {
  const { answers = {}, vendor, described = {}, types, hears, ...given } = world
  const calls: Call[] = []
  const trials: Call[] = []
  const out: string[] = []
  const said: string[] = []
  const opened: URL[] = []
  const asked: { question: string; secret: boolean }[] = []

  const http: typeof fetch = async (input, init) => {
    const url = String(input)
    if (!url.startsWith(MACHINE)) return vendor ? vendor(input, init) : Promise.reject(new Error(`call to ${url}`))
    const request = new Request(input, init)
    const text = await request.text()
    const { method, headers } = request
    const path = url.slice(MACHINE.length)
    const call = { method, path, headers, body: text === '' ? undefined : JSON.parse(text) }
    if (path.endsWith('/trial')) trials.push(call)
    else if (!path.startsWith('/vendors/')) calls.push(call)
    const answer = answers[`${method} ${path}`]
    if (answer === undefined) {
      const { now, environment } = shell
      const secretPrefix = namesOf(environment.VENDOMAT_STAGE).service
      const own = await machineAnswer(method, path, text, { http: vendor ?? refused, now, secretPrefix, described })
      return own ?? problem(404, 'unknown_connection')
    }
    const made = typeof answer === 'function' ? await answer(call) : answer
    return made instanceof Response ? made : new Response(JSON.stringify(made))
  }

  const refused: typeof fetch = (input) => Promise.reject(new Error(`call to ${input}`))
  const left = [...(types ?? [])]
  const ask = (secret: boolean) => (question: string, signal?: AbortSignal) => {
    asked.push({ question, secret })
    const line = left.shift()
    if (line === '^C') return Promise.reject(new Interrupted())
    if (line !== undefined) return Promise.resolve(line)
    return new Promise<string>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  const shell: Shell = {
    environment: { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_VENDORS: VENDORS },
    http,
    out: (line) => out.push(line),
    say: (line) => {
      said.push(line)
      hears?.(line)
    },
    ...(types && { person: { ask: ask(false), askSecret: ask(true) } }),
    stdin: () => Promise.reject(new Error('standard input was read')),
    display: {},
    openBrowser: (url) => opened.push(url),
    runProgram: () => Promise.reject(new Error('a program was run')),
    now: () => NOW,
    sleep: (_seconds, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
    untilInterrupted: () => new AbortController().signal,
    ...given,
  }
  const code = await run(typeof parameters === 'string' ? parameters.split(' ').filter(Boolean) : parameters, shell)
  return { code, out: out.join('\n'), said: said.join('\n'), calls, trials, opened, asked }
}

/** Everything a person, a pipe or a terminal's scroll-back could hold afterwards. */
export const seenIn = ({ out, said, asked }: Awaited<ReturnType<typeof vendomat>>): string =>
  [out, said, ...asked.map(({ question }) => question)].join('\n')
