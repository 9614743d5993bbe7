import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { secretsManagerCredentials } from '../aws/credentials.ts'
import { dynamoStore } from '../aws/dynamo-store.ts'
import { kmsEnvelope } from '../aws/envelope.ts'
import { notifier } from '../aws/publish.ts'
import { viaSimulator } from '../aws/simulator.ts'
import { newMemory } from '../core/memory.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Vendor } from '../core/vendor.ts'
import { ENV } from '../environment.ts'
import { logger, recordMeasure } from './log.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** One layer retries, and briefly: a caller is waiting, and the gateway gives up after 29 s. */
const CLIENT = { maxAttempts: 3, requestHandler: { connectionTimeout: 1000, requestTimeout: 2000 } }
const REST_AFTER_DAYS = 14
/** A caller may be waiting behind a notice too; one that is not sent now is sent later. */
const NOTICE_CLIENT = { maxAttempts: 2, requestHandler: { connectionTimeout: 1000, requestTimeout: 1000 } }

/** Puts the engine's world together from a function's environment. Throws when that environment is not safe to run in. */
export function lambdaRuntime({ id, tokens }: Vendor, environment: Environment): Runtime {
  refuseTheUnsafe(environment)
  const now = () => new Date()
  const memory = newMemory()
  const simulatorUrl = environment[ENV.simulatorUrl]
  return {
    store: dynamoStore({
      client: new DynamoDBClient(CLIENT),
      table: required(environment, ENV.table),
      envelope: kmsEnvelope(new KMSClient(CLIENT), required(environment, ENV.envelopeKey), now),
      memoryOnly: tokens.keep === 'memory',
      onUnsealable: (key) => logger.error('', { error: 'a sealed value does not open', connection: key }),
    }),
    credentials: secretsManagerCredentials(new SecretsManagerClient(CLIENT), memory, now),
    http: simulatorUrl ? viaSimulator(fetch, simulatorUrl) : fetch,
    allowedHosts: environment[ENV.allowedHosts]?.split(',').filter(Boolean) ?? [],
    callbackUrl: environment[ENV.callbackUrl],
    restAfterDays: Number(environment[ENV.restAfterDays] ?? REST_AFTER_DAYS),
    memory,
    now,
    sleep: (seconds) => pause(seconds * 1000),
    deadline: (seconds) => AbortSignal.timeout(seconds * 1000),
    random: () => randomInt(2 ** 32) / 2 ** 32,
    notify: notifier({
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
    }),
    measure: (measure) => recordMeasure(id, measure),
  }
}

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
