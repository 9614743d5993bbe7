import { answer } from '../../functions/api/app.ts'
import { type ApiAnswer, json, problem } from '../../functions/api/problem.ts'
import type { Operation } from '../../functions/api/routes.ts'
import { needsConsent } from '../../functions/core/failure.ts'
import { type Memory, newMemory } from '../../functions/core/memory.ts'
import type { CredentialSource } from '../../functions/core/runtime.ts'
import { callSeconds, INVOCATION_SECONDS } from '../../functions/environment.ts'
import { checkAll, continueCheck } from '../../functions/keeper/check.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { tableClock } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { during, type Machine } from '../../functions/lambda/runtime.ts'
import { noticeListener } from '../../functions/notices/listen.ts'
import { memoryTable } from '../support/memory-store.ts'
import { fakeSecrets } from '../support/world.ts'

/*
 * All that the model knows of the engine. When a port is split, a function renamed or a member moved, this is the file
 * to change (and vendors.ts, when the shape of a vendor does).
 */

/** What outlives a process: the table and the secrets. */
export interface World {
  readonly table: ReturnType<typeof memoryTable>
  readonly secrets: ReturnType<typeof fakeSecrets>
}

/** What a process keeps between two invocations. */
export interface Inside {
  readonly memory: Memory
  readonly credentials: CredentialSource
  readonly clock: ReturnType<typeof tableClock>
}

export type PortKind = 'table' | 'secrets' | 'people'

/** What the model puts between the engine and the world, for one invocation. */
export interface Surroundings {
  /** Puts itself between the engine and every method of a port but those that answer at once. */
  readonly gate: <T extends object>(port: T, kind: PortKind, atOnce?: readonly string[]) => T
  readonly now: () => Date
  readonly sleep: (seconds: number) => Promise<void>
  readonly deadline: (seconds: number) => AbortSignal
  readonly random: () => number
  readonly http: unknown
  /** Seconds until the function is ended. */
  readonly timeLeft: () => number
}

export const newWorld = (now: () => Date): World => ({ table: memoryTable(), secrets: fakeSecrets(now, {}) })

export const newInside = ({ secrets }: World, now: () => Date): Inside => ({
  memory: newMemory(),
  credentials: secrets.source(),
  clock: tableClock(now),
})

/** The seconds after which Lambda ends the function. */
export const FUNCTION_SECONDS = INVOCATION_SECONDS.task

/** Longest lease and longest wait: after so long a connection has to be well again. */
export const RECOVERY_SECONDS = 32 + 6

export function runtimeOf(
  { table, secrets }: World,
  { memory, credentials, clock }: Inside,
  around: Surroundings,
): Machine {
  const gated = <T extends object>(port: T): T => around.gate(port, 'table')
  const { notify } = around.gate({ notify: async () => true }, 'people')
  return {
    tokens: gated(table.tokens),
    registry: gated(table.registry),
    directory: gated(table.directory),
    rounds: gated(table.rounds),
    allowance: gated(table.allowance),
    consents: gated(table.consents),
    credentials: around.gate(credentials, 'secrets', ['known']),
    inventory: around.gate(secrets.inventory(), 'secrets'),
    // The vendors of the model speak to their server through it (vendors.ts).
    http: around.http as typeof fetch,
    allowedHosts: [],
    secretPrefix: 'vendomat',
    restAfterDays: 14,
    memory,
    now: clock.now,
    timeLeft: around.timeLeft,
    sleep: around.sleep,
    deadline: around.deadline,
    random: around.random,
    observe: noticeListener({ ledger: gated(table.ledger), notify, now: clock.now }),
  }
}

/** What a signed call asks of the machine. */
type SignedCall =
  | { readonly kind: 'vend'; readonly minTtlSeconds?: number | undefined }
  | { readonly kind: 'report'; readonly rejected: string }
  | { readonly kind: 'trial'; readonly version: string }
  | { readonly kind: 'finish'; readonly state: string; readonly code: string }
  | { readonly kind: 'consent' | 'revoke' | 'disable' | 'enable' | 'list' | 'show' }

/** That, or what a schedule asks. */
export type Call = SignedCall | { readonly kind: 'sweep' } | { readonly kind: 'check' }

/** What the function does when a schedule calls it. */
const TASKS = {
  sweep: async (vendor: Vendor, runtime: Machine) => ({
    ...(await renewDue(vendor, runtime)),
    ...(await continueCheck(vendor, runtime)),
  }),
  check: async (vendor: Vendor, runtime: Machine) => ({ ...(await checkAll(vendor, runtime)) }),
}

