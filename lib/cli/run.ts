import * as z from 'zod/mini'
import { ack } from './ack.ts'
import { type Command, CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { connect } from './connect.ts'
import { doctor } from './doctor.ts'
import { owner } from './owner.ts'
import { revoke } from './revoke.ts'
import { rotate } from './rotate.ts'
import { status } from './status.ts'
import { disable, enable } from './switch.ts'
import { token } from './token.ts'

const commands: Readonly<Record<string, Command>> = {
  token,
  status,
  connect,
  rotate,
  ack,
  owner,
  revoke,
  disable,
  enable,
  doctor,
}

const HELP = `vendomat: fresh vendor tokens from the command line

${Object.entries(commands)
  .map(([name, { summary }]) => `  vendomat ${name.padEnd(10)}${summary}`)
  .join('\n')}

"vendomat <command> --help" tells more.

environment
  VENDOMAT_URL   address of the machine, as the stack prints it
  VENDOMAT_STAGE and VENDOMAT_SECRETS_KEY, where the stack prints them
  AWS_REGION and the usual AWS credentials

exit codes
  0 done   1 failed   2 called wrongly   3 not allowed   4 a person must act   5 not available now   6 not found`

/** Runs one command line. Returns the exit code. */
export async function run(parameters: readonly string[], shell: Shell): Promise<number> {
  const [name = '--help', ...rest] = parameters
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (name === '--help' || name === '-h' || name === 'help') {
    shell.out(HELP)
    return EXIT.done
  }
  if (!command) {
    shell.say(`vendomat: there is no command "${name}"\n\n${HELP}`)
    return EXIT.usage
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    shell.out(command.help)
    return EXIT.done
  }
  try {
    return await command.run(rest, shell)
  } catch (error) {
    if (error instanceof CommandFailed) {
      shell.say(`vendomat: ${error.message}`)
      return error.exitCode
    }
    const misuse = error instanceof UsageError ? error.message : parseArgsMessage(error)
    if (misuse === undefined) throw error
    shell.say(`vendomat: ${misuse}\n\n${command.help}`)
    return EXIT.usage
  }
}

/** The message of node's parseArgs about an option that it cannot read. Undefined for any other error. */
function parseArgsMessage(error: unknown): string | undefined {
  const { code, message } = z.object({ code: z.string(), message: z.string() }).safeParse(error).data ?? {}
  return code?.startsWith('ERR_PARSE_ARGS_') ? message : undefined
}
