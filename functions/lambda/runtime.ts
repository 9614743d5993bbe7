import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Context } from 'aws-lambda'
import { secretsManagerCredentials } from '../aws/credentials.ts'
import { dynamoAllowance } from '../aws/dynamo-allowance.ts'
import { dynamoConsents } from '../aws/dynamo-consents.ts'
import { dynamoDirectory } from '../aws/dynamo-directory.ts'
import { dynamoLedger } from '../aws/dynamo-ledger.ts'
import { dynamoRegistry } from '../aws/dynamo-registry.ts'
import { dynamoRounds } from '../aws/dynamo-rounds.ts'
import { dynamoTokens } from '../aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../aws/envelope.ts'
import { notifier } from '../aws/publish.ts'
import { viaSimulator } from '../aws/simulator.ts'
import { followTable } from '../aws/table-clock.ts'
import type { ConsentRuntime } from '../consent/consent.ts'
import { newMemory } from '../core/memory.ts'
import { ENV, INVOCATION_SECONDS } from '../environment.ts'
import type { CheckRuntime } from '../keeper/check.ts'
import type { KeeperRuntime } from '../keeper/sweep.ts'
import { tableClock } from '../kit/time.ts'
import { hasSingleUse } from '../kit/token.ts'
import type { Vendor } from '../kit/vendor.ts'
import { noticeListener } from '../notices/listen.ts'
import { countNotice, logger, recordObservation } from './log.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the API, consent and the keeper of one vendor's function run on. */
export type Machine = ConsentRuntime & KeeperRuntime & CheckRuntime

/** One layer retries, and briefly: a caller is waiting, and the gateway gives up after 29 s. */
const CLIENT = { maxAttempts: 3, requestHandler: { connectionTimeout: 1000, requestTimeout: 2000 } }
const REST_AFTER_DAYS = 14
/** A caller may be waiting behind a notice too; one that is not sent now is sent later. */
const NOTICE_CLIENT = { maxAttempts: 2, requestHandler: { connectionTimeout: 1000, requestTimeout: 1000 } }

/** Puts the engine's world together from a function's environment. Throws when that environment is not safe to run in. */
export function lambdaRuntime(vendor: Vendor, environment: Environment): Machine {
  refuseTheUnsafe(environment)
  const clock = tableClock(localNow)
  const { now } = clock
  const memory = newMemory()
  const simulatorUrl = environment[ENV.simulatorUrl]
  const client = new DynamoDBClient(CLIENT)
  followTable(client, clock, localNow)
  const table = { client, table: required(environment, ENV.table) }
  const hearForNotices = noticeListener({
    ledger: dynamoLedger(table),
    notify: notifierOf(environment),
    now,
    count: (sent) => countNotice(vendor.id, sent),
    onFault: (error) =>
      logger.error('', { error: 'a notice broke on our side', cause: error instanceof Error ? error.name : 'unknown' }),
  })
  return {
    tokens: dynamoTokens({
      ...table,
      envelope: kmsEnvelope(new KMSClient(CLIENT), required(environment, ENV.envelopeKey), now),
      onUnsealable: (key) => logger.error('', { error: 'a sealed value does not open', connection: key }),
    }),
    registry: dynamoRegistry(table),
    directory: dynamoDirectory(table),
    rounds: dynamoRounds(table),
    allowance: dynamoAllowance(table),
    consents: dynamoConsents(table),
    credentials: secretsManagerCredentials(new SecretsManagerClient(CLIENT), memory, now),
    http: simulatorUrl ? viaSimulator(fetch, simulatorUrl) : fetch,
    allowedHosts: environment[ENV.allowedHosts]?.split(',').filter(Boolean) ?? [],
    callbackUrl: environment[ENV.callbackUrl],
    restAfterDays: Number(environment[ENV.restAfterDays] ?? REST_AFTER_DAYS),
    memory,
    now,
    // Each invocation says how much it has.
    timeLeft: () => Number.POSITIVE_INFINITY,
    sleep: (seconds) => pause(seconds * 1000),
    deadline: (seconds) => AbortSignal.timeout(seconds * 1000),
    random: () => randomInt(2 ** 32) / 2 ** 32,
    observe: async (observation) => {
      recordObservation(vendor.id, observation)
      await hearForNotices(observation)
    },
  }
}

const localNow = () => new Date()

/** The seconds that a call of the API may take, which has a caller and a gateway behind it. */
export const callSeconds = ({ tokens }: Vendor): number =>
  hasSingleUse(tokens) ? INVOCATION_SECONDS.callSingleUse : INVOCATION_SECONDS.call

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

const notifierOf = (environment: Environment) =>
  notifier({
    client: NOTICE_CLIENT,
    topic: environment[ENV.topic],
    chatTopic: environment[ENV.chatTopic],
    place: {
      stack: environment[ENV.stack],
      region: environment.AWS_REGION,
      runbook: environment[ENV.runbook] || 'README.md',
    },
    onFault: (channel, error) => {
      const cause = error instanceof Error ? error.name : 'unknown'
      logger.error('', { error: 'a notice could not be sent', channel, cause })
    },
  })

function refuseTheUnsafe(environment: Environment): void {
  const inLambda = Boolean(environment.AWS_LAMBDA_FUNCTION_NAME ?? environment.LAMBDA_TASK_ROOT)
  if (inLambda && environment[ENV.simulatorUrl])
    throw new Error(`${ENV.simulatorUrl} is for laptops; it is refused inside Lambda`)
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw new Error('NODE_TLS_REJECT_UNAUTHORIZED=0 is refused: vendors are checked')
}

function required(environment: Environment, name: string): string {
  const value = environment[name]
  if (!value) throw new Error(`the environment lacks ${name}`)
  return value
}
