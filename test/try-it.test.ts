import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { control } from './support/control.ts'
import { commandsOf, root as ROOT, read, sectionOf, tracked } from './support/documents.ts'

/**
 * What the README gives a newcomer to type, typed: its own lines, in their order, in a checkout of its own, at one machine
 * that `npm start` runs and a signal ends.
 */
const readme = read('README.md')

/** What is typed to start the machine, and what is typed then: the README's lines, and those of the laptop's own. */
const [started = '', ...typedThen] = [
  ...commandsOf(sectionOf(readme, 'Try it in 60 seconds')),
  ...commandsOf(sectionOf(read('lib/local/README.md'), 'Watch a token end')),
]

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Step {
  /** A part of the line by which the reader of this test knows it. */
  readonly line: string
  readonly shows: (ran: Ran) => unknown
  /** What happens between this line and the one before it. */
  readonly first?: () => Promise<unknown>
  /** What is typed where a person puts something in its place, or answers a question. */
  readonly as?: (line: string) => string
}

let checkout: string
let machine: ChildProcess
/** What it has said so far. */
let said = ''
/** The addresses of the machine, from its file for shells. */
let settings: Record<string, string>

/** As a shell that has been used for other things before. */
const environment = () => ({
  PATH: `${join(checkout, 'person')}:${process.env.PATH}`,
  HOME: checkout,
  AWS_PROFILE: 'work',
  AWS_SESSION_TOKEN: 'from an hour ago',
})

