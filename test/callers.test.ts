import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import committed from '../functions/api/openapi.json' with { type: 'json' }
import { MachineUnreachable, tokenSource, VendorUnavailable } from '../lib/client/token-source.ts'
import { type Machine, startMachine } from '../lib/local/machine.ts'
import { openApi } from '../lib/openapi.ts'
import { recordExamples } from './openapi/record.ts'
import { control } from './support/control.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What callers use, against the machine as `npm start` runs it. */
let machine: Machine
let home: string

/** Other programs and whole machines are slow to start where much else runs. */
const LONG_MS = 60_000

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  machine = await startMachine({ port: 0, home, environment: { PATH: process.env.PATH }, say: () => {} })
}, LONG_MS)
afterAll(async () => {
  await machine?.close()
  rmSync(home, { recursive: true })
})

const setting = (name: string): string => machine.environment[name] ?? ''

/** A service of its own, with this machine's address and keys, whose clock can be moved. */
function service(connection: string) {
  let ahead = 0
  const source = tokenSource({
    vendor: 'accelo',
    connection,
    url: setting('VENDOMAT_URL'),
    region: setting('AWS_REGION'),
    credentials: async () => ({
      accessKeyId: setting('AWS_ACCESS_KEY_ID'),
      secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
    }),
    now: () => new Date(Date.now() + ahead * 1000),
  })
  return {
    source,
    advance: (seconds: number) => {
      ahead += seconds
    },
  }
}

const simulator = (path: string) => `${setting('VENDOMAT_SIMULATOR_URL')}/${path}`
const API = 'acme.api.accelo.com/api/v0/tokeninfo'

async function vendor(method: 'GET' | 'POST' | 'DELETE', fault?: object) {
  const answer = await control(setting('VENDOMAT_SIMULATOR_URL'), 'accelo', method, fault)
  return JSON.parse(await answer.text()).calls.byPath['POST /oauth2/v0/token'] ?? {}
}

describe('the client for Node', () => {
  it('gets a thousand callers at once one token, with one call of the vendor', async () => {
    await vendor('DELETE')
    const { source } = service('hq')
    const answers = await Promise.all(Array.from({ length: 1000 }, () => source.getToken()))
    expect(new Set(answers).size).toBe(1)
    expect(await vendor('GET')).toEqual({ 200: 1 })
  })

  it('has a token that the vendor has ended replaced, with one call of the vendor, before its caller hears of it', async () => {
    const { source } = service('hq')
    expect((await source.fetch(simulator(API))).status).toBe(200)
    await vendor('POST', { fault: 'revoke-all' })
    const before = await vendor('GET')
    const answers = await Promise.all(Array.from({ length: 20 }, () => source.fetch(simulator(API))))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(await vendor('GET')).toEqual({ 200: (before[200] ?? 0) + 1 })
  })

  it('says that the vendor is not available, and when to call again', async () => {
    await vendor('POST', { fault: 'status-503', times: -1, retry_after: 30 })
    const error = await service('readonly')
      .source.getToken()
      .catch((error: unknown) => error)
    await vendor('DELETE')
    expect(error).toBeInstanceOf(VendorUnavailable)
    expect((error as VendorUnavailable).retryAfterSeconds).toBeGreaterThan(0)
  })
})

