import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import type { localAws } from '../support/local-aws.ts'
import { fakeSecrets } from '../support/world.ts'
import { type Call, type PromiseId, watch } from './concurrent-oracles.ts'
import { type Call as Asked, FUNCTION_SECONDS, perform, RECOVERY_SECONDS } from './engine.ts'
import { idleClock } from './idle-clock.ts'
import type { Answered } from './oracles.ts'
import type { OpKind, VendorKind } from './plan.ts'
import { type Counts, type Doom, type Place, type Process, startProcess } from './process.ts'
import { mix, type Random, random } from './scheduler.ts'
import { type Grant, server as newServer, type Send } from './server.ts'
import { scan, storedRefreshToken } from './table-facts.ts'
import { VENDORS, type Wire, type WireAnswer } from './vendors.ts'

/*
 * The real adapters over a real table, and everybody at once. A run goes in rounds: the clock is moved ahead so that tokens
 * and leases age, then about a dozen calls of three processes meet, and writes from earlier rounds arrive late.
 */

const START = new Date('2026-11-21T12:00:00Z')
const ROUNDS = 7
const CONNECTIONS = ['c0', 'c1'] as const
const KINDS: readonly VendorKind[] = ['rotating', 'table', 'lenient', 'memory', 'static']
/** A run that comes to no end is at fault too. */
const HANGS_AFTER_MS = 60_000

export interface Outcome extends Counts {
  readonly vendor: VendorKind
  readonly violations: readonly { readonly promise: PromiseId; readonly detail: string }[]
  readonly calls: number
  readonly deliveries: number
  readonly vendorCalls: number
  readonly stops: number
  /** What happened, told for who looks for a fault. */
  readonly trace: readonly string[]
}

/** Seeds take turns. */
export const vendorOf = (seed: number): VendorKind => KINDS[seed % KINDS.length] ?? 'table'