/** Has the engine do it, as the function would. Only a fault of the engine's own makes it throw. */
export async function perform(
  call: Call,
  { vendor, connection }: { readonly vendor: Vendor; readonly connection: string },
  runtime: Machine,
): Promise<ApiAnswer> {
  if (call.kind === 'sweep' || call.kind === 'check') {
    try {
      return json(await TASKS[call.kind](vendor, runtime))
    } catch (error) {
      if (!(error instanceof VendingError)) throw error
      return problem(error, { requestId: '-', secretName: '' })
    }
  }
  const thrown: unknown[] = []
  const request = { requestId: '-', caller: 'arn:model', connection, query: {}, ...requestOf(call) }
  const context = { getRemainingTimeInMillis: () => runtime.timeLeft() * 1000 }
  const answered = await answer(vendor, request, during(runtime, context, callSeconds(vendor)), (_event, error) => {
    if (error !== undefined && !(error instanceof VendingError)) thrown.push(error)
  })
  if (thrown.length > 0) throw thrown[0]
  return answered
}

interface Requested {
  readonly operation: Operation
  readonly query?: Readonly<Record<string, readonly string[]>>
  readonly body?: string
}

function requestOf(call: SignedCall): Requested {
  switch (call.kind) {
    case 'vend':
      return {
        operation: 'vend',
        ...(call.minTtlSeconds !== undefined && { query: { min_ttl: [`${call.minTtlSeconds}`] } }),
      }
    case 'report':
      return { operation: 'refresh', body: JSON.stringify({ rejected: call.rejected }) }
    case 'revoke':
      return { operation: 'revoke' }
    case 'disable':
      return { operation: 'setStatus', body: JSON.stringify({ status: 'disabled' }) }
    case 'enable':
      return { operation: 'setStatus', body: JSON.stringify({ status: 'active' }) }
    case 'trial':
      return { operation: 'tryVersion', body: JSON.stringify({ version: call.version }) }
    case 'consent':
      return { operation: 'authorize', body: '{}' }
    case 'finish':
      return { operation: 'authorize', body: JSON.stringify({ state: call.state, code: call.code }) }
    case 'list':
      return { operation: 'list' }
    case 'show':
      return { operation: 'show' }
  }
}

/** What the row of a connection says, past all faults. */
export interface Facts {
  readonly status: 'active' | 'reconnect' | 'disabled'
  readonly epoch: number
  readonly fence: number
  readonly tokenFence: number | undefined
  readonly leased: boolean
  /** When the lease that somebody still works under lapses, on the clock of who took it. */
  readonly leasedUntil: number | undefined
  /** How often a refresh token was sent without a definite answer, as far as the row knows. */
  readonly unconfirmed: number
  /** When the grant ends, as far as the row knows. */
  readonly grantEndsAt: number | undefined
}

export async function look({ table }: World, vendor: Vendor, name: string): Promise<Facts> {
  const { state, token } = await table.tokens.read({ vendor, name })
  const { status, epoch, fence, lease, unconfirmedSends } = state
  // With the token of its fence a lease is over, though it still stands there.
  const leasedUntil = token?.fence === fence ? undefined : lease?.until.getTime()
  return {
    status: status === 'active' && needsConsent(state.failure) ? 'reconnect' : status,
    epoch,
    fence,
    tokenFence: token?.fence,
    leased: lease !== undefined,
    leasedUntil,
    unconfirmed: unconfirmedSends?.size ?? 0,
    grantEndsAt: state.grantEnd?.until.getTime(),
  }
}

/** These change nothing, so that nobody has to look after them. */
const READS = ['read', 'glance', 'due', 'page', 'use', 'last']

export const mayWrite = (method: string): boolean => !READS.includes(method)

/** The connection that a call of a port is about, if it is about one. */
export function connectionOf([first]: readonly unknown[]): string | undefined {
  if (typeof first !== 'object' || first === null) return undefined
  if ('connection' in first) return connectionOf([first.connection])
  return 'vendor' in first && 'name' in first && typeof first.name === 'string' ? first.name : undefined
}

/** A number in an answer that must never go down: of the refresh token that a lease holds. */
export function generationIn(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null || !('generation' in answer)) return undefined
  return typeof answer.generation === 'number' ? answer.generation : undefined
}

/** DynamoDB deletes what has expired, some time: leaves a token out of an answer if `deleted` says so. */
export function withoutDeleted(answer: unknown, deleted: (value: string) => boolean): unknown {
  if (typeof answer !== 'object' || answer === null || !('token' in answer)) return answer
  const { token, ...rest } = answer as { readonly token?: { readonly accessToken: { readonly value: Secret } } }
  return token && deleted(token.accessToken.value.reveal()) ? rest : answer
}

/** Every answer of the table says what time it is there, to the second. */
export function heardFromTable({ clock }: Inside, sample: Parameters<typeof clock.learn>[0]): void {
  clock.learn(sample)
}

/** What a port throws when what is behind it does not answer. */
export const unavailable = (): Error => new VendingError('store_unavailable', 'the model lets this call fail')

/** Whether this port may be handed a Secret at all. */
export const takesSecrets = (kind: PortKind): boolean => kind === 'table'

export const reveal = (value: unknown): string | undefined => (value instanceof Secret ? value.reveal() : undefined)
