import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { KMSClient } from '@aws-sdk/client-kms'
import { ConfiguredRetryStrategy } from '@smithy/core/retry'
import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { dynamoConsents } from '../../functions/aws/dynamo-consents.ts'
import { dynamoDirectory } from '../../functions/aws/dynamo-directory.ts'
import { dynamoLedger } from '../../functions/aws/dynamo-ledger.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoRounds } from '../../functions/aws/dynamo-rounds.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { newMemory } from '../../functions/core/memory.ts'
import { keyOf } from '../../functions/kit/connection.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { noticeListener } from '../../functions/notices/listen.ts'
import type { localAws } from '../support/local-aws.ts'
import type { fakeSecrets } from '../support/world.ts'
import type { IdleClock } from './idle-clock.ts'
import type { Random } from './scheduler.ts'

/** What the processes of a run have in common. */
export interface Place {
  readonly aws: Awaited<ReturnType<typeof localAws>>
  readonly table: string
  readonly secrets: ReturnType<typeof fakeSecrets>
  readonly clock: IdleClock
  readonly count: Counts
  /** The share of requests to AWS that meet a fault. */
  readonly faultRate: () => number
  /** Hears of what must not happen. */
  readonly onFault: (what: string) => void
}

export interface Counts {
  /** Requests that the SDK sent again. */
  repeats: number
  /** Conditional writes that the table refused. */
  refused: number
  /** Calls that the SDK gave up. */
  gaveUp: number
  /** Writes that came to the table when their process had stood still for long, or was gone. */
  late: number
}

/** How a process stops at one of its writes: for good, or standing still while the write is on its way. */
export interface Doom {
  readonly kind: 'die' | 'freeze'
  /** Only writes count whose request names this. */
  readonly naming: string
  readonly afterWrites: number
}

/** A write that is going to come late, and the lease its process had of that connection when it was sent. */
export interface HeldWrite {
  readonly key: string
  readonly naming: string
  readonly fence: number | undefined
}

/** One process, as Lambda runs it: with a memory and clients of its own. */
export interface Process {
  readonly number: number
  /** All that does not differ from call to call. */
  readonly machine: Omit<Machine, 'http' | 'timeLeft'>
  readonly random: Random
  state(): 'runs' | 'frozen' | 'dead'
  /** Whether it stood still or died then or later. */
  stoppedSince(at: number): boolean
  /** When the SDK last gave up a call of it. */
  gaveUpAt(): number
  /** Comes when it first stands still or dies. */
  readonly stops: Promise<void>
  /** Resolves while it runs, or when it runs again: never if it is dead. */
  passes(): Promise<void>
  awaits(doom: Doom): void
  die(): void
  /** What is on its way still. */
  holds(): HeldWrite | undefined
  /** Lets the write go that was on its way, and the process go on if it is not dead by now. Resolves when the write is answered. */
  thaw(): Promise<void>
  /** When a signal made by the machine's `deadline` fires. */
  deadlineOf(signal: AbortSignal): Date | undefined
  close(): void
}

/** As many tries as in the functions, sooner one after another. */
const CLIENT = { maxAttempts: 3, retryStrategy: new ConfiguredRetryStrategy(3, () => 4) }
const FAULTS = ['throttled', 'failed before', 'failed after', 'unsent', 'answer lost'] as const
const WRITE = 'UpdateItemCommand'