/** Runs the engine over a table of its own. Of each promise the first break is told. */
export async function runSeed(
  seed: number,
  aws: Awaited<ReturnType<typeof localAws>>,
  rounds = ROUNDS,
): Promise<Outcome> {
  const dice = random(mix(seed, 11))
  const among = <T>(...list: readonly [T, ...T[]]): T => oneOf(list, dice)
  const kind = vendorOf(seed)
  const vendor = VENDORS[kind]
  const lifeSeconds = among(60, 300, 900)
  const clock = idleClock(START)
  const now = () => clock.now().getTime()
  const server = newServer<Call>(kind, lifeSeconds, now)
  const secrets = fakeSecrets(clock.now, {})
  const passwords = new Map<string, string>()
  /** The grant that a consent was seen to store last. */
  const kept = new Map<string, Grant>()
  /** What the code of a consent brought. */
  const granted = new Map<string, Grant | undefined>()
  const latest = new Map<string, string>()
  const count: Counts = { repeats: 0, refused: 0, gaveUp: 0, late: 0 }
  const violations: { promise: PromiseId; detail: string }[] = []
  const trace: string[] = []
  const log = (text: string) => trace.push(`${((now() - START.getTime()) / 1000).toFixed(3).padStart(9)}  ${text}`)
  const violate = (promise: PromiseId, detail: string) => {
    log(`BROKEN ${promise}: ${detail}`)
    if (!violations.some((before) => before.promise === promise)) violations.push({ promise, detail })
  }
  const watching = watch({
    vendor: kind,
    server,
    now,
    violate,
    secretState: (connection) => (server.isGood(passwords.get(connection) ?? '') ? 'good' : 'bad'),
  })
  let faultRate = 0
  const place: Place = {
    aws,
    table: await aws.createTable(),
    secrets,
    clock,
    count,
    faultRate: () => faultRate,
    onFault: (what) => violate('no-crash', what),
  }
  let calls = 0
  let deliveries = 0
  const all: Process[] = []
  const newProcess = (): Process => {
    const process = startProcess(place, all.length + 1, random(mix(seed, 13, all.length)))
    all.push(process)
    return process
  }
  const slots = [newProcess(), newProcess(), newProcess()]
  const open = new Set<Call>()

  const bury = (process: Process, why: string): void => {
    if (process.state() !== 'dead') process.die()
    for (const call of open) {
      if (call.process !== process) continue
      log(`p${process.number} ${call.kind} ${call.id} ends with its process (${why})`)
      open.delete(call)
      call.ended = 'killed'
      if (!process.holds()) call.endedAt = now()
      for (const send of server.sends) if (send.invocation === call && send.outcome === 'flying') send.outcome = 'lost'
    }
  }

  const wire =
    (call: Call): Wire =>
    async (request, signal) => {
      const { process } = call
      const over = watching.asks(call, request)
      const send = server.sent(request, call, 0)
      if (send) watching.sending(send, request.account)
      const who = `p${process.number} ${call.kind} ${call.id}`
      log(`${who} -> vendor ${request.grant} ${request.account} ${request.refreshToken ?? ''}`)
      const close = (outcome: Send['outcome']) => {
        over()
        if (send?.outcome === 'flying') send.outcome = outcome
      }
      const sentAt = now()
      const lucky = process.random() >= faultRate / 2
      const trouble = lucky ? undefined : oneOf(['unsent', 'lost', 'silent', '5xx', '429'] as const, process.random)
      await clock.during(pause(1 + process.random() * 6))
      let answer: WireAnswer = { status: 503, body: { error: 'server_error' } }
      if (trouble === '429')
        answer = { status: 429, body: {}, retryAfterSeconds: 1 + Math.floor(process.random() * 30) }
      else if (trouble !== '5xx' && trouble !== 'unsent')
        answer = server.handle(request, { sentAt, send, amount: process.random() })
      if (request.grant === 'code' && answer.status === 200)
        granted.set(request.code ?? '', server.grantOf(call.connection))
      await clock.during(pause(process.random() < 0.2 ? 20 + process.random() * 80 : 1 + process.random() * 12))
      await process.passes()
      if (trouble === 'silent') {
        const until = process.deadlineOf(signal) ?? clock.now()
        await new Promise<void>((resolve) => clock.at(until, resolve, () => process.state() === 'runs'))
        await process.passes()
      }
      if (trouble === 'silent' || trouble === 'lost' || trouble === 'unsent' || signal.aborted) {
        log(`${who} hears nothing`)
        close('lost')
        throw new TypeError('fetch failed')
      }
      const { error } = answer.body
      log(`${who} <- vendor ${answer.status} ${error ?? answer.body.refresh_token ?? ''}`)
      const isVerdict = answer.status < 500 && answer.status !== 429 && error !== 'invalid_client'
      close(answer.status === 200 ? 'given' : isVerdict ? 'refused' : 'no verdict')
      return answer
    }

  /** Has a process do it. Resolves with the answer, or with nothing as soon as the process stands still or dies. */
  async function invoke(asked: Asked, connection: string, process: Process): Promise<Answered | undefined> {
    calls += 1
    const limitAt = now() + FUNCTION_SECONDS * 1000
    const call: Call = {
      ...{ id: calls, kind: asked.kind, connection, process, startedAt: now(), limitAt },
      ...{ endedAt: Number.POSITIVE_INFINITY, ended: 'no' },
    }
    open.add(call)
    watching.begun(call)
    const who = `p${process.number} ${call.kind} ${call.id} ${connection}`
    log(`${who} begins`)
    clock.at(new Date(limitAt), () => {
      if (call.ended === 'no') bury(process, 'out of time')
    })
    const runtime = {
      ...process.machine,
      // The vendors of the model speak to their server through it (vendors.ts).
      http: wire(call) as unknown as typeof fetch,
      timeLeft: () => (limitAt - now()) / 1000,
    }
    const work = async () => {
      try {
        const { status, body, headers } = await perform(asked, { vendor, connection }, runtime)
        await process.passes()
        call.ended = 'answered'
        call.endedAt = now()
        const parsed: Record<string, unknown> = JSON.parse(body)
        const wait = headers['retry-after']
        const answer: Answered = {
          status,
          code: typeof parsed.code === 'string' ? parsed.code : undefined,
          body: parsed,
          retryAfterSeconds: wait === undefined ? undefined : Number(wait),
        }
        log(`${who} answers ${status} ${answer.code ?? parsed.source ?? ''} ${parsed.access_token ?? ''}`)
        if (typeof parsed.access_token === 'string') {
          deliveries += 1
          latest.set(connection, parsed.access_token)
        }
        watching.answered(call, answer)
        return answer
      } catch (error) {
        violate('no-crash', error instanceof Error ? (error.stack ?? error.message) : String(error))
        return undefined
      } finally {
        open.delete(call)
      }
    }
    const answer = await Promise.race([work(), process.stops.then(() => undefined)])
    if (call.ended === 'no' && process.state() === 'dead') bury(process, 'killed')
    return answer
  }

  const store = (connection: string, quality: 'good' | 'bad') => {
    log(`a ${quality} secret of ${connection} is stored`)
    const password = server.newPassword(connection, quality)
    secrets.replace(`${vendor.id}/${connection}`, { account: connection, password })
    passwords.set(connection, password)
  }

  const anyProcess = (dice: Random): Process => {
    const slot = Math.floor(dice() * slots.length)
    const process = slots[slot]
    if (process?.state() === 'runs') return process
    const next = newProcess()
    slots[slot] = next
    return next
  }

  /** What a person does: begins, looks at the vendor's page, and comes back, perhaps with two requests at once. */
  async function consent(connection: string, dice: Random): Promise<void> {
    const begun = await invoke({ kind: 'consent' }, connection, anyProcess(dice))
    const state = begun?.body.state
    if (typeof state !== 'string') return
    await pause(dice() * 10)
    const code = server.newCode(connection)
    const finish = async () => {
      const finished = await invoke({ kind: 'finish', state, code }, connection, anyProcess(dice))
      const grant = granted.get(code)
      if (finished?.status === 200 && grant) kept.set(connection, grant)
    }
    await Promise.all(dice() < 0.3 ? [finish(), finish()] : [finish()])
  }

  async function act(kindOfAct: OpKind, connection: string, dice: Random): Promise<void> {
    const process = anyProcess(dice)
    switch (kindOfAct) {
      case 'vend': {
        const minTtlSeconds = dice() < 0.15 ? Math.floor(lifeSeconds * dice() * 0.9) : undefined
        await invoke({ kind: 'vend', minTtlSeconds }, connection, process)
        break
      }
      case 'report': {
        const rejected = createHash('sha256')
          .update(latest.get(connection) ?? '')
          .digest('hex')
          .slice(0, 16)
        await invoke({ kind: 'report', rejected }, connection, process)
        break
      }
      case 'trial': {
        const version = `t${calls + 1}`
        const password = server.newPassword(connection, dice() < 0.6 ? 'good' : 'bad')
        secrets.propose(`${vendor.id}/${connection}`, version, { account: connection, password })
        await invoke({ kind: 'trial', version }, connection, process)
        break
      }
      case 'consent':
        await consent(connection, dice)
        break
      case 'new secret':
        store(connection, dice() < 0.7 ? 'good' : 'bad')
        break
      case 'sweep':
      case 'check':
      case 'revoke':
      case 'disable':
      case 'enable':
      case 'list':
      case 'show':
        await invoke({ kind: kindOfAct }, connection, process)
        break
      default:
        throw new Error(`nobody does ${kindOfAct} here`)
    }
  }

  /** What happens to a connection next: what people put right sooner or later, and else mostly vends. */
  function nextAct(connection: string, dice: Random): OpKind {
    const { status, needsConsent } = watching.facts.get(connection) ?? {}
    if (status === 'disabled' && dice() < 0.4) return 'enable'
    if (kind === 'rotating' && (needsConsent || !kept.has(connection)) && dice() < 0.4) return 'consent'
    if (!server.isGood(passwords.get(connection) ?? '') && dice() < 0.4) return 'new secret'
    return pickWeighted(kind === 'rotating' ? { ...ACTS, consent: 3 } : ACTS, dice)
  }

  const envelope = kmsEnvelope(aws.kms, aws.keyId, clock.now)
  const look = async () => {
    const items = await scan(aws.dynamo, place.table)
    watching.saw(items, CONNECTIONS)
    for (const connection of CONNECTIONS) {
      const token = await storedRefreshToken(items, `${kind}#${connection}`, envelope)
      if (token !== undefined) watching.stored(connection, token)
    }
  }
  /** Reads the table over and over: what is read later was so later. */
  function lookingOn() {
    let over = false
    const looks = (async () => {
      while (!over) {
        await look()
        await pause(12)
      }
    })()
    return async () => {
      over = true
      await looks
    }
  }

  async function round(acts?: readonly OpKind[]): Promise<void> {
    const isLast = acts !== undefined
    const stopLooking = lookingOn()
    const late = async (process: Process) => {
      log(`p${process.number} ${process.state() === 'dead' ? 'is gone, and its last write comes' : 'goes on'}`)
      await process.thaw()
      watching.cameLate(process)
    }
    const coming = all.filter((process) => process.holds() && (isLast || dice() < 0.6))
    const early = coming.filter(() => dice() < 0.5)
    for (const slot of slots) if (faultRate > 0 && dice() < 0.4) slot.awaits(doomBy(dice))
    const how = acts ?? Array.from({ length: 8 + Math.floor(dice() * 8) }, () => undefined)
    const busiest = among('c0', 'c0', 'c1')
    const pace = among(4, 40, 80)
    const number = dice()
    const acting = how.map(async (given, index) => {
      // Of their own, so that it does not matter who comes first.
      const dice = random(mix(seed, number * 2 ** 31, index))
      const connection = dice() < 0.7 ? busiest : oneOf(CONNECTIONS, dice)
      await pause(dice() * pace)
      await act(given ?? nextAct(connection, dice), connection, dice)
    })
    const before = early.map(async (process) => {
      await pause(dice() * 60)
      await late(process)
    })
    await Promise.all([...before, ...acting])
    await stopLooking()
    for (const process of coming) {
      const held = process.holds()
      if (!held) continue
      const then = await scan(aws.dynamo, place.table)
      await late(process)
      watching.wroteLate(held, then, await scan(aws.dynamo, place.table))
    }
    while ([...open].some(({ process }) => process.state() === 'runs')) await pause(2)
    await look()
  }

  /** A process of its own asks, after all that went wrong, until it is served or told what is true. */
  async function probe(connection: string): Promise<void> {
    const process = newProcess()
    let left = RECOVERY_SECONDS
    for (let waited = 0; waited < 30 * 60 && left > 0; ) {
      const answer = await invoke({ kind: 'vend' }, connection, process)
      if (answer && watching.probed(connection, answer, kept.get(connection)) === 'done') return
      const wait = Math.max(1, answer?.retryAfterSeconds ?? 1)
      waited += wait
      // Waiting as told is no part of what it takes.
      if (answer?.code === 'busy' || answer?.code === 'store_unavailable') left -= wait
      clock.advance(wait)
    }
    violate('recovers', `the last caller of ${connection} is still not served`)
  }

  const run = async () => {
    for (const connection of CONNECTIONS) store(connection, 'good')
    if (kind === 'rotating') for (const connection of CONNECTIONS) await consent(connection, dice)
    for (let index = 0; index < rounds; index += 1) {
      clock.advance(among(0.2, 5.2, 16, 16, 33, 33, lifeSeconds * 0.85, lifeSeconds + 1, 400))
      faultRate = among(0, 0.06, 0.15, 0.25)
      log(`round ${index + 1}, faults ${faultRate}`)
      await round()
    }
    faultRate = 0
    clock.advance(among(5.2, 33))
    await round(['vend', 'vend', 'vend'])
    clock.advance(33)
    for (const connection of CONNECTIONS) await probe(connection)
    await look()
  }
  const hangs = pause(HANGS_AFTER_MS, 'hangs', { ref: false })
  if ((await Promise.race([run(), hangs])) === 'hangs') violate('no-crash', 'the run comes to no end')
  clock.stop()
  for (const process of all) process.close()
  await aws.dynamo.send(new DeleteTableCommand({ TableName: place.table }))
  const stops = all.filter((process) => process.stoppedSince(0)).length
  return { vendor: kind, violations, calls, deliveries, vendorCalls: server.count.calls, stops, trace, ...count }
}

const ACTS: Partial<Record<OpKind, number>> = {
  ...{ vend: 70, report: 5, sweep: 5, check: 4, list: 1, show: 1 },
  ...{ revoke: 3, disable: 2, enable: 1, trial: 3, 'new secret': 2 },
}

/** Most harm is done where somebody is about to record a success, or to cache the token. */
const doomBy = (dice: Random): Doom => ({
  kind: dice() < 0.75 ? 'freeze' : 'die',
  ...(dice() < 0.6
    ? { naming: dice() < 0.5 ? 'provenVersion' : 'sealed', afterWrites: 0 }
    : { naming: '', afterWrites: Math.floor(dice() * 7) }),
})

const oneOf = <T>(list: readonly [T, ...T[]], dice: Random): T => list[Math.floor(dice() * list.length)] ?? list[0]

function pickWeighted(weights: Partial<Record<OpKind, number>>, dice: Random): OpKind {
  const entries = Object.entries(weights) as [OpKind, number][]
  let left = dice() * entries.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [kind, weight] of entries) {
    left -= weight
    if (left < 0) return kind
  }
  return 'vend'
}