async function run(command: string, env: NodeJS.ProcessEnv = environment()): Promise<Ran> {
  const child = spawn('sh', ['-c', command], { cwd: checkout, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, out, err }
}

/** A line typed in the shell that has read `.local/env`. */
const typed = (line: string) => run(`. .local/env\n${line}`)

/** What stands for a person: a browser in which they say yes, and `npx` without its two seconds. */
function person(): void {
  const folder = join(checkout, 'person')
  const script = (name: string, body: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  mkdirSync(folder)
  for (const opener of ['xdg-open', 'open']) script(opener, 'exec curl -sLo /dev/null "$1&decision=allow"')
  const outfile = join(folder, 'vendomat.cjs')
  execFileSync('npm', ['run', 'build:cli', '--', `--outfile=${outfile}`], { cwd: ROOT, stdio: 'pipe' })
  script('npx', `[ "$1" = vendomat ] && shift && exec "${process.execPath}" "${outfile}" "$@"`)
}

beforeAll(async () => {
  checkout = mkdtempSync(join(tmpdir(), 'vendomat-'))
  for (const part of ['bin', 'lib', 'functions', 'package.json', 'cdk.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(checkout, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  person()
  // The default port may be in use on this computer.
  const [, start = ''] = started.split(' && ')
  const words = `${start} -- --port 0`.split(' ')
  machine = spawn(words[0] ?? '', words.slice(1), { cwd: checkout, env: environment() })
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk
      if (said.includes('ready after')) resolve()
    }
    machine.stdout?.on('data', hear)
    machine.stderr?.on('data', hear)
    machine.once('exit', () => reject(new Error(said)))
  })
  const lines = readFileSync(join(checkout, '.local', 'env'), 'utf8').matchAll(/^export (\w+)=(.*)$/gm)
  settings = Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
}, 90_000)

afterAll(() => {
  machine?.kill('SIGKILL')
  rmSync(checkout, { recursive: true, force: true, maxRetries: 5 })
})

const simulators = (): string => settings.VENDOMAT_SIMULATOR_URL ?? ''
const advance = (by: string) => control(simulators(), 'clock', 'POST', { advance: by })
const json = ({ out }: Ran) => JSON.parse(out)
const aToken = ({ code, out }: Ran) => expect([code, out]).toEqual([0, expect.stringMatching(/^\S{8,}\n$/)])

async function worksWithAndWithoutSession(line: string): Promise<void> {
  for (const before of ['', 'export AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjEJr//8wEaCXVzLWVhc3QtMSJ+/=\n']) {
    expect(json(await typed(`${before}${line} -s`))).toMatchObject({ connection: 'hq' })
  }
}
const well = ({ code }: Ran) => expect(code).toBe(0)

/** What the README says of each of its lines. */
const steps: readonly Step[] = [
  { line: '. .local/env', shows: well },
  {
    line: 'curl --aws-sigv4',
    shows: (ran) => expect(json(ran)).toMatchObject({ vendor: 'accelo', connection: 'hq', token_type: 'Bearer' }),
  },
  { line: 'token accessia main', shows: aToken },
  { line: 'connect netrex site-a', shows: well },
  {
    line: 'status',
    shows: ({ code, out }) => {
      expect([code, out]).toEqual([0, expect.stringMatching(/netrex\/site-a\s+ok/)])
    },
  },
  { line: '"fault":"status-500"', shows: (ran) => expect(json(ran).faults).toHaveLength(1) },
  { line: 'token accelo hq', shows: aToken },
  { line: 'revoke accelo readonly --yes', shows: well },
  {
    line: 'token accelo readonly',
    shows: ({ code, out, err }) => {
      expect([code, out, err]).toEqual([5, '', expect.stringContaining('vendor')])
    },
  },
  {
    line: '_control/accelo"',
    shows: (ran) => {
      const { 200: answered, 500: failed } = json(ran).calls.byPath['POST /oauth2/v0/token']
      expect([answered > 0, failed > 0]).toEqual([true, true])
    },
  },
  { line: '-X DELETE', shows: (ran) => expect(json(ran)).toMatchObject({ calls: { total: 0 }, faults: [] }) },
  { line: 'token accelo readonly', first: () => advance('15s'), shows: aToken },
  { line: '| npx vendomat connect iobeya trial --from-stdin', shows: well },
  { line: 'token iobeya trial', shows: aToken },
  {
    line: '"advance":"9d"',
    shows: (ran) => {
      const subjects = json(ran).notices.map(({ subject }: { subject: string }) => subject)
      expect(subjects.filter((subject: string) => subject.includes('iobeya/trial')).length).toBeGreaterThan(3)
      for (const subject of subjects) expect(said).toContain(`notice: ${subject}`)
    },
  },
  {
    line: 'ls .local/notices/',
    shows: ({ out }) => {
      expect(out).toMatch(/-iobeya-trial-expiring\.mail\.txt$/m)
      expect(out).toMatch(/-iobeya-trial-expired\.mail\.txt$/m)
    },
  },
  {
    line: 'token iobeya trial',
    shows: ({ code, out, err }) => {
      expect([code, out, err]).toEqual([4, '', expect.stringMatching(/expired|ended/)])
    },
  },
  { line: 'days=365" | npx vendomat rotate iobeya trial', shows: well },
  { line: 'token iobeya trial', shows: aToken },
]

const iobeyaToken = (days: number) =>
  `curl -sX POST "$VENDOMAT_SIMULATOR_URL/acme.iobeya.com/generate-token?days=${days}"`
const lent = (line: string) => line.replace('<vendor>', 'iobeya').replace('<connection>', 'lent')
const hq = (line: string) => line.replace('<vendor>', 'accelo').replace('<connection>', 'hq')

/** What the other documents give to type, where a laptop can do it; in this order, at the same machine. */
const elsewhere: readonly Step[] = [
  {
    line: 'npx vendomat audit --token - --since 30d',
    as: (line) => `npx vendomat token accelo hq | ${line}`,
    shows: ({ code, out }) => expect([code, out]).toEqual([0, expect.stringMatching(/accelo\/hq/)]),
  },
  { line: 'npx vendomat revoke accelo hq --yes', shows: well },
  {
    line: 'npx vendomat status <vendor>',
    first: async () => {
      const document = `sed 's|.*|{"token":"&","api_url":"https://acme.api.iobeya.com"}|'`
      well(await typed(`${iobeyaToken(8)} | ${document} | npx vendomat connect iobeya lent --from-stdin`))
      await advance('2d')
    },
    as: lent,
    shows: ({ code, out }) => expect([code, out]).toEqual([0, expect.stringMatching(/iobeya\/lent\s+ending/)]),
  },
  { line: 'npx vendomat ack <vendor> <connection>', as: lent, shows: well },
  {
    line: 'npx vendomat rotate <vendor> <connection>',
    as: (line) => `${iobeyaToken(365)} | ${lent(line)} --from-stdin`,
    shows: well,
  },
  { line: 'npx vendomat disable <vendor> <connection>', as: hq, shows: well },
  { line: 'npx vendomat revoke <vendor> <connection> --yes', as: hq, shows: well },
  { line: 'npx vendomat enable <vendor> <connection>', as: hq, shows: well },
  {
    line: 'npx vendomat remove accelo hq',
    // accelo/hq is used further down.
    as: (line) => `${line.replace('hq', 'readonly')} --yes`,
    shows: well,
  },
  {
    line: 'npx vendomat policy accelo hq > policy.json',
    as: (line) => `${line} && cat policy.json`,
    shows: (ran) => expect(JSON.stringify(json(ran))).toContain('/GET/tokens/accelo/hq'),
  },
  {
    line: 'npm run cost -- --connections 10',
    shows: ({ code, out }) => expect([code, out]).toEqual([0, expect.stringContaining('REST API')]),
  },
]

/** What no test types, by the reason. */
const NOT_TYPED: Readonly<Record<string, readonly string[]>> = {
  'there is no AWS account': ['npx cdk ', 'export VENDOMAT_URL=<the output Url>', 'npx vendomat doctor --deployment'],
  'the AWS command line may not be here': ['aws '],
  'a person answers its questions': ['npx vendomat connect accelo hq'],
  'a person consents in a browser': ['npx vendomat connect <vendor> <connection>'],
  'a team has the secret that is taken over': ['npx vendomat connect accelo crm --from-secret'],
  'the test of a sixth vendor does all of it': [
    ...['npx vendomat new acme', 'npm run check && npm run jest', 'npm start ', 'npx vendomat token acme main'],
  ],
  'it installs, or runs all tests': ['npm ci'],
  'it takes minutes, and what it runs has tests of its own': [
    ...['npm run model', 'npm run fuzz', 'npm run matrix', 'npm run mutants', 'npm run security'],
    'npm run test:dynamodb-local',
  ],
}

/** Without the recipes, which test/callers.test.ts runs, and what is typed above. */
const elsewhereLines = tracked('*.md')
  .filter((path) => path !== 'lib/client/README.md')
  .flatMap((path) => commandsOf(read(path)))
  .filter((line) => ![started, ...typedThen, ...commandsOf(sectionOf(readme, 'Call it'))].includes(line))

describe('the README', () => {
  it('gives one command to try it and one to test it', () => {
    expect(started).toBe('npm ci && npm start')
    expect(commandsOf(sectionOf(readme, 'Test'))[0]).toBe('npm ci && npm test')
  })

  it('has an expectation here for each of its lines', () => {
    expect(typedThen.map((line, n) => [line, line.includes(steps[n]?.line ?? '\n')])).toEqual(
      typedThen.map((line) => [line, true]),
    )
    expect(typedThen).toHaveLength(steps.length)
  })

  it('the line for real callers works with temporary credentials and without', async () => {
    const [line = ''] = commandsOf(sectionOf(readme, 'Call it'))
    await worksWithAndWithoutSession(line)
  })

  it.each(steps.map((step, n) => ({ ...step, n })))(
    'line $n shows what it promises: $line',
    async (step) => {
      await step.first?.()
      step.shows(await typed(typedThen[step.n] ?? ''))
    },
    60_000,
  )

  it('the stack prints a line that works with temporary credentials and without', async () => {
    const [assembly = ''] = readdirSync(join(checkout, '.local')).filter((name) => name.startsWith('cdk.out.'))
    const template = JSON.parse(readFileSync(join(checkout, '.local', assembly, 'Vendomat.template.json'), 'utf8'))
    const line = printed(template.Outputs.TryIt.Value)
    await worksWithAndWithoutSession(line)
  })

  it('a fault that there is not is answered with those there are', async () => {
    const body = '{"fault":"status-600"}'
    const answer = await control(simulators(), 'accelo', 'POST', body)
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('status-503, status-429')])
  })
})