export function startProcess(place: Place, number: number, random: Random): Process {
  const { aws, clock, count, onFault } = place
  const { now } = clock
  const deadlines = new WeakMap<AbortSignal, Date>()
  const [stops, stop] = signal()
  const [thaws, thaw] = signal()
  const [arrives, arrive] = signal()
  const [released, release] = signal()
  let state: 'runs' | 'frozen' | 'dead' = 'runs'
  let stoppedAt = Number.NEGATIVE_INFINITY
  let gaveUpAt = Number.NEGATIVE_INFINITY
  let doom: Doom | undefined
  let writes = 0
  let holds: HeldWrite | undefined
  const leases = new Map<string, number>()

  const passes = async (): Promise<void> => {
    if (state === 'frozen') await thaws
    if (state === 'dead') await never
  }
  const halt = (as: 'frozen' | 'dead'): void => {
    state = as
    stoppedAt = now().getTime()
    stop()
  }
  const doomAt = (commandName: string, input: object): Doom | undefined => {
    if (commandName !== WRITE || !doom || !JSON.stringify(input).includes(doom.naming)) return undefined
    writes += 1
    if (writes <= doom.afterWrites) return undefined
    const now = doom
    doom = undefined
    return now
  }
  const faultNow = () => (random() < place.faultRate() ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined)
  /** Most requests are on their way for a moment, some for longer. */
  const wayMs = () => (random() < 0.06 ? random() * 60 : random() * 5)

  function interfere({ middlewareStack }: Pick<DynamoDBClient, 'middlewareStack'>): void {
    // Around a call of the SDK, whatever it takes.
    middlewareStack.add(
      (next) => async (args) => {
        try {
          return await next(args)
        } catch (error) {
          if (error instanceof Error && error.name === 'ConditionalCheckFailedException') count.refused += 1
          else {
            count.gaveUp += 1
            gaveUpAt = now().getTime()
          }
          throw error
        }
      },
      { step: 'initialize' },
    )
    // Right before the wire, around each of its attempts.
    middlewareStack.add(
      (next, { commandName = '' }) => {
        let attempts = 0
        return async (args) => {
          attempts += 1
          if (attempts > 1) count.repeats += 1
          await passes()
          await clock.during(pause(wayMs()))
          await passes()
          const met = doomAt(commandName, args.input)
          const end = met?.kind
          if (met && end === 'freeze') {
            halt('frozen')
            const key = keyIn(args.input)
            holds = { key, naming: met.naming, fence: leases.get(key) }
            await released
            count.late += 1
            const output = await clock.during(next(args)).finally(arrive)
            if (state === 'dead') discard(output.response)
            await passes()
            return output
          }
          if (end === 'die' && random() < 0.5) {
            halt('dead')
            await never
          }
          const fault = faultNow()
          if (fault === 'throttled') return refusal(400, 'ProvisionedThroughputExceededException')
          if (fault === 'failed before') return refusal(500, 'InternalServerError')
          if (fault === 'unsent') throw connectionReset()
          const output = await clock.during(next(args))
          if (end === 'die') halt('dead')
          if (state === 'dead' || fault) discard(output.response)
          await passes()
          if (fault === 'failed after') return refusal(500, 'InternalServerError')
          if (fault === 'answer lost') throw connectionReset()
          return output
        }
      },
      { step: 'deserialize', priority: 'low' },
    )
  }

  const requestHandler = { httpAgent: { maxSockets: 1 + (number % 3) }, connectionTimeout: 1000, requestTimeout: 2000 }
  const client = aws.dynamoClient({ ...CLIENT, requestHandler })
  const kms: KMSClient = aws.kmsClient({ ...CLIENT, requestHandler })
  interfere(client)
  // The cast is safe: what is put in between passes inputs and outputs on as they are.
  interfere(kms as unknown as Pick<DynamoDBClient, 'middlewareStack'>)

  const table = { client, table: place.table }
  const envelope = kmsEnvelope(kms, aws.keyId, now)
  const onUnsealable = (key: string) => onFault(`a sealed value of ${key} does not open`)
  const tokens = dynamoTokens({ ...table, envelope, onUnsealable, now })
  return {
    number,
    random,
    stops,
    passes,
    state: () => state,
    stoppedSince: (at) => stoppedAt >= at,
    gaveUpAt: () => gaveUpAt,
    awaits: (next) => {
      writes = 0
      doom = next
    },
    die: () => halt('dead'),
    holds: () => holds,
    thaw: async () => {
      holds = undefined
      if (state === 'frozen') state = 'runs'
      thaw()
      release()
      await arrives
    },
    deadlineOf: (one) => deadlines.get(one),
    close: () => {
      client.destroy()
      kms.destroy()
    },
    machine: {
      tokens: {
        ...tokens,
        acquire: async (connection, seen, terms) => {
          const lease = await tokens.acquire(connection, seen, terms)
          if (lease) leases.set(keyOf(connection), lease.fence)
          return lease
        },
      },
      registry: dynamoRegistry(table),
      directory: dynamoDirectory(table),
      rounds: dynamoRounds(table),
      allowance: dynamoAllowance(table),
      consents: dynamoConsents({ ...table, envelope, onUnsealable }),
      credentials: place.secrets.source(),
      inventory: place.secrets.inventory(),
      allowedHosts: [],
      secretPrefix: 'vendomat',
      restAfterDays: 14,
      memory: newMemory(),
      now,
      sleep: (seconds) =>
        new Promise((resolve) => {
          const wake = () => void passes().then(resolve)
          clock.at(secondsAfter(now(), seconds), wake, () => state === 'runs')
        }),
      deadline: (seconds) => {
        const controller = new AbortController()
        const at = secondsAfter(now(), seconds)
        deadlines.set(controller.signal, at)
        clock.at(at, () => void passes().then(() => controller.abort(TIMED_OUT)))
        return controller.signal
      },
      random,
      observe: noticeListener({
        ledger: dynamoLedger(table),
        notify: async () => true,
        now,
        onFault: (error) => onFault(`a notice broke: ${error}`),
      }),
    },
  }
}

function keyIn(input: object): string {
  if (!('Key' in input)) return ''
  // The cast is safe: every item of the table has a `pk`, which is a text.
  return (input.Key as { readonly pk: { readonly S: string } }).pk.S
}

const never = new Promise<never>(() => {})

function signal(): [comes: Promise<void>, come: () => void] {
  let come = () => {}
  const comes = new Promise<void>((resolve) => {
    come = resolve
  })
  return [comes, come]
}

/** What DynamoDB answers instead of doing it; KMS's own refusals are spelled alike. */
const refusal = (statusCode: number, type: string) => ({
  response: {
    statusCode,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: Readable.from([Buffer.from(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }))]),
  },
})

/** An answer that nobody reads would keep its connection. */
function discard(response: unknown): void {
  if (typeof response === 'object' && response && 'body' in response && response.body instanceof Readable)
    response.body.resume()
}

const connectionReset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

const TIMED_OUT = new DOMException('the operation timed out', 'TimeoutError')
