import { execFile, execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Metafile } from 'esbuild'
import { commands } from '../../../lib/cli/run.ts'
import { type Loopback, listenOnLoopback, readBody } from '../../../lib/local/loopback.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

interface Asked {
  readonly target: string
  readonly keyId: string | undefined
}

let folder: string
let empty: string
let metafile: Metafile
let machine: Loopback
let asked: Asked[] = []

/** What `npm run build:cli` writes, and what that is made of. */
function build(file: string, ...more: string[]): void {
  const words = ['run', 'build:cli', '--', `--outfile=${file}`, '--log-level=error', ...more]
  execFileSync('npm', words, { cwd: ROOT, stdio: 'pipe' })
}

const minified = () => join(folder, 'dist', 'vendomat.cjs')
const readable = () => join(folder, 'readable.cjs')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'one-file-'))
  empty = join(folder, 'empty')
  mkdirSync(empty)
  build(minified())
  const described = join(folder, 'metafile.json')
  build(readable(), '--minify=false', `--metafile=${described}`)
  metafile = JSON.parse(readFileSync(described, 'utf8'))
  machine = await listenOnLoopback(0, async (request, response) => {
    const { method, url, headers } = request
    await readBody(request)
    const target = `${method} ${url}`
    asked.push({ target, keyId: /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] })
    const isToken = target === 'GET /v1/tokens/accelo/hq'
    response.writeHead(isToken ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isToken ? { access_token: 't1', warnings: [] } : { message: 'Not here' }))
  })
}, 60_000)
beforeEach(() => {
  asked = []
})
afterAll(async () => {
  await machine?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a file with plain node in an empty folder. */
function vendomat(line: string, { file = minified(), environment = {} } = {}) {
  const env = {
    PATH: process.env.PATH,
    VENDOMAT_URL: `${machine.url}/v1`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT',
    AWS_SECRET_ACCESS_KEY: 'secret',
    // No client of the SDK reaches AWS.
    AWS_ENDPOINT_URL: machine.url,
    ...environment,
  }
  return new Promise<{ code: unknown; out: string; said: string }>((resolve) => {
    execFile(process.execPath, [file, ...line.split(' ')], { cwd: empty, env }, (error, out, said) =>
      resolve({ code: error?.code ?? 0, out, said }),
    )
  })
}

/** The modules that a command line runs, each by its path in this repository. */
async function modulesOf(line: string): Promise<string[]> {
  const coverage = mkdtempSync(join(folder, 'coverage-'))
  await vendomat(line, { file: readable(), environment: { NODE_V8_COVERAGE: coverage } })
  const [report = ''] = readdirSync(coverage)
  const { result }: Coverage = JSON.parse(readFileSync(join(coverage, report), 'utf8'))
  const functions = result.find(({ url }) => url.endsWith('readable.cjs'))?.functions ?? []
  const counts = new Map(functions.map(({ functionName, ranges: [range] }) => [functionName, range?.count ?? 0]))
  // esbuild makes a function of each module that does not run at once, and names it after its path.
  return Object.keys(contents()).filter((path) => counts.get(path) !== 0)
}

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly functionName: string
      readonly ranges: readonly { readonly count: number }[]
    }[]
  }[]
}

const contents = () => Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint)?.inputs ?? {}
const bytesOf = (modules: readonly string[]) =>
  modules.reduce((sum, path) => sum + (contents()[path]?.bytesInOutput ?? 0), 0)

