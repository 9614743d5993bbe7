import { createHash } from 'node:crypto'
import { besideVending } from '../../functions/api/app.ts'
import {
  type Call,
  connectionOf,
  FUNCTION_SECONDS,
  generationIn,
  heardFromTable,
  type Inside,
  look,
  mayWrite,
  newInside,
  newWorld,
  type PortKind,
  perform,
  RECOVERY_SECONDS,
  runtimeOf,
  type Surroundings,
  unavailable,
  withoutDeleted,
} from './engine.ts'
import { type Invocation, machine } from './machine.ts'
import { type Answered, type PromiseId, type Violation, watch } from './oracles.ts'
import type { Fault, FaultKind, Op, Plan } from './plan.ts'
import { mix, random, scheduler } from './scheduler.ts'
import { server as newServer, type Send } from './server.ts'
import { VENDORS, type Wire, type WireAnswer } from './vendors.ts'

export const START = Date.parse('2026-11-21T12:00:00Z')

export interface Outcome {
  readonly violations: readonly Violation[]
  readonly deliveries: number
  readonly vendorCalls: number
  readonly kills: number
  readonly freezes: number
  readonly faults: number
  /** What happened, if it was asked for. */
  readonly trace: readonly string[]
}

const TABLE: readonly FaultKind[] = ['error before', 'error after', 'repeat', 'throttled', 'slow table']
const VENDOR: readonly FaultKind[] = [
  'vendor 5xx',
  'lost answer',
  'retry after',
  'slow vendor',
  'unusable',
  'tiny life',
  'doubtful',
]
const ANYWHERE: readonly FaultKind[] = ['kill before', 'kill after', 'freeze']
const ERRORS: readonly FaultKind[] = ['error before', 'error after', 'throttled']

interface Options {
  readonly traced?: boolean
  /** The run ends when this promise is broken. @default it goes on to its end, whatever is broken */
  readonly until?: PromiseId | undefined
}

