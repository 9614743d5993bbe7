import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { ack } from './ack.ts'
import { audit } from './audit.ts'
import { type Command, CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { connect } from './connect.ts'
import { doctor } from './doctor.ts'
import { exec } from './exec.ts'
import { openapi } from './openapi.ts'
import { owner } from './owner.ts'
import { remove } from './remove.ts'
import { revoke } from './revoke.ts'
import { rotate } from './rotate.ts'
import { status } from './status.ts'
import { disable, enable } from './switch.ts'
import { token } from './token.ts'
import { showingWaits } from './waits.ts'

export const commands: Readonly<Record<string, Command>> = {
  token,
  exec,
  status,
  connect,
  rotate,
  ack,
  owner,
  audit,
  revoke,
  disable,
  enable,
  remove,
  doctor,
  openapi,
}

const HELP = `vendomat: fresh vendor tokens from the command line

${Object.entries(commands)
  .map(([name, { summary }]) => `  vendomat ${name.padEnd(10)}${summary}`)
  .join('\n')}

"vendomat help <command>" tells more; "vendomat --version" says which version
this is. With -o json every command prints its result as JSON. Results go to
stdout, everything else to stderr.

environment
  VENDOMAT_URL   address of the machine, as the stack prints it
  VENDOMAT_STAGE and VENDOMAT_SECRETS_KEY, where the stack prints them
  AWS_REGION and the usual AWS credentials

exit codes
  0 done   1 failed   2 called wrongly   3 not allowed   4 a person must act
  5 not available now   6 not found`

const TEXT_OR_JSON = ['text', 'json'] as const

/** Runs one command line. Returns the exit code. */
export async function run(parameters: readonly string[], shell: Shell): Promise<number> {
  const [name = 'help', ...rest] = parameters
  const watched = showingWaits(shell)
  try {
    if (name === 'help' || name === '--help' || name === '-h') {
      shell.out(rest[0] === undefined ? HELP : commandNamed(rest[0]).help)
      return EXIT.done
    }
    if (name === '--version' || name === '-V') {
      shell.out(`vendomat ${version()}`)
      return EXIT.done
    }
    const command = commandNamed(name)
    if (isHelpWanted(rest)) {
      shell.out(command.help)
      return EXIT.done
    }
    const { output, others } = outputWanted(rest, command.outputs ?? TEXT_OR_JSON)
    const result = await command.run(others, watched, output)
    if ('json' in result) {
      const text = output === 'json' ? JSON.stringify(result.json, undefined, 2) : result.text
      if (text !== undefined) watched.out(text)
      if (result.next) watched.say(result.next)
    }
    return result.exitCode ?? EXIT.done
  } catch (error) {
    if (error instanceof CommandFailed) {
      watched.say(`vendomat: ${error.message}`)
      return error.exitCode
    }
    const misuse = error instanceof UsageError ? error.message : parseArgsMessage(error)
    if (misuse === undefined) throw error
    const topic = Object.hasOwn(commands, name) ? ` ${name}` : ''
    watched.say(`vendomat: ${misuse} (more: vendomat help${topic})`)
    return EXIT.usage
  }
}

function commandNamed(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  throw new UsageError(`there is no command "${name}"; there are ${Object.keys(commands).join(', ')}`)
}

/** Whatever else is wrong with the command line. What follows `--` is no option. */
function isHelpWanted(parameters: readonly string[]): boolean {
  const end = parameters.indexOf('--')
  return parameters.slice(0, end < 0 ? undefined : end).some((one) => one === '--help' || one === '-h')
}

/** Takes `-o` out of a command line, since every command has it. */
function outputWanted(parameters: readonly string[], outputs: readonly [string, ...string[]]) {
  const { tokens } = parseArgs({
    args: [...parameters],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: { output: { type: 'string', short: 'o' } },
  })
  const given = tokens.filter((token) => token.kind === 'option').filter(({ name }) => name === 'output')
  const output = given.length === 0 ? outputs[0] : given.at(-1)?.value
  if (output === undefined || !outputs.includes(output)) throw new UsageError(`-o is one of ${outputs.join(', ')}`)
  const taken = new Set(given.flatMap(({ index, inlineValue }) => (inlineValue ? [index] : [index, index + 1])))
  return { output, others: parameters.filter((_, index) => !taken.has(index)) }
}

/** The message of node's parseArgs about an option that it cannot read: its first sentence. Undefined for any other error. */
function parseArgsMessage(error: unknown): string | undefined {
  const { code, message } = z.object({ code: z.string(), message: z.string() }).safeParse(error).data ?? {}
  return code?.startsWith('ERR_PARSE_ARGS_') ? message?.split(/\.?\s*\n|\. /)[0] : undefined
}

const version = (): string =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version