describe('the command line as one file', () => {
  it('is of less than 700 KB, and needs nothing that Node does not have', () => {
    expect(statSync(minified()).size).toBeLessThan(700_000)
    const needed = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
    expect(needed.length).toBeGreaterThan(10)
    expect(needed.filter((name) => !isBuiltin(name))).toEqual([])
    for (let above = empty; above !== dirname(above); above = dirname(above))
      expect(existsSync(join(above, 'node_modules'))).toBe(false)
  })

  it('says which version it is, which commands there are, and that it was called wrongly', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(await vendomat('--version')).toEqual({ code: 0, out: `vendomat ${version}\n`, said: '' })
    const { out } = await vendomat('help')
    for (const name of Object.keys(commands)) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(await vendomat('token accelo')).toMatchObject({ code: 2, out: '' })
    expect(asked).toEqual([])
  })

  it.each(Object.keys(commands))('has the command %s in it', async (name) => {
    expect((await vendomat(`help ${name}`)).out).toMatch(new RegExp(`^Usage: vendomat ${name} `))
  })

  it('prints a token', async () => {
    expect(await vendomat('token accelo hq')).toEqual({ code: 0, out: 't1\n', said: '' })
    expect(asked).toEqual([{ target: 'GET /v1/tokens/accelo/hq', keyId: 'AKIDENVIRONMENT' }])
  })

  it('runs a program with a token', async () => {
    const seen = await vendomat(`exec accelo hq -- ${process.execPath} -p process.env.ACCELO_TOKEN`)
    expect(seen).toEqual({ code: 0, out: 't1\n', said: '' })
  })

  it('finds the credentials of a profile, by the links of the chain that are loaded for it alone', async () => {
    const file = join(folder, 'credentials')
    writeFileSync(file, '[work]\naws_access_key_id=AKIDPROFILE\naws_secret_access_key=secret\n')
    const environment = { AWS_PROFILE: 'work', AWS_SHARED_CREDENTIALS_FILE: file, AWS_ACCESS_KEY_ID: '' }
    expect((await vendomat('token accelo hq', { environment })).out).toBe('t1\n')
    expect(asked).toMatchObject([{ keyId: 'AKIDPROFILE' }])
  })

  it('prints the contract of the API', async () => {
    expect(JSON.parse((await vendomat('openapi')).out)).toHaveProperty('openapi', '3.1.0')
  })

  it('explains a vendor, and calls nobody for it', async () => {
    const { code, out, said } = await vendomat('vendors zoom')
    expect([code, said, asked]).toEqual([0, '', []])
    expect(out).toMatch(/^Zoom \(zoom\)\n/)
    expect(out).toContain("vendors: ['zoom']")
  })

  it('runs for a token less than half of what is in it: no vendor, and no client of the SDK', async () => {
    const ran = await modulesOf('token accelo hq')
    expect(asked).toHaveLength(1)
    expect(ran).toContain('lib/cli/token.ts')
    expect(ran.filter((path) => HEAVY.test(path))).toEqual([])
    expect(bytesOf(ran) / bytesOf(Object.keys(contents()))).toBeLessThan(0.5)
  })

  it('runs for a rotation what that needs', async () => {
    const ran = await modulesOf('rotate accelo hq --from-file nothing')
    expect(ran).toContain('lib/cli/rotate.ts')
    expect(ran.some((path) => path.includes('@aws-sdk/client-secrets-manager'))).toBe(true)
  })

  it('is what an installed package runs', async () => {
    mkdirSync(join(folder, 'bin'))
    const launcher = join(folder, 'bin', 'vendomat.cjs')
    copyFileSync(join(ROOT, 'bin', 'vendomat.cjs'), launcher)
    expect((await vendomat('token accelo hq', { file: launcher })).out).toBe('t1\n')
  })
})

const HEAVY =
  /^functions\/(vendors\.ts|oauth\/|accelo\/|accessia\/|clearid\/|iobeya\/|netrex\/)|@aws-sdk\/(client|nested-clients)|\/jose\/|lib\/cli\/(connect|consent|rotate|trial|secret-store|doctor|audit)\.ts/

describe('npx vendomat in a checkout', () => {
  it('runs the sources, whatever was built of them', async () => {
    const launcher = join(ROOT, 'bin', 'vendomat.cjs')
    expect((await vendomat('token accelo hq', { file: launcher })).out).toBe('t1\n')
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(join(ROOT, bin.vendomat)).toBe(launcher)
  })
})
