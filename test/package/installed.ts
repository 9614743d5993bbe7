/**
 * `npm run test:package`: the package as a person meets it. It is packed, installed into empty folders, and used by its three
 * entries and its command. Run on demand, because what it is installed beside comes from npm.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { App } from 'aws-cdk-lib'
import { ROUTES } from '../../functions/api/routes.ts'
import { type Loopback, listenOnLoopback } from '../../lib/local/loopback.ts'
import { type Machine, startMachine } from '../../lib/local/machine.ts'
import { VendingStack, type VendingStackProps } from '../../lib/vending-stack.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
const { version, devDependencies } = json(join(ROOT, 'package.json'))
const { context } = json(join(ROOT, 'cdk.json'))
/** What a person's app has beside it, in the versions of this checkout. */
const BESIDE = ['aws-cdk-lib', 'constructs', 'esbuild', 'zod', 'typescript', 'tsx', '@types/node']
const versions: Readonly<Record<string, string>> = {
  ...json(join(ROOT, 'package.json')).dependencies,
  ...devDependencies,
}

let folder: string
/** A service that calls vendors, and a CDK app. */
let service: string
let app: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vendomat-package-'))
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: ROOT, stdio: 'pipe' })
  service = project('service', [])
  app = project(
    'app',
    BESIDE.map((name) => `${name}@${versions[name]}`),
  )
  cpSync(join(ROOT, 'test', 'package', 'app'), app, { recursive: true })
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }))

/** An empty project that the package is installed into, and nothing of it run on the way. */
function project(name: string, beside: readonly string[]): string {
  const root = join(folder, name)
  mkdirSync(root)
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }))
  const archive = join(folder, `vendomat-${version}.tgz`)
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', ['install', ...quiet, archive, ...beside], { cwd: root, stdio: 'pipe' })
  return root
}

