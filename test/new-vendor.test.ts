import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { flows } from '../lib/cli/scaffold/vendor-files.ts'

/** What `vendomat new` writes, in a checkout of its own: counted, checked, held to the contract, synthesised, and called. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PARTS = [
  'bin',
  'lib',
  'functions',
  'test',
  'README.md',
  'package.json',
  'tsconfig.json',
  'biome.json',
  'cdk.json',
]
const VENDOMAT = [process.execPath, '--import', 'tsx', 'bin/vendomat.ts'] as const
const JEST = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js']

let checkout: string

beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'new-vendor-'))
  for (const part of [...PARTS, '.gitignore']) cpSync(join(ROOT, part), join(checkout, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
}, 30_000)
afterAll(() => rmSync(checkout, { recursive: true, force: true, maxRetries: 5 }))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** As somebody who has nothing else in their shell. */
async function run([program, ...parameters]: readonly [string, ...string[]], cwd = checkout): Promise<Ran> {
  const env = { PATH: process.env.PATH, HOME: checkout }
  const child = spawn(program, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, out, err }
}

const vendomat = (...parameters: readonly string[]) => run([...VENDOMAT, ...parameters])

/** Each file of ours in the checkout, with its text. */
function tree(): ReadonlyMap<string, string> {
  const files = ['bin', 'lib', 'functions', 'test'].flatMap((part) =>
    readdirSync(join(checkout, part), { recursive: true, encoding: 'utf8' }).map((name) => join(part, name)),
  )
  const ours = [...files, ...PARTS].filter((file) => statSync(join(checkout, file)).isFile())
  return new Map(ours.map((file) => [file, readFileSync(join(checkout, file), 'utf8')]))
}

describe('vendomat new', () => {
  it('writes one folder, one test and one line', async () => {
    const before = tree()
    const { code, out } = await vendomat('new', 'acme', '--flow', 'client-credentials', '-o', 'json')
    expect(code).toBe(0)
    const after = tree()
    const added = [...after.keys()].filter((file) => !before.has(file))
    const changed = [...before.keys()].filter((file) => after.get(file) !== before.get(file))
    expect(changed).toEqual(['functions/registry.ts'])
    expect(added.filter((file) => !file.startsWith('functions/acme/'))).toEqual(['test/vendors/acme.test.ts'])
    const linesOf = (files: ReadonlyMap<string, string>) => files.get('functions/registry.ts')?.split('\n') ?? []
    const lines = linesOf(after).filter((line) => !linesOf(before).includes(line))
    expect(lines).toEqual(["export { acme } from './acme/vendor.ts'"])
    expect(linesOf(after).length).toBe(linesOf(before).length + 1)
    expect(JSON.parse(out).files.toSorted()).toEqual([...added, ...changed].toSorted())
  }, 30_000)

  it('refuses in one line what it cannot write, and writes nothing', async () => {
    const wrong = [
      ['acme', 'functions/acme is there already'],
      ['kit', 'functions/kit is there already'],
      ['Acme', 'names consist of'],
      ['4acme', 'an id is a word'],
      ['default', 'an id is a word'],
      ['a-name-that-is-too-long-by-one', 'an id is a word'],
      ['apex --flow password', `--flow is one of ${Object.keys(flows).join(', ')}`],
      ['apex --flow toString', '--flow is one of'],
      ["apex --title it's", '--title is a name'],
      ['apex --host localhost', '--host is the name of a host'],
    ] as const
    const before = tree()
    const refused = wrong.map(async ([line, message]) => {
      const { code, err } = await vendomat('new', ...line.split(' '))
      expect([line, code, err]).toEqual([line, 2, expect.stringMatching(/^vendomat: .*\n$/)])
      expect(err).toContain(message)
    })
    await Promise.all(refused)
    expect(tree()).toEqual(before)
  }, 60_000)

  it('says that it wants a checkout where there is none', async () => {
    const [node, ...rest] = VENDOMAT
    const program = join(checkout, rest.at(-1) ?? '')
    const tsx = join(checkout, 'node_modules', 'tsx', 'dist', 'loader.mjs')
    const { code, err } = await run([node, '--import', tsx, program, 'new', 'apex'], join(checkout, 'test'))
    expect([code, err]).toEqual([2, expect.stringContaining('run it at the top of a checkout of Vendomat')])
  })
})

