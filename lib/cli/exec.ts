import { parseArgs } from 'node:util'
import { type Command, CommandFailed, UsageError } from './command.ts'
import { connectionNamed } from './connection.ts'
import { variableOf, vended } from './vended.ts'

export const exec: Command = {
  summary: 'run a program with a fresh token in its environment',
  help: `vendomat exec <vendor> <connection> [--as NAME] [--min-ttl seconds]
              -- program [arguments]

Runs a program that finds a fresh bearer token in its environment, and nobody
else does: the token is on no command line and in no file. Exits as the program
does, with 127 when there is none of this name, and with 128 and its number
when a signal ended it.

  --as        the variable's name, ACCELO_TOKEN and so on by itself
  --min-ttl   seconds that the token has to live at least

A program that runs for longer than its token lives asks for a new one itself.

example
  vendomat exec accelo hq -- node report.js`,

  outputs: ['text'],

  async run(parameters, shell) {
    const end = parameters.indexOf('--')
    const [program, ...rest] = end < 0 ? [] : parameters.slice(end + 1)
    if (program === undefined) throw new UsageError('name the program to run after "--"')
    const { values, positionals } = parseArgs({
      args: parameters.slice(0, end),
      allowPositionals: true,
      options: { as: { type: 'string' }, 'min-ttl': { type: 'string' } },
    })
    const name = connectionNamed(positionals)
    const { as: variable = variableOf(name.vendor), 'min-ttl': minTtl } = values
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) throw new UsageError('--as is the name of a variable')
    const { token } = await vended(name, { minTtl }, shell)
    const run = shell.runProgram([program, ...rest], { [variable]: token.access_token })
    return { exitCode: await run.catch((error: NodeJS.ErrnoException) => cannotRun(program, error)) }
  },
}

/** The exit codes are a shell's. */
function cannotRun(program: string, { code }: NodeJS.ErrnoException): never {
  if (code === 'ENOENT') throw new CommandFailed(127, `there is no program ${program}`)
  throw new CommandFailed(126, `${program} cannot be run (${code})`)
}
