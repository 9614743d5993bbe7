import { CommanderError, Command as Parser } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { type Command, CommandFailed, EXIT, type Shell, TEXT_OR_JSON, UsageError } from './command.ts'
import { checkNames } from './connection.ts'
import { showingWaits } from './waits.ts'

/** What each is for. It is loaded when it is called. */
export const commands: Readonly<Record<string, readonly [summary: string, load: () => Promise<Command>]>> = {
  token: ['print a fresh bearer token', async () => (await import('./token.ts')).token],
  exec: ['run a program with a fresh token in its environment', async () => (await import('./exec.ts')).exec],
  status: ['show how every connection is doing', async () => (await import('./status.ts')).status],
  connect: ['connect an account of a vendor', async () => (await import('./connect.ts')).connect],
  rotate: ['replace a token, a client secret or a key', async () => (await import('./rotate.ts')).rotate],
  ack: ['say that you are at it: no reminder before the next step', async () => (await import('./ack.ts')).ack],
  owner: ['name who is notified when a person is needed', async () => (await import('./owner.ts')).owner],
  audit: ['say who had a token, and who did what', async () => (await import('./audit.ts')).audit],
  revoke: ['end the token of a connection', async () => (await import('./revoke.ts')).revoke],
  disable: ['stop vending for a connection', async () => (await import('./switch.ts')).disable],
  enable: ['vend again for a disabled connection', async () => (await import('./switch.ts')).enable],
  remove: ['retire a connection: revoke, delete its secret, forget', async () => (await import('./remove.ts')).remove],
  policy: ['print the IAM policy that a caller needs', async () => (await import('./policy.ts')).policy],
  doctor: ['say what is wrong here, or in a deployment', async () => (await import('./doctor.ts')).doctor],
  vendors: ['list the vendors that there are, and explain one', async () => (await import('./vendors.ts')).vendors],
  new: ['write a new vendor into this checkout', async () => (await import('./new.ts')).newVendor],
  openapi: ["print the API's contract as OpenAPI 3.1", async () => (await import('./openapi.ts')).openapi],
}

const ABOUT = `
Environment:
  VENDOMAT_URL   address of the machine, as the stack prints it
  VENDOMAT_STAGE and VENDOMAT_SECRETS_KEY, where the stack prints them
  AWS_REGION and the usual AWS credentials

Exit codes:
  0 done   1 failed   2 called wrongly   3 not allowed   4 a person must act
  5 not available now   6 not found

"vendomat help <command>" tells more. With -o json every command prints its
result as JSON. Results go to stdout, everything else to stderr.`

const COLUMNS = 80

/** Runs one command line. Returns the exit code. */
export async function run(parameters: readonly string[], shell: Shell): Promise<number> {
  const [name = '--help', ...rest] = parameters[0] === 'help' ? [...parameters.slice(1, 2), '--help'] : parameters
  const isCommand = Object.hasOwn(commands, name)
  const watched = showingWaits(shell)
  const program = newProgram(shell)
  let exitCode: number = EXIT.done
  try {
    for (const [one, [summary, load]] of Object.entries(commands)) {
      const parser = program.command(one).summary(summary)
      if (one !== name) continue
      const command = await load()
      define(parser, command)
      parser.action(async () => {
        exitCode = await perform(command, { parser, behind: behindDashes(rest) }, watched)
      })
    }
    await program.parseAsync(isCommand ? [name, ...rest] : [name], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommandFailed) {
      watched.say(`vendomat: ${error.message}`)
      return error.exitCode
    }
    if (error instanceof CommanderError && error.exitCode === EXIT.done) return EXIT.done
    if (!(error instanceof CommanderError || error instanceof UsageError)) throw error
    const misuse = error instanceof UsageError ? error.message : misuseOf(error)
    watched.say(`vendomat: ${misuse} (more: vendomat help${isCommand ? ` ${name}` : ''})`)
    return EXIT.usage
  }
}

const newProgram = ({ out }: Shell): Parser =>
  new Parser('vendomat')
    .description('Fresh vendor tokens from the command line.')
    .version(`vendomat ${manifest.version}`, '-V, --version', 'print which version this is')
    .helpOption('-h, --help', 'print this')
    .helpCommand(false)
    // Behind a command's name `--version` is that command's, which has none.
    .enablePositionalOptions()
    .addHelpText('after', ABOUT)
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      // What it says is thrown as well.
      writeErr: () => {},
      getOutHelpWidth: () => COLUMNS,
      getOutHasColors: () => false,
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()

function define(parser: Parser, { about, takes, outputs = TEXT_OR_JSON, examples }: Command): void {
  parser.description(about)
  for (const [flag, help] of Object.entries(takes))
    if (flag.startsWith('-')) parser.option(flag, help)
    else parser.argument(flag, help)
  const formats = Object.entries(outputs).map(([name, help], at) => `${name}: ${help}${at === 0 ? ' (default)' : ''}`)
  parser
    .option('-o, --output <format>', formats.join('\n'))
    .addHelpText('after', `\n${['Examples:', ...examples].join('\n  ')}`)
}

interface CommandLine {
  readonly parser: Parser
  readonly behind: readonly string[]
}

async function perform(command: Command, { parser, behind }: CommandLine, shell: Shell): Promise<number> {
  const names = Object.keys(command.outputs ?? TEXT_OR_JSON)
  const { output = names[0] ?? '', ...options } = parser.opts<{ output?: string }>()
  if (!names.includes(output)) throw new UsageError(`-o is one of ${names.join(', ')}`)
  const given = Object.fromEntries(parser.registeredArguments.map((one, at) => [one.name(), parser.processedArgs[at]]))
  checkNames(...[given.vendor ?? [], given.connection ?? []].flat())
  const result = await command.run({ ...given, ...options, behind }, shell, output)
  if ('json' in result) {
    const text = output === 'json' ? JSON.stringify(result.json, undefined, 2) : result.text
    if (text !== undefined) shell.out(text)
    if (result.next) shell.say(result.next)
  }
  return result.exitCode ?? EXIT.done
}

/** commander takes `--` away. */
function behindDashes(parameters: readonly string[]): readonly string[] {
  const end = parameters.indexOf('--')
  return end < 0 ? [] : parameters.slice(end + 1)
}

/** In one line, and without a value that stands in an option: it may be a secret. */
function misuseOf({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'name a command'
  const said = message
    .replace(/^error: /, '')
    .replace(/unknown option '(--[^=]*|-[^-]).*'/s, "unknown option '$1'")
    .replaceAll(/\s*\n\s*/g, ' ')
  // As the machine writes a connection: accelo/hq.
  if (said.endsWith("'connection'")) return `${said}: vendor and connection are two words, like accelo hq`
  return code === 'commander.unknownCommand' ? `${said}; there are ${Object.keys(commands).join(', ')}` : said
}