const run = (cwd: string, command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' })

describe('who calls vendors', () => {
  it('has the client, and nothing of the CDK, of the functions or of what builds them', () => {
    const program = "import('vendomat').then(({ tokenSource }) => process.stdout.write(typeof tokenSource))"
    expect(run(service, process.execPath, '-e', program)).toBe('function')
    const folders = readdirSync(join(service, 'node_modules')).filter((name) => !name.startsWith('.'))
    // @aws, @smithy and the two others come with every client of the AWS SDK.
    expect(folders).toEqual(['@aws', '@aws-sdk', '@smithy', 'bowser', 'tslib', 'vendomat'])
  })

  it('runs the command line', () => {
    expect(run(service, 'npx', 'vendomat', '--version').trim()).toBe(`vendomat ${version}`)
  })
})

describe('a CDK app', () => {
  it.each(['vendomat/cdk', 'vendomat/vendor'])('may be of CommonJS: %s is required too', (entry) => {
    expect(run(app, process.execPath, '-p', `typeof require('${entry}').defineVendor`).trim()).toBe('function')
  })

  const synthesise = (file: string): string => {
    const out = join(app, file.replace('.ts', '.out'))
    const env = { ...process.env, CDK_OUTDIR: out, CDK_CONTEXT_JSON: JSON.stringify(context), CDK_VALIDATION: 'false' }
    execFileSync('npx', ['tsx', file], { cwd: app, env, stdio: 'pipe' })
    return out
  }
  const templateIn = (out: string) => json(join(out, 'Vendomat.template.json'))
  const filesIn = (out: string) =>
    readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.cjs'))

  it('finds types in each entry, and a mistake by them', () => {
    const faults = () => spawnSync('npx', ['tsc'], { cwd: app, encoding: 'utf8' }).stdout
    expect(faults()).toBe('')
    const wrong = readFileSync(join(app, 'acme.ts'), 'utf8').replace("storage: 'table'", "storage: 'disk'")
    writeFileSync(join(app, 'wrong.ts'), wrong)
    expect(faults()).toContain('wrong.ts')
    rmSync(join(app, 'wrong.ts'))
  }, 120_000)

  const DESCRIBED: VendingStackProps = {
    vendors: ['zoom'],
    oauthVendors: {
      acme: {
        title: 'Acme',
        hosts: ['acme.example'],
        grant: 'authorization_code',
        clientAuthentication: 'client_secret_post',
        issuer: 'https://login.acme.example',
      },
    },
    hostedCallback: true,
  }

  it.each<[string, VendingStackProps, number]>([
    ['five.ts', {}, 5],
    ['described.ts', DESCRIBED, 2],
  ])(
    'has the template and the functions of a checkout, byte for byte: %s',
    (file, settings, least) => {
      const installed = synthesise(file)
      const outdir = join(folder, `checkout-${file}.out`)
      const here = new App({ outdir, context, analyticsReporting: false, builtinCloudFormationValidation: false })
      new VendingStack(here, 'Vendomat', settings)
      here.synth()
      expect(templateIn(installed)).toEqual(templateIn(outdir))
      expect(filesIn(installed).length).toBeGreaterThan(least)
      expect(filesIn(installed)).toEqual(filesIn(outdir))
      for (const file of filesIn(installed))
        expect(readFileSync(join(installed, file)).equals(readFileSync(join(outdir, file)))).toBe(true)
    },
    120_000,
  )

  describe('with a vendor of its own', () => {
    let out: string
    let machine: Machine
    let acme: Loopback
    const seen: string[] = []

    beforeAll(async () => {
      out = synthesise('app.ts')
      acme = await listenOnLoopback(0, (request, response) => {
        seen.push(`${request.method} ${request.url}`)
        const isRight = request.headers.authorization === `Basic ${btoa('vendomat:right')}`
        response.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' })
        const token = { access_token: 'acme-token-1', token_type: 'Bearer', expires_in: 3600 }
        response.end(JSON.stringify(isRight ? token : { error: 'invalid_client' }))
      })
      const environment = { PATH: process.env.PATH, VENDOMAT_SIMULATOR_URL: acme.url }
      machine = await startMachine({ port: 0, home: join(folder, 'home'), assembly: out, environment, say: () => {} })
      for (const [name, client_secret] of Object.entries({ hq: 'right', other: 'wrong' }))
        await store(`vendomat/acme/${name}`, { client_id: 'vendomat', client_secret })
    }, 120_000)
    afterAll(async () => {
      await machine?.close()
      await acme?.close()
    })

    const setting = (name: string) => machine.environment[name] ?? ''

    async function store(Name: string, document: object): Promise<void> {
      const credentials = {
        accessKeyId: setting('AWS_ACCESS_KEY_ID'),
        secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
      }
      const client = new SecretsManagerClient({
        endpoint: setting('AWS_ENDPOINT_URL'),
        region: 'eu-west-1',
        credentials,
      })
      await client.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(document) }))
      client.destroy()
    }

    const token = async (connection: string): Promise<string> => {
      const env = { PATH: process.env.PATH, ...machine.environment }
      const { stdout } = await promisify(execFile)('npx', ['tsx', 'call.ts', connection], { cwd: app, env })
      return stdout.trim()
    }

    it('has a function, role, routes, schedules, alarms and a row of the dashboard for it', () => {
      const resources = (from: string) => Object.entries<{ Type: string }>(templateIn(from).Resources)
      const five = resources(join(app, 'five.out')).map(([id]) => id)
      const more: Record<string, number> = {}
      for (const [id, { Type }] of resources(out)) if (!five.includes(id)) more[Type] = (more[Type] ?? 0) + 1
      expect(more).toMatchObject({
        'AWS::Lambda::Function': 1,
        'AWS::IAM::Role': 2,
        'AWS::Scheduler::Schedule': 2,
        'AWS::Logs::LogGroup': 1,
        // It needs no consent.
        'AWS::ApiGateway::Method': Object.keys(ROUTES).length - 1,
        'AWS::CloudWatch::Alarm': 5,
      })
      const [dashboard] = resources(out).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Dashboard')
      expect(JSON.stringify(dashboard)).toContain('## Acme')
    })

    it('vends its tokens through the installed client', async () => {
      expect(await token('hq')).toBe('acme-token-1')
      expect(seen).toEqual(['POST /api.acme.example/oauth/token'])
    }, 60_000)

    it('says what to do where there is none', async () => {
      await expect(token('other')).rejects.toThrow('credential_rejected')
      await expect(token('nobody')).rejects.toThrow('unknown_connection')
    }, 60_000)
  })
})
