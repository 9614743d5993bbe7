import { CommandFailed, command, UsageError } from './command.ts'
import { ONE_CONNECTION } from './connection.ts'
import { variableOf, vended } from './vended.ts'

export const exec = command({
  about: `Runs the program behind "--". It finds a fresh bearer token in its environment,
and nobody else does: the token is on no command line and in no file. Exits as
the program does, with 127 when there is none of this name, and with 128 and its
number when a signal ended it.

A program that runs for longer than its token lives asks for a new one itself.`,
  takes: {
    ...ONE_CONNECTION,
    '[program...]': '',
    '--as <NAME>': "the variable's name, ACCELO_TOKEN and so on by itself",
    '--min-ttl <seconds>': 'seconds that the token has to live at least',
  },
  examples: ['vendomat exec accelo hq -- node report.js'],

  outputs: { text: 'nothing but what the program prints' },

  async run({ vendor, connection, program: [program, ...rest], behind, as, minTtl }, shell) {
    if (program === undefined || behind.length !== rest.length + 1)
      throw new UsageError('name the program to run after "--"')
    const variable = as ?? variableOf(vendor)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) throw new UsageError('--as is the name of a variable')
    const { token } = await vended({ vendor, connection }, { minTtl }, shell)
    const run = shell.runProgram([program, ...rest], { [variable]: token.access_token })
    return { exitCode: await run.catch((error: NodeJS.ErrnoException) => cannotRun(program, error)) }
  },
})

/** The exit codes are a shell's. */
function cannotRun(program: string, { code }: NodeJS.ErrnoException): never {
  if (code === 'ENOENT') throw new CommandFailed(127, `there is no program ${program}`)
  throw new CommandFailed(126, `${program} cannot be run (${code})`)
}
