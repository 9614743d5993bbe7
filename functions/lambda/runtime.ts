import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from 'aws-lambda'
import type { ApiRuntime } from '../api/app.ts'
import { rowReader } from '../aws/dynamo-row.ts'
import { jweEnvelope } from '../aws/jwe-envelope.ts'
import { type SignedCall, type SignedCallOptions, signedCall } from '../aws/signed-call.ts'
import { signedDecrypt, signedQuery } from '../aws/signed-reads.ts'
import { tableTiming } from '../aws/table-clock.ts'
import { viaSimulator } from '../aws/via-simulator.ts'
import { newMemory } from '../core/memory.ts'
import { ENV, namesOf } from '../environment.ts'
import type { KeeperRuntime } from '../keeper/sweep.ts'
import { once } from '../kit/once.ts'
import { tableClock } from '../kit/time.ts'
import type { Vendor } from '../kit/vendor.ts'
import { countNotice, logger, recordObservation } from './log.ts'
import { onDemand } from './on-demand.ts'
import type { openPorts } from './ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the API, consent and the keeper of one vendor's function run on. */
export type Machine = ApiRuntime & KeeperRuntime

const REST_AFTER_DAYS = 14

/**
 * Puts the engine's world together from a function's environment. Throws when that environment is not safe to run in. What
 * a table hit needs is there at once; the rest (ports.ts) is loaded by the first call that needs any of it.
 */
export function lambdaRuntime(
  vendor: Vendor,
  environment: Environment,
  loadVendor: () => Promise<void> = async () => {},
): Machine {
  refuseTheUnsafe(environment)
  const table = required(environment, ENV.table)
  const keyId = required(environment, ENV.envelopeKey)
  const clock = tableClock(localNow)
  const { now } = clock
  const { service } = namesOf(environment[ENV.stage])
  const memory = newMemory()
  const simulatorUrl = environment[ENV.simulatorUrl]
  const onUnsealable = (key: string) => logger.error('', { error: 'a sealed value does not open', connection: key })
  let opened: ReturnType<typeof openPorts> | undefined
  const ports = once(async () => {
    const { openPorts } = await import('./ports.ts')
    const notices = noticesOf(environment)
    const own = { vendorId: vendor.id, table, keyId, service, envelope, onUnsealable }
    const allowedNetworks = listIn(environment[ENV.allowedNetworks])
    opened = openPorts({ ...own, memory, clock, localNow, notices, allowedNetworks })
    return opened
  })
  const signed = signedCalls(environment, { now, timing: tableTiming(clock, localNow) })
  const decrypt = signedDecrypt(signed.kms, keyId, async (...call) => (await ports()).dataKeys.decrypt(...call))
  const generate = async (context: Readonly<Record<string, string>>) => (await ports()).dataKeys.generate(context)
  const envelope = jweEnvelope({ decrypt, generate }, now)
  const query = signedQuery(signed.dynamodb, table, async (input) => (await ports()).query(input))
  return {
    tokens: onDemand(async () => (await ports()).tokens, {
      read: rowReader({ query, envelope, onUnsealable, now }),
    }),
    registry: onDemand(async () => (await ports()).registry),
    directory: onDemand(async () => (await ports()).directory),
    rounds: onDemand(async () => (await ports()).rounds),
    inventory: onDemand(async () => (await ports()).inventory),
    allowance: onDemand(async () => (await ports()).allowance),
    consents: onDemand(async () => (await ports()).consents),
    credentials: onDemand(async () => (await Promise.all([ports(), loadVendor()]))[0].credentials, {
      // Before anything is loaded nothing has been read.
      known: (connection) => opened?.credentials.known(connection),
    }),
    http: simulatorUrl ? viaSimulator(fetch, simulatorUrl) : async (...call) => (await ports()).http(...call),
    allowedHosts: listIn(environment[ENV.allowedHosts]),
    callbackUrl: environment[ENV.callbackUrl],
    secretPrefix: service,
    restAfterDays: Number(environment[ENV.restAfterDays] ?? REST_AFTER_DAYS),
    memory,
    now,
    // Each invocation says how much it has.
    timeLeft: () => Number.POSITIVE_INFINITY,
    sleep: (seconds) => pause(seconds * 1000),
    deadline: (seconds) => AbortSignal.timeout(Math.floor(seconds * 1000)),
    random: () => randomInt(2 ** 32) / 2 ** 32,
    observe: async (observation) => {
      recordObservation(vendor.id, observation)
      try {
        await (await ports()).hearForNotices(observation)
      } catch (error) {
        countNotice(vendor.id, false)
        logger.error('', { error: 'notices are out of order', cause: error instanceof Error ? error.name : 'unknown' })
      }
    },
  }
}

