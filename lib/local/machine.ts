import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startAwsEndpoints } from './aws-endpoints.ts'
import { machineClock } from './clock.ts'
import { clockControl } from './clock-control.ts'
import { readDeployment, resolve } from './deployment.ts'
import { type FunctionPool, functionPool } from './function-pool.ts'
import { startGateway } from './gateway.ts'
import type { Loopback } from './loopback.ts'
import { noticeBoard } from './notice-board.ts'
import { seed } from './seed.ts'
import { startSimulators } from './simulators.ts'
import { timetable } from './timetable.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ACCOUNT = '000000000000'
const REGION = 'eu-west-1'
/** The most processes of one function: more than one, so that the lease between them is used. */
const CONCURRENCY = 4
const MINUTE_MS = 60_000

/** On Node 20 the SDK would warn in every log that it will want a later version. */
const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }

export interface MachineOptions {
  /** Of the gateway; the AWS endpoints and the simulators take the two after it. 0: any. */
  readonly port: number
  /** Where it keeps what it writes: the assembly, logs, notices, and `env` for shells. @default '.local' */
  readonly home?: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly say: (line: string) => void
}

export interface Machine {
  readonly environment: Readonly<Record<string, string>>
  readonly banner: string
  /** By name: `vendomat-accelo`. */
  readonly functions: ReadonlyMap<string, FunctionPool>
  close(): Promise<void>
}

/** Synthesises the stack and runs what it would deploy: the same bundles behind the same routes. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { port, home = join(ROOT, '.local'), environment, say } = options
  const beside = (offset: number) => (port === 0 ? 0 : port + offset)
  say('building the handlers as they would be deployed ...')
  mkdirSync(join(home, 'logs'), { recursive: true })
  const assembly = join(home, `cdk.out.${port === 0 ? process.pid : port}`)
  const clock = machineClock()
  const notices = noticeBoard(join(home, 'notices'), clock, say)
  const [deployment, aws] = await Promise.all([
    synthesise(assembly, environment).then(() => readDeployment(assembly)),
    orOutside('AWS_ENDPOINT_URL', options, () =>
      startAwsEndpoints({
        port: beside(1),
        region: REGION,
        accountId: ACCOUNT,
        now: clock.now,
        onNotice: notices.publish,
        onEvent: notices.record,
      }),
    ),
  ])
  const functions = new Map<string, FunctionPool>()
  const schedules = timetable({
    schedules: deployment.schedules,
    clock,
    call: async ({ functionId, event }) => (await functions.get(functionId)?.invoke(event, randomUUID())) !== undefined,
  })
  const controlled = { clock, timetable: schedules, mails: notices.mails }
  const simulators = await orOutside('VENDOMAT_SIMULATOR_URL', options, () =>
    startSimulators({ port: beside(2), now: clock.now, clock: clockControl(controlled) }),
  )
  const credentials = {
    accessKeyId: `AKIALOCAL${randomBytes(6).toString('hex').toUpperCase().slice(0, 11)}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  const seeded = await seed(deployment, { endpoint: aws.url, region: REGION, credentials }, clock.now())

  const shared = {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL: aws.url,
    VENDOMAT_SIMULATOR_URL: simulators.url,
  }
  for (const { id, name, bundle, timeoutSeconds, environment: declared } of deployment.functions) {
    const own = Object.entries(declared).flatMap(([key, value]) => {
      const resolved = resolve(value, seeded.resources)
      return resolved === undefined ? [] : [[key, resolved]]
    })
    const logFile = join(home, 'logs', `${name}.log`)
    const shape = { name, bundle, timeoutSeconds, logFile, concurrency: CONCURRENCY, aheadMs: () => clock.aheadMs }
    const environment = { ...Object.fromEntries(own), ...shared, ...QUIET }
    functions.set(id, functionPool({ ...shape, environment }))
  }
  const gateway = await startGateway({
    ...deployment,
    port,
    region: REGION,
    accountId: ACCOUNT,
    credentials,
    functions,
  })

  const minutes = setInterval(schedules.tick, MINUTE_MS)

  const forShells = { VENDOMAT_URL: `${gateway.url}/${deployment.stage}`, ...shared }
  writeEnvironment(home, port, forShells)
  return {
    environment: forShells,
    banner: banner(forShells, seeded.connections),
    functions: new Map(
      deployment.functions.flatMap(({ id, name }) => {
        const pool = functions.get(id)
        return pool ? [[name, pool]] : []
      }),
    ),
    async close() {
      clearInterval(minutes)
      schedules.stop()
      for (const pool of functions.values()) pool.close()
      await Promise.all([gateway.close(), aws.close(), simulators.close()])
      rmSync(assembly, { recursive: true, force: true })
    },
  }
}

/**
 * Runs the CDK app as its command line would, which hands it the flags of cdk.json. The rules of CloudFormation, which take
 * half of the time, are for what is deployed.
 */
async function synthesise(assembly: string, environment: MachineOptions['environment']): Promise<void> {
  const { context = {} } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'))
  rmSync(assembly, { recursive: true, force: true })
  const env = {
    CDK_VALIDATION: 'false',
    ...environment,
    CDK_OUTDIR: assembly,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  }
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bin/app.ts'], { cwd: ROOT, env })
}

/** An address in the environment replaces ours, unless an earlier run of ours left it in the shell. */
async function orOutside(
  name: string,
  { environment, home = join(ROOT, '.local') }: MachineOptions,
  start: () => Promise<Loopback>,
): Promise<Loopback> {
  const outside = environment[name]
  if (!outside || leftByUs(home, `${name}=${outside}`)) return start()
  return { url: outside.replace(/\/+$/, ''), close: async () => {} }
}

const leftByUs = (home: string, setting: string): boolean =>
  readdirSync(home)
    .filter((name) => name.startsWith('env'))
    .some((name) => readFileSync(join(home, name), 'utf8').includes(`${setting}\n`))

/** `env` is that of the machine started last; each has a file of its own beside it. */
function writeEnvironment(home: string, port: number, settings: Readonly<Record<string, string>>): void {
  const text = Object.entries(settings)
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join('')
  for (const name of ['env', `env.${port}`]) writeFileSync(join(home, name), text, { mode: 0o600 })
}

function banner(environment: Readonly<Record<string, string>>, connections: readonly string[]): string {
  const curl = `curl --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`
  return `
Vendomat is running on this machine, with simulated vendors and no AWS account.

  machine      ${environment.VENDOMAT_URL}
  AWS          ${environment.AWS_ENDPOINT_URL}   (table, secrets, keys, mail, events)
  vendors      ${environment.VENDOMAT_SIMULATOR_URL}
  connections  ${connections.join('  ')}
  logs         .local/logs/
  notices      .local/notices/

In another shell, in this folder:

  . .local/env
  ${curl} "$VENDOMAT_URL/tokens/accelo/hq"
  npx vendomat token accessia main

Make a vendor fail, look at its calls, put it right:

  curl -X POST "$VENDOMAT_SIMULATOR_URL/_control/accelo" -d '{"fault":"status-500","times":3}'
  curl "$VENDOMAT_SIMULATOR_URL/_control/accelo"
  curl -X DELETE "$VENDOMAT_SIMULATOR_URL/_control/accelo"

Move the machine and its vendors on in time (45s, 10m, 12h, 30d, 1y), and read what people would have been mailed:

  curl -X POST "$VENDOMAT_SIMULATOR_URL/_control/clock" -d '{"advance":"30d"}'
  curl "$VENDOMAT_SIMULATOR_URL/_control/clock"
  ls .local/notices/
`
}
