import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Start } from '../../lib/start-bytes.ts'
import { bundleFunction } from '../../lib/vendor-code.ts'
import { zenith } from '../support/described-samples.ts'

let root: string
const starts: Record<string, Start> = {}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'generic-'))
  for (const entry of ['generic/handler', 'generic/exchange', 'accelo/handler'])
    starts[entry] = bundleFunction(entry, join(root, entry))
}, 30_000)
afterAll(() => rmSync(root, { recursive: true }))

const environment = (description?: object) => ({
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDLOCAL',
  AWS_SECRET_ACCESS_KEY: 'local',
  VENDOMAT_TABLE: 'tokens',
  VENDOMAT_ENVELOPE_KEY: 'key',
  NODE_NO_WARNINGS: '1',
  ...(description && { VENDOMAT_DESCRIPTION: JSON.stringify(description) }),
})
const fileOf = (entry: string) => join(root, entry, 'index.cjs')
const PROGRAM = `const { handler } = require(process.argv[1])
  process.stdout.write(JSON.stringify([typeof handler, ...Object.keys(require.cache)]))`

describe('the bundle of all described vendors', () => {
  it.each(['generic/handler', 'generic/exchange'])('%s exports a handler where it has a description', (entry) => {
    const options = { env: environment({ id: 'zenith', ...zenith }), encoding: 'utf8' } as const
    expect(JSON.parse(execFileSync(process.execPath, ['-e', PROGRAM, fileOf(entry)], options))[0]).toBe('function')
  })

  it.each(['generic/handler', 'generic/exchange'])('%s does not start without one, and says why', (entry) => {
    for (const [description, words] of [
      [undefined, 'the environment lacks VENDOMAT_DESCRIPTION'],
      [{ id: 'zenith' }, 'describes no vendor'],
    ] as const) {
      const options = { env: environment(description), encoding: 'utf8' } as const
      const { status, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, fileOf(entry)], options)
      expect([status, stderr.includes(words)]).toEqual([1, true])
    }
  })

  it("parses at its start no more than 2 KB beyond Accelo's, and nothing that a vendor is made with", () => {
    const start = starts['generic/handler']
    expect((start?.bytes ?? 0) - (starts['accelo/handler']?.bytes ?? 0)).toBeLessThan(2000)
    const late = /^(zod|jose|@aws-sdk\/.*|functions\/(oauth|notices|keeper|consent))$/
    expect(start?.parts.map(([name]) => name).filter((name) => late.test(name))).toEqual([])
    const options = { env: environment({ id: 'zenith', ...zenith }), encoding: 'utf8' } as const
    const [, ...parsed]: string[] = JSON.parse(
      execFileSync(process.execPath, ['-e', PROGRAM, fileOf('generic/handler')], options),
    )
    const words = 'register an application'
    const holds = (file: string) => readFileSync(file, 'utf8').toLowerCase().includes(words)
    const all = readdirSync(join(root, 'generic/handler')).map((name) => join(root, 'generic/handler', name))
    expect([all.some(holds), parsed.some(holds)]).toEqual([true, false])
  })
})