describe('the recipe for', () => {
  const recipes = readFileSync(join(ROOT, 'lib/client/README.md'), 'utf8')
  /** The blocks of one language under a heading, as they stand there. */
  const blocksOf = (heading: string, language: string): string[] => {
    const [, section = ''] = recipes.split(`\n## ${heading}\n`)
    const [own = ''] = section.split('\n## ')
    return [...own.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)
  }
  const isHere = (program: string, ...parameters: string[]) => spawnSync(program, parameters).status === 0
  const where = (here: boolean) => (here ? it : it.skip)

  /** Runs a program as somebody would who has set what `npm start` says. */
  async function run(program: string, parameters: readonly string[], cwd = home): Promise<string> {
    const env = { ...machine.environment, PATH: process.env.PATH, HOME: home, CHECKPOINT_DISABLE: '1' }
    const { stdout } = await promisify(execFile)(program, parameters, { cwd, env })
    return stdout
  }
  const token = () => service('hq').source.getToken()

  /** Runs what a block of TypeScript says, `more` behind it, with the vendor simulated. */
  async function runNode(block: string, more: string): Promise<string> {
    const simulated = `const real = globalThis.fetch
globalThis.fetch = (input, init) =>
  real(String(input).replace('https://', () => \`\${process.env.VENDOMAT_SIMULATOR_URL}/\`), init)
`
    const source = pathToFileURL(join(ROOT, 'lib/client/token-source.ts')).href
    const file = join(home, `recipe-${randomUUID()}.mts`)
    // Imports are done before what stands above them.
    writeFileSync(file, `${block.replace("'vendomat'", `'${source}'`)}\n${more}\n`)
    writeFileSync(join(home, 'simulated.mjs'), simulated)
    const preload = pathToFileURL(join(home, 'simulated.mjs')).href
    return run(process.execPath, ['--import', preload, '--import', 'tsx', file], ROOT)
  }

  it(
    'Node calls the vendor with a token',
    async () => {
      const [block = ''] = blocksOf('Node', 'ts')
      expect(await runNode(block, 'console.log(answer.status)')).toBe('200\n')
    },
    LONG_MS,
  )

  it(
    'a Lambda in another account does so too',
    async () => {
      const [block = ''] = blocksOf('A Lambda in another account', 'ts')
      expect(await runNode(block, 'console.log(JSON.stringify(await handler()))')).toBe('{"status":200}\n')
    },
    LONG_MS,
  )

  where(isHere('jq', '--version'))(
    'a shell prints the token (needs jq)',
    async () => {
      const [block = ''] = blocksOf('Shell', 'sh')
      expect(await run('sh', ['-c', block])).toBe(`${await token()}\n`)
    },
    LONG_MS,
  )

  where(isHere('python3', '-c', 'import botocore'))(
    'Python prints the token (needs botocore)',
    async () => {
      const [block = ''] = blocksOf('Python', 'python')
      expect(await run('python3', ['-c', block])).toBe(`${await token()}\n`)
    },
    LONG_MS,
  )

  where(isHere('gofmt', '-h'))(
    'Go is Go (needs gofmt; it is not compiled, as its modules are not here)',
    async () => {
      const [block = ''] = blocksOf('Go', 'go')
      const file = join(home, 'main.go')
      writeFileSync(file, block)
      expect(await run('gofmt', ['-l', file])).toBe('')
    },
    LONG_MS,
  )

  where(hasEphemeral())(
    'Terraform has the token in its plan and in no file of its own (needs Terraform 1.10)',
    async () => {
      const folder = join(home, 'terraform')
      mkdirSync(folder)
      const [block = ''] = blocksOf('Terraform', 'hcl')
      writeFileSync(join(folder, 'main.tf'), `${block}\nresource "terraform_data" "made" {\n  input = 1\n}\n`)
      await run('terraform', ['init', '-no-color'], folder)
      const [line = ''] = blocksOf('Terraform', 'sh')
      const vendomat = [
        process.execPath,
        '--import',
        join(ROOT, 'node_modules/tsx/dist/loader.mjs'),
        join(ROOT, 'bin/vendomat.ts'),
      ]
      const command = `${line.trim().replace('npx vendomat', vendomat.join(' ')).replace(' plan', ' apply -auto-approve')}`
      expect(await run('sh', ['-c', command], folder)).toContain('1 added')
      const written = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('tfstate'),
      )
      expect(written).toEqual(['terraform.tfstate'])
      expect(readFileSync(join(folder, 'terraform.tfstate'), 'utf8')).not.toContain(await token())
    },
    LONG_MS,
  )

  function hasEphemeral(): boolean {
    const { stdout = '' } = spawnSync('terraform', ['version', '-json'], {
      encoding: 'utf8',
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    })
    const [, major = 0, minor = 0] = /"terraform_version": "(\d+)\.(\d+)/.exec(stdout) ?? []
    return Number(major) > 1 || Number(minor) >= 10
  }
})

describe('the OpenAPI document', () => {
  /** The names of all members, with the kinds of their values: what stays the same from one recording to the next. */
  const shapeOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
    if (typeof value !== 'object' || value === null) return typeof value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]))
  }

  it(
    'has the answers of this machine for its examples',
    async () => {
      const document = openApi(await recordExamples(machine.environment))
      expect(shapeOf(document)).toEqual(shapeOf(committed))
    },
    LONG_MS,
  )
})

// The last: the machine is gone afterwards.
describe('without the machine', () => {
  it('the client lives on its token until that ends', async () => {
    const { source, advance } = service('hq')
    const token = await source.getToken()
    await machine.close()
    advance(23 * 3600)
    expect(await source.getToken()).toBe(token)
    expect((await source.fetch('data:,ok')).status).toBe(200)
    advance(3600)
    await expect(source.getToken()).rejects.toBeInstanceOf(MachineUnreachable)
  })
})
