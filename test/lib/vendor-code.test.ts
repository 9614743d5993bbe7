import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { App } from 'aws-cdk-lib'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import type { Start } from '../../lib/start-bytes.ts'
import { VendingStack } from '../../lib/vending-stack.ts'
import { bundleFunction, bundleOwnVendor } from '../../lib/vendor-code.ts'

const ids = Object.keys(vendors)
const FUNCTIONS = fileURLToPath(new URL('../../functions', import.meta.url))
const starts = new Map<string, Start>()
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bundles-'))
  for (const id of ids) starts.set(id, bundleFunction(`${id}/handler`, join(root, id)))
}, 30_000)
afterAll(() => rmSync(root, { recursive: true }))

const file = (id: string) => join(root, id, 'index.cjs')
const filesOf = (id: string) => readdirSync(join(root, id)).map((name) => join(root, id, name))
const text = (id: string) =>
  filesOf(id)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')

const environment = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDLOCAL',
  AWS_SECRET_ACCESS_KEY: 'local',
  VENDOMAT_TABLE: 'tokens',
  VENDOMAT_ENVELOPE_KEY: 'key',
  NODE_NO_WARNINGS: '1',
}

describe.each(ids)('the bundle of %s', (id) => {
  it('is of less than 600 KB, and parses at its start what it says it does', () => {
    const sizes = filesOf(id).map((path) => statSync(path).size)
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(600_000)
    const program = `require(process.argv[1])
      process.stdout.write(String(Object.keys(require.cache).reduce((sum, file) => sum + require('fs').statSync(file).size, 0)))`
    const parsed = Number(execFileSync(process.execPath, ['-e', program, file(id)], { env: environment }))
    // CommonJS of a chunk is a little longer than the ES module that was counted.
    expect(parsed / (starts.get(id)?.bytes ?? 0)).toBeCloseTo(1.04, 1)
  })

  it('loads no client of the SDK, no schema, no JOSE, no notice and no vendor before they are needed', () => {
    const names = starts.get(id)?.parts.map(([name]) => name) ?? []
    expect(names).toContain('functions/core')
    const late = /^(zod|jose|@aws-sdk\/.*|functions\/(oauth|notices|keeper|consent))$/
    expect(names.filter((name) => late.test(name))).toEqual([])
  })

  it('has the steps for people in it, but not in what it parses before it answers', () => {
    const { rotation }: Vendor = vendors[id as keyof typeof vendors]
    // Quotes inside are written as the bundler likes.
    const [words = ''] = rotation.before.flatMap((step) => step.split('"')).filter(({ length }) => length > 20)
    const holds = (path: string) => readFileSync(path, 'utf8').includes(words)
    const program = `require(process.argv[1])
      process.stdout.write(JSON.stringify(Object.keys(require.cache)))`
    const parsed: string[] = JSON.parse(
      execFileSync(process.execPath, ['-e', program, file(id)], { env: environment, encoding: 'utf8' }),
    )
    expect(filesOf(id).some(holds)).toBe(true)
    expect(parsed.filter(holds)).toEqual([])
  })

  it('is CommonJS and exports a handler', () => {
    const program = 'process.stdout.write(typeof require(process.argv[1]).handler)'
    const ran = execFileSync(process.execPath, ['-e', program, file(id)], { env: environment, encoding: 'utf8' })
    expect(ran).toBe('function')
  })

  it('is the same, byte for byte, each time', () => {
    bundleFunction(`${id}/handler`, join(root, `${id}-again`))
    const digests = (folder: string) => filesOf(folder).map((path) => digestOf(path))
    expect(digests(`${id}-again`)).toEqual(digests(id))
  })

  it('does not start with simulated vendors inside Lambda', () => {
    const env = { ...environment, AWS_LAMBDA_FUNCTION_NAME: id, VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1:1' }
    const load = () => execFileSync(process.execPath, [file(id)], { env, encoding: 'utf8', stdio: 'pipe' })
    // Node shows the line of the bundle at which it ended, which has all texts in it, but not put together.
    expect(load).toThrow('Error: VENDOMAT_SIMULATOR_URL is for laptops; it is refused inside Lambda')
  })

  it('holds no CDK, no simulator and of the credential chain only the environment', () => {
    expect(text(id)).not.toMatch(/aws-cdk-lib|_control|fromSSO|fromTokenFile|credential_process/)
  })

  it('is the vendor’s own: no other vendor’s host is in it', () => {
    const hostsOf = (vendorId: string) => vendors[vendorId as keyof typeof vendors].hosts.map((host) => `"${host}"`)
    expect(hostsOf(id).every((host) => text(id).includes(host))).toBe(true)
    const others = ids.filter((other) => other !== id).flatMap(hostsOf)
    expect(others.filter((host) => text(id).includes(host))).toEqual([])
  })
})

const digestOf = (path: string) =>
  createHash('sha256')
    .update(path.split('/').at(-1) ?? '')
    .update(readFileSync(path))
    .digest('hex')

it('a function that would parse too much at its start is not built, and what is heavy is named', () => {
  const source = join(root, 'heavy.ts')
  const clients = JSON.stringify(join(FUNCTIONS, 'aws', 'channels.ts'))
  const own = JSON.stringify(join(FUNCTIONS, 'accelo', 'handler.ts'))
  writeFileSync(source, `export { handler } from ${own}\nexport { openChannels } from ${clients}\n`)
  const build = () => bundleFunction('accelo/handler', join(root, 'heavy'), source)
  expect(build).toThrow(/accelo\/handler parses \d{3} KB before it answers: .*@aws-sdk\/client-.* KB.*at most 180 KB/)
})

it('a part that cannot be loaded is an answer, and the next call is answered too', () => {
  const folder = join(root, 'without-ports')
  bundleFunction('accelo/handler', folder)
  for (const path of filesOf('without-ports')) if (path.includes('/ports-')) unlinkSync(path)
  const program = `
    const { handler } = require(process.argv[1])
    const event = { httpMethod: 'GET', resource: '/tokens/accelo/{connection}', path: '/tokens/accelo/hq',
      pathParameters: { connection: 'hq' }, body: null,
      requestContext: { requestId: 'r', identity: { userArn: 'arn:aws:iam::111122223333:user/ada' } } }
    const call = () => handler(event, { getRemainingTimeInMillis: () => 9000 })
    call().then(async (first) => process.stdout.write(JSON.stringify([first.statusCode, (await call()).statusCode])))`
  const env = { ...environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }
  const run = ['-e', program, join(folder, 'index.cjs')]
  const said = execFileSync(process.execPath, run, { env, encoding: 'utf8', stdio: 'pipe' })
  expect(said).toContain('"outcome":"internal"')
  expect(said).toMatch(/\[500,500\]$/)
})

describe('a vendor of one’s own', () => {
  const SOURCE = `
    import { defineVendor, secret } from 'vendomat/cdk'
    export const acme = defineVendor({ credentials: secret, id: 'acme', issue: () => { throw new Error('at Acme') } })
    export const url = import.meta.url`

  /** A vendor whose module is in a folder of its own; it is called as an app would call it. */
  function own(folder: string, source = SOURCE) {
    mkdirSync(join(root, folder))
    writeFileSync(join(root, folder, 'vendor.ts'), source)
    const { netrex } = vendors
    return { ...netrex, id: 'acme', title: 'Acme', module: pathToFileURL(join(root, folder, 'vendor.ts')).href }
  }

  it('is bundled from its module, without the CDK, and loaded when it is needed', () => {
    const { bytes } = bundleOwnVendor(own('acme'), 'handler', join(root, 'acme-handler'))
    const ours = starts.get('accelo')?.bytes ?? 0
    expect(Math.abs(bytes - ours)).toBeLessThan(1000)
    expect(text('acme-handler')).toContain('at Acme')
    expect(text('acme-handler')).not.toContain('aws-cdk-lib')
    expect(readFileSync(file('acme-handler'), 'utf8')).not.toContain('at Acme')
    const program = 'process.stdout.write(typeof require(process.argv[1]).handler)'
    const run = ['-e', program, file('acme-handler')]
    expect(execFileSync(process.execPath, run, { env: environment, encoding: 'utf8' })).toBe('function')
  })

  it('has a function that exchanges codes, and may be named by its path', () => {
    const vendor = own('path')
    bundleOwnVendor({ ...vendor, module: fileURLToPath(vendor.module) }, 'exchange', join(root, 'path-exchange'))
    expect(text('path-exchange')).toContain('at Acme')
  })

  it('is the same, byte for byte, from another folder', () => {
    bundleOwnVendor(own('one'), 'handler', join(root, 'one-handler'))
    bundleOwnVendor(own('two'), 'handler', join(root, 'two-handler'))
    const digests = (folder: string) => filesOf(folder).map(digestOf)
    expect(digests('two-handler')).toEqual(digests('one-handler'))
  })

  it.each(['handler', 'exchange'] as const)('is exported by its id, or its %s is not built', (entry) => {
    const elsewhere = own(`no-${entry}`, SOURCE.replace('const acme', 'const ajax'))
    const out = join(root, `no-${entry}-out`)
    expect(() => bundleOwnVendor(elsewhere, entry, out)).toThrow(/vendor\.ts.*acme|acme.*vendor\.ts/)
  })

  it('that names no module is not taken for one of ours', () => {
    const acme = { ...vendors.netrex, id: 'acme' }
    const stack = () => new VendingStack(new App({ outdir: join(root, 'cdk.out') }), 'Vendomat', { vendors: [acme] })
    expect(stack).toThrow("there is no function acme/handler: a vendor of one's own names its module")
  })
})
