import { parseArgs } from 'node:util'

/** What a command line of `npm start` asks for, or in one line what is wrong with it. */
export type StartRequest = { readonly port: number } | 'help' | { readonly misuse: string }

/** The AWS endpoints and the simulators are on the two ports after the machine's. */
const LAST_PORT = 65_533

export function startRequest(
  parameters: readonly string[],
  { npm_config_port: takenByNpm }: Readonly<Record<string, string | undefined>>,
): StartRequest {
  // npm reads every option before `--` as a setting of its own, and hands on the number alone or nothing at all.
  if (takenByNpm !== undefined)
    return misuse('--port went to npm itself', `npm start -- --port ${portOf(takenByNpm, parameters)}`)
  const { tokens } = parseArgs({ args: [...parameters], options: OPTIONS, strict: false, tokens: true })
  let port = '8787'
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') return misuse(`"${token.value}" is no option`, 'npm start -- --port 9000')
    if (token.name === 'help') return 'help'
    if (token.name !== 'port') return misuse(`there is no option ${token.rawName}`, 'npm start -- --help')
    port = token.value ?? ''
  }
  if (/^\d{1,5}$/.test(port) && Number(port) <= LAST_PORT) return { port: Number(port) }
  return misuse(`--port is a number from 0 to ${LAST_PORT}, not "${port}"`, 'npm start -- --port 9000')
}

const OPTIONS = { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const

const misuse = (what: string, instead: string) => ({ misuse: `${what}: ${instead}` })

/** `--port=9` is whole; of `--port 9` npm keeps `true` in some versions. */
const portOf = (taken: string, parameters: readonly string[]): string =>
  [taken, ...parameters].find((text) => /^\d+$/.test(text)) ?? '9000'
