import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { read, sectionOf } from '../support/documents.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const { app, context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vendomat-'))
  for (const name of ['lib', 'functions', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name))
  for (const name of ['package.json', 'tsconfig.json']) cpSync(join(ROOT, name), join(folder, name))
  mkdirSync(join(folder, 'bin'))
  cpSync(join(ROOT, 'bin', 'tsconfig.json'), join(folder, 'bin', 'tsconfig.json'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs what cdk.json has the CDK's command line run, with these settings beside those of bin/app.ts. */
function synthesise(setting = '') {
  const source = readFileSync(join(ROOT, 'bin', 'app.ts'), 'utf8')
  const edited = source.replace('  terminationProtection: true,\n', (line) => `${line}${setting}`)
  if (setting !== '' && edited === source) throw new Error('bin/app.ts has no such line')
  writeFileSync(join(folder, 'bin', 'app.ts'), edited)
  const out = join(folder, 'cdk.out')
  const env = {
    ...process.env,
    CDK_OUTDIR: out,
    CDK_VALIDATION: 'false',
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [] }),
  }
  const { status, stdout, stderr } = spawnSync(app, { cwd: folder, env, shell: true, encoding: 'utf8' })
  const made = (stack: string) => existsSync(join(out, `${stack}.template.json`))
  const template = () => readFileSync(join(out, 'Vendomat.template.json'), 'utf8')
  return { status, said: `${stdout}${stderr}`, made, template }
}

describe('cdk synth and cdk deploy', () => {
  it.each([
    ['a misspelt setting', "  alertMail: 'platform@example.com',\n", "'alertMail' does not exist in type"],
    ['a mistyped one', "  memorySize: '512',\n", "Type 'string' is not assignable to type 'number'"],
    ['one that says what cannot be', "  alertEmail: 'platform',\n", "alertEmail: 'platform' is no mail address"],
  ])(
    'refuse %s, and make no template',
    (_, setting, message) => {
      const { status, said, made } = synthesise(setting)
      expect(said).toContain(message)
      expect([status, made('Vendomat')]).toEqual([1, false])
    },
    60_000,
  )

  it('take what fits, and call the stack of a stage after it', () => {
    const { status, made } = synthesise("  stage: 'dev',\n")
    expect([status, made('Vendomat-dev'), made('Vendomat')]).toEqual([0, true, false])
  }, 60_000)

  it('take a vendor in the ten lines of lib/README.md, which need no code', () => {
    const section = sectionOf(read('lib/README.md'), 'A vendor in ten lines of settings')
    const [, lines = ''] = /^```ts\n(.*?)^```$/ms.exec(section) ?? []
    expect(lines.trim().split('\n').length).toBeLessThanOrEqual(10)
    const { status, said, template } = synthesise(`  vendors: ['accelo', 'zoom'],\n${lines}`)
    expect(status === 0 ? '' : said).toBe('')
    expect(template()).toContain('vends Acme tokens')
    expect(template()).toContain('vends Zoom tokens')
    expect(template()).not.toContain('vends NetRex tokens')
  }, 60_000)
})