describe('the other documents', () => {
  it('give nothing to type that is not typed here, or cannot be for a reason', () => {
    const known = [...elsewhere.map(({ line }) => line), ...Object.values(NOT_TYPED).flat()]
    expect(elsewhereLines.filter((line) => !known.some((beginning) => line.startsWith(beginning)))).toEqual([])
    expect(known.filter((beginning) => !elsewhereLines.some((line) => line.startsWith(beginning)))).toEqual([])
  })

  it.each(elsewhere)(
    '$line does what it is there for',
    async ({ line, first, as = (given) => given, shows }) => {
      await first?.()
      const [given = ''] = elsewhereLines.find((one) => one.startsWith(line))?.split(/ +# /) ?? []
      shows(await typed(as(given)))
    },
    60_000,
  )
})

describe('the machine of the README', () => {
  it('has a command line that npx finds', async () => {
    const { code, out } = await run('npx vendomat --help', { ...environment(), PATH: process.env.PATH })
    expect([code, out]).toEqual([0, expect.stringContaining('print a fresh bearer token')])
  }, 60_000)

  it('runs each function in processes of its own: when one is killed the next call starts another', async () => {
    const own = async () => {
      const ours = new Set(await descendants(machine.pid))
      const { out } = await run('ps -eo pid=,args=')
      const pids = [...out.matchAll(/^ *(\d+) vendomat-accelo *$/gm)].map(([, pid]) => Number(pid))
      return pids.filter((pid) => ours.has(pid) && lives(pid))
    }
    const before = await own()
    expect(before.length).toBeGreaterThan(0)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    aToken(await typed('npx vendomat token accelo hq'))
    const after = await own()
    expect(after.filter((pid) => !before.includes(pid)).length).toBeGreaterThan(0)
    expect(readFileSync(join(checkout, '.local', 'logs', 'vendomat-accelo.log'), 'utf8')).toContain('"op":"vend"')
  }, 60_000)

  it('lets the AWS command line invoke a function', async () => {
    const url = `${settings.AWS_ENDPOINT_URL}/2015-03-31/functions/vendomat-accelo/invocations`
    const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=a/20261120/eu-west-1/lambda/aws4_request' }
    const answer = await fetch(url, { method: 'POST', headers, body: '{"task":"check"}' })
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ failed: 0 })])
  })
})

