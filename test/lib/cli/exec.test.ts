import { terminalShell } from '../../../lib/cli/terminal.ts'
import { AWS, problem, vendomat } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const given = { access_token: 'the-token', warnings: [] }

/** Runs the command with a program that is only written down. */
async function execute(line: string, answer: unknown = given, end: number | Error = 0) {
  const ran: { command: readonly string[]; more: object }[] = []
  const seen = await vendomat(line, {
    answers: { 'GET /tokens/accelo/hq': answer, 'GET /tokens/accelo/hq?min_ttl=600': answer },
    runProgram: async (command, more) => {
      ran.push({ command, more })
      if (end instanceof Error) throw end
      return end
    },
  })
  return { ...seen, ran }
}

describe('vendomat exec', () => {
  it('runs a program with a token in its environment, and says nothing itself', async () => {
    const { code, out, said, ran } = await execute('exec accelo hq -- curl -o json --as x')
    expect([code, out, said]).toEqual([0, '', ''])
    expect(ran).toEqual([{ command: ['curl', '-o', 'json', '--as', 'x'], more: { ACCELO_TOKEN: 'the-token' } }])
  })

  it('names the variable as it is told, and asks for as long a life', async () => {
    const { ran, calls } = await execute('exec accelo hq --as BEARER --min-ttl 600 -- true')
    expect(ran).toEqual([{ command: ['true'], more: { BEARER: 'the-token' } }])
    expect(calls[0]?.path).toBe('/tokens/accelo/hq?min_ttl=600')
  })

  it('exits as the program does', async () => {
    expect((await execute('exec accelo hq -- false', given, 17)).code).toBe(17)
  })

  it.each([
    ['ENOENT', 127, 'vendomat: there is no program nothing'],
    ['EACCES', 126, 'vendomat: nothing cannot be run (EACCES)'],
  ])('says of a program that cannot be run (%s) what a shell would', async (error, code, words) => {
    const seen = await execute('exec accelo hq -- nothing', given, Object.assign(new Error(), { code: error }))
    expect([seen.code, seen.said]).toEqual([code, words])
  })

  it('runs nothing when there is no token', async () => {
    const { code, ran } = await execute('exec accelo hq -- true', problem(424))
    expect([code, ran]).toEqual([4, []])
  })

  it.each([
    'exec accelo hq',
    'exec accelo hq --',
    'exec accelo hq true',
    'exec accelo -- true',
    'exec accelo hq --as 1X -- true',
    'exec accelo hq --min-ttl soon -- true',
    'exec accelo hq -o json -- true',
  ])('called as "%s" exits with 2, asks for no token and runs nothing', async (line) => {
    const { code, calls, ran } = await execute(line)
    expect([code, calls, ran]).toEqual([2, [], []])
  })
})

describe('a program at this terminal', () => {
  const { runProgram } = terminalShell({ PATH: process.env.PATH })
  const node = (script: string, more = {}) => runProgram([process.execPath, '-e', script], more)

  it('finds what was added to the environment, and its exit code is ours', async () => {
    expect(await node('process.exit(process.env.A_TOKEN === "t1" ? 7 : 1)', { A_TOKEN: 't1' })).toBe(7)
  })

  it('that a signal ends is said as a shell says it', async () => {
    expect(await node('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)')).toBe(143)
  })

  it('that is not there, or is no program, is an error', async () => {
    await expect(runProgram(['no-such-program-here'], {})).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(runProgram(['/dev/null'], {})).rejects.toMatchObject({ code: 'EACCES' })
  })
})