const localNow = () => new Date()

const listIn = (text = ''): readonly string[] => text.split(',').filter(Boolean)

/**
 * The runtime of one invocation, made at its start: it knows when it is ended, or is to have ended if it may take so many
 * seconds at most. By Lambda's clock, so that a process that has stood still knows that it has.
 */
export function during(machine: Machine, context: InvocationContext, most = Number.POSITIVE_INFINITY): Machine {
  const remaining = () => context.getRemainingTimeInMillis() / 1000
  const withheld = Math.max(0, remaining() - most)
  return { ...machine, timeLeft: () => remaining() - withheld }
}

type InvocationContext = Pick<Context, 'getRemainingTimeInMillis'>

const NO_CALL: SignedCall = async () => undefined

/** Where the environment wants of the SDK what a signed call of ours cannot do, every call is the SDK's. */
function signedCalls(environment: Environment, { now, timing }: Required<Pick<SignedCallOptions, 'now' | 'timing'>>) {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  const isSpecial = [environment.AWS_USE_FIPS_ENDPOINT, environment.AWS_USE_DUALSTACK_ENDPOINT].includes('true')
  if (!region || !accessKeyId || !secretAccessKey || isSpecial) return { dynamodb: NO_CALL, kms: NO_CALL }
  const { AWS_SESSION_TOKEN: sessionToken, AWS_ENDPOINT_URL: endpoint } = environment
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  return {
    dynamodb: signedCall({
      ...{ service: 'dynamodb', region, credentials, now, timing },
      endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB ?? endpoint,
    }),
    kms: signedCall({
      ...{ service: 'kms', region, credentials, now },
      endpoint: environment.AWS_ENDPOINT_URL_KMS ?? endpoint,
    }),
  }
}

const noticesOf = (environment: Environment) => ({
  topic: environment[ENV.topic],
  chatTopic: environment[ENV.chatTopic],
  place: {
    stack: environment[ENV.stack],
    region: environment.AWS_REGION,
    runbook: environment[ENV.runbook] || 'lib/RUNBOOK.md',
  },
})

/** Log what is sent and answered, send it by way of others, or trust whom nobody else does. A laptop may have them for others. */
const UNSAFE = ['NODE_DEBUG', 'NODE_EXTRA_CA_CERTS', 'NODE_USE_ENV_PROXY', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']

function refuseTheUnsafe(environment: Environment): void {
  const inLambda = Boolean(environment.AWS_LAMBDA_FUNCTION_NAME ?? environment.LAMBDA_TASK_ROOT)
  if (inLambda && environment[ENV.simulatorUrl])
    throw new Error(`${ENV.simulatorUrl} is for laptops; it is refused inside Lambda`)
  const unsafe = Object.keys(environment).find((name) => UNSAFE.includes(name.toUpperCase()))
  if (inLambda && unsafe) throw new Error(`${unsafe} is refused inside Lambda: vendors are called directly and unseen`)
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw new Error('NODE_TLS_REJECT_UNAUTHORIZED=0 is refused: vendors are checked')
}

function required(environment: Environment, name: string): string {
  const value = environment[name]
  if (!value) throw new Error(`the environment lacks ${name}`)
  return value
}
