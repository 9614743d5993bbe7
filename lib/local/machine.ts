import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startAwsEndpoints } from './aws-endpoints.ts'
import { banner } from './banner.ts'
import { machineClock, rfc3339 } from './clock.ts'
import { clockControl } from './clock-control.ts'
import { readDeployment, resolve } from './deployment.ts'
import { describedVendors } from './described-vendors.ts'
import { type FunctionPool, functionPool } from './function-pool.ts'
import { startGateway } from './gateway.ts'
import { ensureFree, type Loopback } from './loopback.ts'
import { noticeBoard } from './notice-board.ts'
import { seed } from './seed.ts'
import {
  builtIn,
  ENDPOINTS,
  type Environment,
  ensureLaptop,
  outsideAddress,
  SIMULATORS,
  whose,
  writeEnvironment,
} from './shell-environment.ts'
import { simulatedVendors } from './simulated-vendors.ts'
import { startSimulators } from './simulators.ts'
import { synthesise } from './synthesis.ts'
import type { Terminal } from './terminal.ts'
import { timetable } from './timetable.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ACCOUNT = '000000000000'
const REGION = 'eu-west-1'
/** The most processes of one function: more than one, so that the lease between them is used. */
const CONCURRENCY = 4
const MINUTE_MS = 60_000

/** On Node 20 the SDK would warn in every log that it will want a later version. */
const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }

export interface MachineOptions extends Terminal {
  /** Of the gateway; the AWS endpoints and the simulators take the two after it. 0: any. */
  readonly port: number
  /** Where it keeps what it writes: the assembly, logs, notices, and `env` for shells. @default '.local' */
  readonly home?: string
  readonly environment: Environment
  /** What another app has synthesised, which is left as it is. @default that of bin/app.ts, made anew */
  readonly assembly?: string
  /** Ends a start that is under way, which rejects and leaves nothing behind. */
  readonly stop?: AbortSignal
}

export interface Machine {
  readonly environment: Readonly<Record<string, string>>
  readonly banner: string
  /** By name: `vendomat-accelo`. */
  readonly functions: ReadonlyMap<string, FunctionPool>
  /** Ends all of it: nothing listens and no function has a process when it resolves, or a moment later. */
  close(): Promise<void>
}

/** Synthesises the stack and runs what it would deploy: the same bundles behind the same routes. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const opened: (() => unknown)[] = []
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end()
  }
  try {
    return { ...(await open(options, (end) => opened.push(end))), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** `later` is handed what undoes each step. */
async function open(options: MachineOptions, later: (end: () => unknown) => void): Promise<Omit<Machine, 'close'>> {
  const { port, home = join(ROOT, '.local'), environment, say, progress, stop } = options
  ensureLaptop(environment)
  const beside = (offset: number) => (port === 0 ? 0 : port + offset)
  const outside = { aws: outsideAddress(ENDPOINTS, environment), simulators: outsideAddress(SIMULATORS, environment) }
  await ensureFree([port, ...(outside.aws ? [] : [beside(1)]), ...(outside.simulators ? [] : [beside(2)])])
  say(whose(environment))
  if (options.assembly === undefined) say('building the handlers as they would be deployed ...')
  mkdirSync(join(home, 'logs'), { recursive: true })
  const assembly = options.assembly ?? join(home, `cdk.out.${port === 0 ? process.pid : port}`)
  const clock = machineClock()
  const notices = noticeBoard(join(home, 'notices'), clock, say)
  /** By name, as a person calls one. */
  const named = new Map<string, FunctionPool>()
  const own: string[] = []
  /** An address of a person's, or what is opened here in its place. */
  async function urlOf(address: string | undefined, start: () => Promise<Loopback>): Promise<string> {
    if (address !== undefined) return address
    const { url, close } = await start()
    later(close)
    own.push(url)
    return url
  }
  const awsUrl = await urlOf(outside.aws, () =>
    startAwsEndpoints({
      port: beside(1),
      region: REGION,
      accountId: ACCOUNT,
      now: clock.now,
      onNotice: notices.publish,
      onEvent: notices.record,
      functions: named,
    }),
  )
  if (options.assembly === undefined) {
    later(() => rmSync(assembly, { recursive: true, force: true, maxRetries: 3 }))
    await synthesise({ assembly, environment, stop, ...(progress && { progress }) })
  }
  const deployment = readDeployment(assembly)
  const described = describedVendors(deployment.functions)
  const coded = [...(await simulatedVendors())].filter(([id]) => deployment.vendors.includes(id))
  const vendors = new Map([...coded, ...described])
  const functions = new Map<string, FunctionPool>()
  const schedules = timetable({
    schedules: deployment.schedules,
    clock,
    call: async ({ functionId, event }) => (await functions.get(functionId)?.invoke(event, randomUUID())) !== undefined,
    ...(progress && { onWay: (part) => progress(part < 1 ? onItsWay(part, clock.now()) : '') }),
  })
  const controlled = { clock, timetable: schedules, mails: notices.mails }
  const simulatorUrl = await urlOf(outside.simulators, () =>
    startSimulators({ port: beside(2), now: clock.now, clock: clockControl(controlled), vendors }),
  )
  const credentials = {
    accessKeyId: `AKIALOCAL${randomBytes(6).toString('hex').toUpperCase().slice(0, 11)}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  const client = { endpoint: awsUrl, region: REGION, credentials }
  const seeded = await seed({ deployment, vendors, client, now: clock.now() }).catch((error) => {
    if (!outside.aws) throw error
    throw new Error(`${ENDPOINTS.name}=${outside.aws} cannot be set up: ${error.message}`, { cause: error })
  })

  const shared = {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL: awsUrl,
    VENDOMAT_SIMULATOR_URL: simulatorUrl,
  }
  for (const { id, name, bundle, timeoutSeconds, environment: declared } of deployment.functions) {
    const given = Object.entries(declared).flatMap(([key, value]) => {
      const resolved = resolve(value, seeded.resources)
      return resolved === undefined ? [] : [[key, resolved]]
    })
    const logFile = join(home, 'logs', `${name}.log`)
    const shape = { name, bundle, timeoutSeconds, logFile, concurrency: CONCURRENCY, aheadMs: () => clock.aheadMs }
    const pool = functionPool({ ...shape, environment: { ...Object.fromEntries(given), ...shared, ...QUIET } })
    later(pool.close)
    functions.set(id, pool)
    named.set(name, pool)
  }
  const gateway = await startGateway({
    ...deployment,
    port,
    region: REGION,
    accountId: ACCOUNT,
    credentials,
    functions,
  })
  later(gateway.close)

  const minutes = setInterval(schedules.tick, MINUTE_MS)
  later(() => {
    clearInterval(minutes)
    schedules.stop()
  })

  const forShells = {
    VENDOMAT_URL: `${gateway.url}/${deployment.stage}`,
    VENDOMAT_VENDORS: deployment.vendors.join(),
    ...(deployment.vendomatStage && { VENDOMAT_STAGE: deployment.vendomatStage }),
    ...shared,
    ...builtIn(own),
  }
  // Somebody may have had enough of it before it was there.
  stop?.throwIfAborted()
  writeEnvironment(home, port, forShells)
  return {
    environment: forShells,
    banner: banner(forShells, seeded.connections, [...described.values()]),
    functions: named,
  }
}

const onItsWay = (part: number, now: Date): string =>
  `the clock is at ${rfc3339(now).slice(0, 10)}: ${Math.floor(part * 100)} % of the way`
