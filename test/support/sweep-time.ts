import { newMemory } from '../../functions/core/memory.ts'
import { vend } from '../../functions/core/vend.ts'
import { INVOCATION_SECONDS } from '../../functions/environment.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { marginSeconds } from '../../functions/kit/token.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { type Random, random, scheduler } from '../model/scheduler.ts'
import { memoryTable } from './memory-store.ts'
import { fakeSecrets, fakeVendor, type Script } from './world.ts'

/** Connections of one vendor whose tokens live an hour, and a sweep each minute. */
export interface Town {
  readonly connections: number
  /** What the vendor takes on average; each call half of it to one and a half. */
  readonly vendorSeconds: number
  readonly refreshTokens?: 'single-use'
  /** How long to look on, from the first token. */
  readonly hours: number
  /** The first tokens come over so long. @default 40 minutes, a little less than until they are due */
  readonly firstWithinSeconds?: number
  /** When there is a sweep for the first time. @default in the first minute */
  readonly sweepsFromSeconds?: number
  /** @default the time of a task */
  readonly functionSeconds?: number
}

/** What became of their tokens. */
export interface Kept {
  readonly renewals: number
  /** Tokens that were in their margin, or had ended, before there was another. */
  readonly ended: number
  /** Of all the minutes the one with the most renewals. */
  readonly mostInAMinute: number
  readonly mostAtOnce: number
  /** Calls of the table for each renewal, but for the query of what is due, which all share. */
  readonly callsPerRenewal: number
  readonly longestSweepSeconds: number
  /** Sweeps that said that they do not keep up. */
  readonly faults: number
}

const START = Date.parse('2026-11-21T12:00:00Z')
const LIFE_SECONDS = 3600
/** One way to the table and back, and to the secret. */
const TABLE_SECONDS = 0.005
const SECRET_SECONDS = 0.015

/** Runs the real keeper and engine over a table in memory, in virtual time. */
export async function keepTown(town: Town): Promise<Kept> {
  const { firstWithinSeconds = 40 * 60, sweepsFromSeconds = 30, functionSeconds = INVOCATION_SECONDS.task } = town
  const singleUse = town.refreshTokens === 'single-use'
  const time = scheduler(START)
  const now = () => new Date(time.now())
  const sleep = (seconds: number) =>
    new Promise<void>((wake) => time.at(time.now() + Math.max(1, Math.round(seconds * 1000)), wake))
  const dice = random(town.connections)
  const count = { calls: 0, ended: 0, renewals: 0, atOnce: 0, mostAtOnce: 0, longestMs: 0, faults: 0 }
  const minutes = new Map<number, number>()
  const ends = new Map<string, number>()

  /** Takes its time for a renewal; a first token is there at once, and counts for nothing. */
  const renewing = async (before: number): Promise<void> => {
    count.atOnce += 1
    count.mostAtOnce = Math.max(count.mostAtOnce, count.atOnce)
    await sleep(town.vendorSeconds * (0.5 + dice()))
    count.atOnce -= 1
    count.renewals += 1
    if (time.now() >= before) count.ended += 1
    const minute = Math.floor(time.now() / 60_000)
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
  }
  const script: Script = async () => {
    const name = calls.at(-1)?.password ?? ''
    calls.length = 0
    const issuedAt = now()
    const before = ends.get(name)
    if (before !== undefined) await renewing(before)
    const expiresAt = secondsAfter(issuedAt, LIFE_SECONDS)
    const accessToken = { value: new Secret(`${name} ${time.now()}`), issuedAt, expiresAt, context: {} }
    ends.set(name, expiresAt.getTime() - marginSeconds(accessToken) * 1000)
    return { accessToken, ...(singleUse && { refreshToken: new Secret(`next ${name} ${time.now()}`) }) }
  }
  const { vendor, calls } = fakeVendor({ script, ...(singleUse && { policy: { singleUseRefreshToken: true } }) })
  const secrets = fakeSecrets(now, {})
  const { ledger: _, ...table } = memoryTable()

  /** A port that takes its time, and counts. */
  const far = <P extends object>(port: P, seconds: number, counts: boolean): P =>
    new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function' || name === 'known') return method
        return async (...given: unknown[]) => {
          if (counts && name !== 'due') count.calls += 1
          await sleep(seconds)
          return method.apply(target, given)
        }
      },
    })
  const near = (): Machine =>
    machineOf({ ...table, credentials: secrets.source(), inventory: secrets.inventory() }, { now, sleep, dice })
  const newProcess = (): Machine => {
    const ports = {
      ...table,
      tokens: far(table.tokens, TABLE_SECONDS, true),
      registry: far(table.registry, TABLE_SECONDS, true),
      allowance: far(table.allowance, TABLE_SECONDS, true),
      credentials: far(secrets.source(), SECRET_SECONDS, false),
      inventory: secrets.inventory(),
    }
    const observe: Machine['observe'] = async (observation) => {
      if (observation.kind === 'swept' && observation.fault !== undefined) count.faults += 1
    }
    return { ...machineOf(ports, { now, sleep, dice }), observe }
  }

  const first = near()
  for (let i = 0; i < town.connections; i++) {
    const name = `site-${i}`
    secrets.replace(`${vendor.id}/${name}`, { password: name })
    time.at(START + (firstWithinSeconds * 1000 * i) / town.connections, () => {
      void vend({ connection: { vendor, name }, minTtlSeconds: 0 }, first)
    })
  }
  const idle: Machine[] = []
  const sweep = async (): Promise<void> => {
    const process = idle.pop() ?? newProcess()
    const startedAt = time.now()
    await renewDue(vendor, { ...process, timeLeft: () => functionSeconds - (time.now() - startedAt) / 1000 })
    count.longestMs = Math.max(count.longestMs, time.now() - startedAt)
    idle.push(process)
  }
  const endsAt = START + town.hours * 3600_000
  const faults: unknown[] = []
  for (let at = START + sweepsFromSeconds * 1000; at < endsAt; at += 60_000)
    time.at(at, () => void sweep().catch((error: unknown) => faults.push(error)))
  await time.runUntil(endsAt, () => faults.length > 0)
  if (faults.length > 0) throw faults[0]
  for (const end of ends.values()) if (end <= endsAt) count.ended += 1
  return {
    renewals: count.renewals,
    ended: count.ended,
    mostInAMinute: Math.max(0, ...minutes.values()),
    mostAtOnce: count.mostAtOnce,
    callsPerRenewal: count.renewals === 0 ? 0 : count.calls / count.renewals,
    longestSweepSeconds: count.longestMs / 1000,
    faults: count.faults,
  }
}

type Ports = Pick<
  Machine,
  'tokens' | 'registry' | 'directory' | 'rounds' | 'allowance' | 'consents' | 'credentials' | 'inventory'
>

const machineOf = (
  ports: Ports,
  { now, sleep, dice }: Pick<Machine, 'now' | 'sleep'> & { readonly dice: Random },
): Machine => ({
  ...ports,
  http: () => Promise.reject(new Error('the engine does not call by itself')),
  allowedHosts: [],
  secretPrefix: 'vendomat',
  restAfterDays: 14,
  memory: newMemory(),
  now,
  timeLeft: () => Number.POSITIVE_INFINITY,
  sleep,
  deadline: () => new AbortController().signal,
  random: dice,
  observe: async () => {},
})