/** The text that CloudFormation would print, of a machine that is here. */
function printed(value: { 'Fn::Join': readonly [string, readonly unknown[]] }): string {
  const [glue, parts] = value['Fn::Join']
  const texts = parts.map((part) => (typeof part === 'string' ? part : settings.AWS_REGION))
  return texts.join(glue).replace(/"https:.*\/tokens/, `"${settings.VENDOMAT_URL}/tokens`)
}

describe('npm start', () => {
  const ports = () =>
    ['VENDOMAT_URL', 'AWS_ENDPOINT_URL', 'VENDOMAT_SIMULATOR_URL'].map((name) =>
      Number(new URL(settings[name] ?? '').port),
    )
  const listens = (port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })

  it('says whose vendors and endpoints are in use', () => {
    expect(said).toContain('\nvendors: built in; AWS endpoints: built in\n')
  })

  it.each([
    ['-- --prot 9', 'there is no option --prot: npm start -- --help'],
    ['--port 9', '--port went to npm itself: npm start -- --port 9'],
  ])(
    '%s is called wrongly, and says so in one line',
    async (parameters, line) => {
      const { code, err } = await run(`npm start --silent ${parameters}`)
      expect([code, ours(err)]).toEqual([2, [line]])
    },
    60_000,
  )

  it('beside another one finds that a port is taken before it builds, and leaves that one alone', async () => {
    const [, port = 0] = ports()
    const { code, out, err } = await run(`npm start --silent -- --port ${port}`)
    expect([code, out, ours(err)]).toEqual([1, '', [expect.stringContaining(`port ${port} of `)]])
    aToken(await typed('npx vendomat token accelo hq'))
  }, 60_000)

  it('ends with npm when that gets a SIGTERM: nothing listens, and no function has a process', async () => {
    expect(await Promise.all(ports().map(listens))).toEqual([true, true, true])
    const functions = await descendants(machine.pid)
    expect(functions.length).toBeGreaterThan(5)
    const ended = new Promise((resolve) => machine.once('exit', resolve))
    const began = performance.now()
    machine.kill('SIGTERM')
    await ended
    expect(performance.now() - began).toBeLessThan(5000)
    expect(await Promise.all(ports().map(listens))).toEqual([false, false, false])
    expect(functions.filter(lives)).toEqual([])
    expect(readdirSync(join(checkout, '.local')).filter((name) => name.startsWith('cdk.out'))).toEqual([])
  })
})

/** What npm itself says on stderr, in some installations, is not ours. */
const ours = (err: string): string[] => err.split('\n').filter((line) => line !== '' && !line.startsWith('npm '))

/** The processes that a process started, and those that they started. */
async function descendants(pid: number | undefined): Promise<number[]> {
  const { out } = await run('ps -eo pid=,ppid=')
  const pairs = out
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const under = (parent: number | undefined): number[] =>
    pairs.flatMap(([child = 0, of]) => (of === parent ? [child, ...under(child)] : []))
  return under(pid)
}

/** A process that has ended may still be in the list, until its parent has taken note. */
function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