/** Runs the engine through a plan, in virtual time. Of each promise the first break is told. */
export async function runPlan(plan: Plan, { traced = false, until }: Options = {}): Promise<Outcome> {
  // Loading takes real time, of which a run has none.
  await besideVending()
  const time = scheduler(START)
  const now = () => time.now()
  const vendor = VENDORS[plan.vendor]
  const server = newServer(plan.vendor, plan.lifeSeconds, now)
  const world = newWorld(() => new Date(now()))
  const secrets = new Map<string, 'good' | 'bad' | 'malformed' | 'deleted'>()
  const proposals = new Map<string, string>()
  const passwords = new Map<string, string>()
  const windows: { kind: Op['kind']; from: number; to: number; half: boolean }[] = []
  const down = (kind: Op['kind'], at: number) =>
    // Outages end at the latest when everything has to be well again.
    at - START > plan.quietAt
      ? undefined
      : windows.find((window) => window.kind === kind && at >= window.from && at < window.to)
  const violations: Violation[] = []
  const trace: string[] = []
  let deliveries = 0

  const log = (text: () => string) => {
    if (traced) trace.push(`${((now() - START) / 1000).toFixed(3).padStart(9)}  ${text()}`)
  }
  const violate = (promise: PromiseId, detail: string) => {
    if (violations.some((before) => before.promise === promise)) return
    violations.push({ promise, at: now() - START, detail })
    log(() => `BROKEN ${promise}: ${detail}`)
  }
  const truthOf = (connection: string) => {
    const state = secrets.get(connection) ?? 'deleted'
    if (state !== 'good') return state
    return server.isGood(passwords.get(connection) ?? '') ? 'good' : 'bad'
  }
  const watching = watch({
    plan,
    server,
    now,
    violate,
    tableDown: (at) => down('table down', at) !== undefined,
    secretState: truthOf,
  })

  const lost = (invocation: Invocation) => {
    for (const send of server.sends)
      if (send.invocation === invocation && send.outcome === 'flying') send.outcome = 'lost'
  }
  const house = machine({
    time,
    seed: plan.seed,
    skews: plan.skews,
    inside: (skewMs) => newInside(world, () => new Date(now() + skewMs)),
    killed: (invocation, why) => {
      log(() => `${nameOf(invocation)} ends with its process (${why})`)
      if (why === 'limit') watching.outOfTime(invocation)
      lost(invocation)
      watching.ended(invocation)
    },
  })

  const faultsOf = new Map<number, Fault[]>()
  for (const fault of plan.faults) faultsOf.set(fault.op, [...(faultsOf.get(fault.op) ?? []), fault])

  const deleted = (value: string): boolean => {
    const token = server.tokens.get(value)
    if (!token || now() <= token.expiresAt) return false
    // Some are swept away at once, some days late.
    const late = random(mix(plan.seed, value.length, Number(value.split('-').at(-1))))()
    return now() > token.expiresAt + (late < 0.3 ? 0 : late * 48 * 3600 * 1000)
  }

  /** One await of the engine: counts it, lets kill and freeze hit it. Says how to answer. */
  function awaiting(invocation: Invocation, kinds: readonly FaultKind[]) {
    const { process } = invocation
    const calm = now() - START > plan.quietAt
    const fault = calm
      ? undefined
      : house.faultAt(invocation, (kind) => kinds.includes(kind) || ANYWHERE.includes(kind))
    invocation.pending += 1
    if (fault) log(() => `${nameOf(invocation)} meets ${fault.kind}`)
    if (fault?.kind === 'freeze') house.freeze(process, frozenMs(fault.amount))
    if (fault?.kind === 'kill before') house.kill(process)
    const settle = (at: number, run: () => void) =>
      house.deliver(process, at, () => {
        invocation.pending -= 1
        run()
      })
    return { fault, settle, gone: fault?.kind === 'kill before' }
  }

  function portCall(
    invocation: Invocation,
    kind: PortKind,
    { method, args, apply }: { method: string; args: readonly unknown[]; apply: () => Promise<unknown> },
  ): Promise<unknown> {
    watching.passed(kind, args)
    const { fault, settle, gone } = awaiting(invocation, kind === 'table' ? TABLE : kind === 'secrets' ? ERRORS : [])
    if (gone) return new Promise(() => {})
    const connection = kind === 'table' ? connectionOf(args) : undefined
    const tracked = connection !== undefined && plan.connections.length <= 4 && mayWrite(method)
    const way = () => Math.ceil(invocation.random() * plan.tableMs * 0.5)
    const calledAt = now()
    const there = calledAt + way()
    return new Promise((resolve, reject) => {
      const fail = (after: number) => {
        if (kind === 'table') invocation.tableFaults += 1
        else invocation.secretFaults += 1
        settle(there + after, () => reject(unavailable()))
      }
      time.at(there, () => {
        void arrive().catch((error: unknown) => settle(there, () => reject(error)))
      })
      const arrive = async (): Promise<void> => {
        const window = kind === 'table' ? down('table down', now()) : down('secrets down', now())
        if (window && kind !== 'people') {
          log(() => `${nameOf(invocation)} ${method}: no answer`)
          if (window.half && invocation.random() < 0.5) await once()
          return fail(200 + invocation.random() * 1800)
        }
        if (fault?.kind === 'error before' || fault?.kind === 'throttled') return fail(way() + 50 + fault.amount * 900)
        const before = connection === undefined ? undefined : watching.facts.get(connection)
        let answer: unknown
        try {
          answer = await once()
          if (fault?.kind === 'repeat') {
            answer = await once()
            if (connection !== undefined) watching.repeated(before, watching.facts.get(connection))
          }
        } catch (error) {
          settle(now() + way(), () => reject(error))
          return
        }
        log(() => `${nameOf(invocation)} ${method} -> ${brief(answer)}`)
        if (fault?.kind === 'error after') return fail(way() + 50 + fault.amount * 2000)
        if (fault?.kind === 'kill after') {
          house.kill(invocation.process)
          return
        }
        const slow = fault?.kind === 'slow table' ? 500 + fault.amount * 5500 : 0
        invocation.slowMs += slow
        const at = now()
        settle(at + way() + slow, () => {
          if (kind === 'table') heard(invocation, at, calledAt)
          resolve(answer)
        })
      }
      const once = async () => {
        const answer = withoutDeleted(await apply(), deleted)
        if (tracked) {
          const generation = generationIn(answer)
          if (generation !== undefined) watching.generation(connection, generation)
          watching.wrote(connection, await look(world, vendor, connection), invocation)
        }
        return answer
      }
    })
  }

  const wire =
    (invocation: Invocation): Wire =>
    (request, signal) => {
      const heldUpMs = invocation.slowMs + invocation.frozenMs
      const { fault, gone } = awaiting(invocation, request.grant === 'liveness' ? VENDOR.slice(0, 4) : VENDOR)
      if (gone) return new Promise(() => {})
      if (fault && VENDOR.includes(fault.kind)) invocation.vendorFaults += 1
      const send = server.sent(request, invocation, heldUpMs)
      if (send) watching.sending(send, request.account)
      log(() => `${nameOf(invocation)} -> vendor ${request.grant} ${request.refreshToken ?? ''}`)
      const sentAt = now()
      const amount = fault?.amount ?? 0
      const slow = fault?.kind === 'slow vendor' ? 2000 + amount * 18_000 : 0
      const takes = plan.vendorMs + slow
      const thereAt = sentAt + Math.floor(plan.vendorMs * 0.4) + (slow > 0 && amount % 0.1 < 0.05 ? slow : 0)
      server.count.flying += 1
      return new Promise((resolve, reject) => {
        let open = true
        const close = (outcome: Send['outcome']) => {
          if (!open) return false
          open = false
          server.count.flying -= 1
          signal.removeEventListener('abort', giveUp)
          if (send?.outcome === 'flying') {
            send.outcome = outcome
            send.answeredAt = now()
          }
          return true
        }
        const giveUp = () => {
          if (!close('lost')) return
          log(() => `${nameOf(invocation)} gives the vendor up`)
          invocation.pending -= 1
          reject(signal.reason)
        }
        signal.addEventListener('abort', giveUp)
        const reply = (at: number, { status, body, retryAfterSeconds }: WireAnswer) =>
          house.deliver(invocation.process, at, () => {
            const failed =
              status >= 500 || status === 429 || body.error === 'doubtful' || body.error === 'invalid_client'
            if (!close(status === 200 ? 'given' : failed ? 'no verdict' : 'refused')) return
            log(() => `${nameOf(invocation)} <- vendor ${status} ${body.error ?? body.refresh_token ?? ''}`)
            invocation.pending -= 1
            resolve({ status, body, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })
          })
        time.at(thereAt, () => {
          if (fault?.kind === 'kill after') house.kill(invocation.process)
          if (fault?.kind === 'vendor 5xx' || down('vendor down', now()))
            return reply(sentAt + takes, { status: 503, body: { error: 'server_error' } })
          if (fault?.kind === 'retry after') {
            const retryAfterSeconds = 1 + Math.floor(amount * 60)
            return reply(sentAt + takes, { status: 429, body: {}, retryAfterSeconds })
          }
          const troubles = ['unusable', 'tiny life', 'doubtful'] as const
          const trouble = troubles.find((one) => one === fault?.kind)
          const refusals = server.refusals.length
          const answer = server.handle(request, { sentAt, send, trouble, amount })
          if (server.refusals.length > refusals) watching.refused()
          if (fault?.kind !== 'lost answer') return reply(sentAt + takes, answer)
          // Half of them break off, of the others nothing is ever heard.
          if (amount < 0.5)
            settleBroken(sentAt + takes, () => {
              if (!close('lost')) return
              invocation.pending -= 1
              reject(new TypeError('fetch failed'))
            })
        })
        const settleBroken = (at: number, run: () => void) => house.deliver(invocation.process, at, run)
      })
    }

  const insideOf = ({ process }: Invocation): Inside => process.inside as Inside

  /** The table answered at `at` by the true clock; the process asked and heard by its own. */
  const heard = (invocation: Invocation, at: number, calledAt: number) => {
    const own = (instant: number) => new Date(instant + invocation.process.skewMs)
    const date = new Date(Math.floor(at / 1000) * 1000)
    heardFromTable(insideOf(invocation), { date, sentAt: own(calledAt), receivedAt: own(now()) })
  }

  function surroundings(invocation: Invocation): Surroundings {
    const { process } = invocation
    return {
      gate: (port, kind, atOnce = []) =>
        new Proxy(port, {
          get: (target, name) => {
            const member: unknown = Reflect.get(target, name)
            if (typeof member !== 'function' || typeof name !== 'string' || atOnce.includes(name)) return member
            return (...args: unknown[]) =>
              portCall(invocation, kind, {
                method: name,
                args,
                apply: async () => Reflect.apply(member, target, args),
              })
          },
        }),
      now: () => new Date(now() + process.skewMs),
      sleep: (seconds) => {
        const { settle, gone } = awaiting(invocation, [])
        if (gone) return new Promise(() => {})
        return new Promise((resolve) => settle(now() + Math.max(1, Math.ceil(seconds * 1000)), resolve))
      },
      deadline: (seconds) => {
        const controller = new AbortController()
        house.deliver(process, now() + seconds * 1000, () => controller.abort(TIMED_OUT))
        return controller.signal
      },
      random: invocation.random,
      http: wire(invocation),
      timeLeft: () => (invocation.limitAt - now()) / 1000,
    }
  }

  /** One call of the function, from its event to its answer. */
  function invoke(op: Op, call: Call, answered: (answer: Answered) => void): void {
    const invocation = house.begin(op, faultsOf.get(op.id) ?? [], FUNCTION_SECONDS * 1000)
    log(() => `${nameOf(invocation)} begins in process ${op.process}`)
    watching.begun(invocation)
    house.deliver(invocation.process, now(), () => {
      const around = surroundings(invocation)
      const runtime = runtimeOf(world, insideOf(invocation), around)
      perform(call, { vendor, connection: op.connection }, runtime).then(
        ({ status, body, headers }) => {
          if (invocation.ended !== 'no') return
          const parsed: Record<string, unknown> = JSON.parse(body)
          const wait = headers['retry-after']
          const answer = {
            status,
            code: typeof parsed.code === 'string' ? parsed.code : undefined,
            body: parsed,
            retryAfterSeconds: wait === undefined ? undefined : Number(wait),
          }
          log(
            () =>
              `${nameOf(invocation)} answers ${status} ${answer.code ?? parsed.source ?? ''} ${parsed.access_token ?? ''}`,
          )
          if (typeof parsed.access_token === 'string') deliveries += 1
          watching.answered(invocation, answer)
          watching.ended(invocation)
          house.end(invocation)
          answered(answer)
        },
        (error: unknown) => {
          if (invocation.ended !== 'no') return
          violate('no-crash', error instanceof Error ? (error.stack ?? error.message) : String(error))
          watching.ended(invocation)
          house.end(invocation)
        },
      )
    })
  }

  const store = (connection: string, flavour: 'good' | 'bad' | 'malformed') => {
    const password = server.newPassword(connection, flavour === 'bad' ? 'bad' : 'good')
    world.secrets.replace(
      `${vendor.id}/${connection}`,
      flavour === 'malformed' ? { nonsense: true } : { account: connection, password },
    )
    passwords.set(connection, password)
    secrets.set(connection, flavour)
  }

  function start(op: Op): void {
    const { kind, connection, seconds = 60, flavour = 'good' } = op
    const none = () => {}
    switch (kind) {
      case 'new secret':
        log(() => `a ${flavour} secret is stored`)
        watching.around(op)
        store(connection, flavour === 'applied' ? 'good' : flavour)
        break
      case 'delete secret':
        log(() => 'the secret is deleted')
        watching.around(op)
        world.secrets.remove(`${vendor.id}/${connection}`)
        secrets.set(connection, 'deleted')
        break
      case 'refuse all':
        server.refusesAll = true
        log(() => 'the vendor refuses all credentials')
        break
      case 'table down':
      case 'secrets down':
      case 'vendor down':
        log(() => `${kind} for ${seconds} s`)
        windows.push({ kind, from: now(), to: now() + seconds * 1000, half: flavour === 'applied' })
        break
      case 'vend':
        invoke(op, { kind, minTtlSeconds: op.seconds }, none)
        break
      case 'report': {
        const value = watching.latest.get(connection)
        if (value !== undefined) invoke(op, { kind, rejected: fingerprintOf(value) }, none)
        break
      }
      case 'trial': {
        const version = `t${op.id}`
        const password = server.newPassword(connection, flavour === 'bad' ? 'bad' : 'good')
        world.secrets.propose(`${vendor.id}/${connection}`, version, { account: connection, password })
        proposals.set(version, password)
        invoke(op, { kind, version }, none)
        break
      }
      case 'consent':
        invoke(op, { kind }, ({ body }) => {
          const { state } = body
          if (typeof state !== 'string') return
          const finish: Op = { ...op, id: op.id + 0.5, kind: 'finish', process: (op.process + 1) % 3 }
          time.at(now() + 3000, () => {
            const code = server.newCode(connection)
            invoke(finish, { kind: 'finish', state, code }, ({ status }) => {
              if (status === 200) server.connected(connection)
            })
          })
        })
        break
      case 'finish':
        break
      default:
        invoke(op, { kind }, none)
        break
    }
  }

  /** A process of its own, after all that went wrong. */
  function probe(connection: string, number: number): void {
    const from = now()
    let allowance = RECOVERY_SECONDS * 1000
    const again = (tries: number) => {
      const op: Op = { id: 1e6 + number * 1000 + tries, at: now() - START, kind: 'vend', process: 3, connection }
      invoke(op, { kind: 'vend' }, (answer) => {
        const wait = Math.max(1, answer.retryAfterSeconds ?? 1) * 1000
        const tooLate = now() - from > Math.min(allowance, 30 * 60 * 1000)
        if (watching.probed(connection, answer, tooLate) === 'done') return
        // Waiting as told is no part of what it takes.
        if (answer.code !== 'busy' && answer.code !== 'store_unavailable') allowance += wait
        time.at(now() + wait, () => again(tries + 1))
      })
    }
    again(0)
  }

  for (const connection of plan.connections) store(connection, 'good')
  for (const op of plan.ops) time.at(START + op.at, () => start(op))
  const broken = () => until !== undefined && violations.some(({ promise }) => promise === until)
  await time.runUntil(START + plan.quietAt + 65_000, broken)
  if (plan.probes && !broken()) {
    plan.connections.slice(0, 4).forEach(probe)
    await time.runUntil(now() + 35 * 60 * 1000, broken)
  }
  const { kills, freezes, faults } = house.count
  return { violations, deliveries, vendorCalls: server.count.calls, kills, freezes, faults, trace }
}

/** Half of them are about as long as a lease, so that a function lives to see what came of it. */
const frozenMs = (amount: number): number => (amount < 0.5 ? 10_000 + amount * 18_000 : 60_000 * (amount * 2 - 1))

const TIMED_OUT = new DOMException('the operation timed out', 'TimeoutError')

const nameOf = ({ op, process }: Invocation): string => `p${process.number} ${op.kind} ${op.id}`

const fingerprintOf = (value: string): string => createHash('sha256').update(value).digest('hex').slice(0, 16)

const brief = (answer: unknown): string => {
  const text = JSON.stringify(answer) ?? 'done'
  return text.length > 160 ? `${text.slice(0, 160)}...` : text
}
