import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vendors } from '../../functions/vendors.ts'
import { bundleFunction } from '../../lib/vendor-code.ts'

const ids = Object.keys(vendors)
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bundles-'))
  for (const id of ids) bundleFunction(`${id}/handler`, join(root, id))
}, 30_000)
afterAll(() => rmSync(root, { recursive: true }))

const file = (id: string) => join(root, id, 'index.cjs')
const text = (id: string) => readFileSync(file(id), 'utf8')

describe.each(ids)('the bundle of %s', (id) => {
  it('is one file of less than 500 KB', () => {
    expect(readdirSync(join(root, id))).toEqual(['index.cjs'])
    expect(statSync(file(id)).size).toBeLessThan(500_000)
  })

  it('is CommonJS and exports a handler', () => {
    const program = 'process.stdout.write(typeof require(process.argv[1]).handler)'
    const env = {
      AWS_REGION: 'eu-west-1',
      VENDOMAT_TABLE: 'tokens',
      VENDOMAT_ENVELOPE_KEY: 'key',
      NODE_NO_WARNINGS: '1',
    }
    expect(execFileSync(process.execPath, ['-e', program, file(id)], { env, encoding: 'utf8' })).toBe('function')
  })

  it('does not start with simulated vendors inside Lambda', () => {
    const env = { AWS_LAMBDA_FUNCTION_NAME: id, VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1:1', NODE_NO_WARNINGS: '1' }
    const load = () => execFileSync(process.execPath, [file(id)], { env, encoding: 'utf8', stdio: 'pipe' })
    expect(load).toThrow('refused inside Lambda')
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