describe('a new vendor on the laptop', () => {
  let machine: ReturnType<typeof spawn>

  beforeAll(async () => {
    const env = { PATH: process.env.PATH, HOME: checkout }
    machine = spawn(process.execPath, ['--import', 'tsx', 'bin/local.ts', '--port', '0'], { cwd: checkout, env })
    let said = ''
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += chunk
        if (said.includes('ready after')) resolve()
      }
      machine.stdout?.on('data', hear)
      machine.stderr?.on('data', hear)
      machine.once('exit', () => reject(new Error(said)))
    })
  }, 120_000)
  afterAll(() => machine?.kill('SIGKILL'))

  it('has its function, roles, routes, schedules, alarms and row of the dashboard, as the others have', () => {
    const [assembly = ''] = readdirSync(join(checkout, '.local')).filter((name) => name.startsWith('cdk.out.'))
    const template = readFileSync(join(checkout, '.local', assembly, 'Vendomat.template.json'), 'utf8')
    const resources = Object.entries<{ readonly Type: string }>(JSON.parse(template).Resources)
    const typesOf = (vendor: string) =>
      resources.filter(([id]) => id.toLowerCase().includes(vendor)).map(([, { Type }]) => Type)
    expect(typesOf('acme').toSorted()).toEqual(typesOf('accelo').toSorted())
    for (const type of [
      'Lambda::Function',
      'IAM::Role',
      'ApiGateway::Method',
      'Scheduler::Schedule',
      'CloudWatch::Alarm',
    ])
      expect(typesOf('acme')).toContain(`AWS::${type}`)
    const dashboard = JSON.stringify(resources.find(([, { Type }]) => Type === 'AWS::CloudWatch::Dashboard'))
    expect(dashboard.split('Acme').length).toBe(dashboard.split('Accelo').length)
    expect(dashboard).toContain('Acme')
  })

  it('vends a token that its simulator takes, and no other', async () => {
    const { code, out } = await run([
      'sh',
      '-c',
      '. .local/env; exec node --import tsx bin/vendomat.ts token acme main',
    ])
    expect([code, out]).toEqual([0, expect.stringMatching(/^\S{24}\n$/)])
    const [, simulators] =
      /^export VENDOMAT_SIMULATOR_URL=(.*)$/m.exec(readFileSync(join(checkout, '.local', 'env'), 'utf8')) ?? []
    const use = async (token: string) =>
      (await fetch(`${simulators}/api.acme.com/`, { headers: { authorization: `Bearer ${token}` } })).status
    expect([await use(out.trim()), await use('another')]).toEqual([200, 401])
  }, 30_000)
})

describe('a new vendor of each flow', () => {
  beforeAll(async () => {
    for (const [flow, id] of [
      ['authorization-code', 'acme-video-2'],
      ['static-token', 'x'],
    ] as const)
      expect(await vendomat('new', id, '--flow', flow)).toMatchObject({ code: 0 })
    // The longest that fit: no line may become longer than the formatter lets it be.
    for (const [at, flow] of Object.keys(flows).entries()) {
      const longest = [
        '--title',
        'The Name That Is The Longest 1',
        '--host',
        `a${at}-host-of-forty-characters.api.example`,
      ]
      expect(await vendomat('new', `name-of-24-characters-4${at}`, '--flow', flow, ...longest)).toMatchObject({
        code: 0,
      })
    }
  }, 60_000)

  it('is in the style of the house as it is written', async () => {
    const { code, out } = await run([
      'node_modules/.bin/biome',
      'check',
      '--error-on-warnings',
      'functions',
      'test/vendors',
    ])
    expect([code, out]).toEqual([0, expect.stringContaining('No fixes applied')])
  }, 60_000)

  it('has no fault of types', async () => {
    const include = ['functions', 'test/vendors', 'test/contracts/vendor.test.ts']
    writeFileSync(join(checkout, 'tsconfig.new.json'), JSON.stringify({ extends: './tsconfig.json', include }))
    expect(await run(['node_modules/.bin/tsc', '-p', 'tsconfig.new.json'])).toMatchObject({ code: 0, out: '' })
  }, 120_000)

  it('holds the contract, and its own test', async () => {
    const tests = ['test/contracts/vendor', 'test/vendors/(acme|x|name)', 'test/vendors/steps']
    const { code, err } = await run([process.execPath, ...JEST, '-w', '1', ...tests])
    expect([code, err]).toEqual([0, expect.stringMatching(/Tests: +\d{3} passed/)])
    for (const own of ['acme', 'acme-video-2', 'x']) expect(err).toContain(`PASS test/vendors/${own}.test.ts`)
  }, 120_000)
})
