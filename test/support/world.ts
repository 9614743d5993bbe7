import * as z from 'zod/mini'
import { newMemory } from '../../functions/core/memory.ts'
import type { Observation } from '../../functions/core/observation.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import type { Inventory } from '../../functions/keeper/inventory.ts'
import { type Connection, keyOf, NAME } from '../../functions/kit/connection.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { secret } from '../../functions/kit/schema.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { MemoryPolicy, TablePolicy, TokenPolicy } from '../../functions/kit/token.ts'
import { type Context, defineVendor, type Issued, type Liveness, type Vendor } from '../../functions/kit/vendor.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import type { Notice } from '../../functions/notices/kinds.ts'
import { noticeListener } from '../../functions/notices/listen.ts'
import { memoryTable } from './memory-store.ts'

export const The = { now: new Date('2026-11-21T12:00:00Z'), connection: 'hq' }

/** So long a port may take that takes no time: a few turns of the event loop. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate)
}

/** A clock that stands still until everybody sleeps, and then moves to the first who wakes. */
export function stillClock(start = The.now) {
  let time = start.getTime()
  const sleepers: { at: number; wake: () => void }[] = []
  let isWaiting = false
  const moveOn = async () => {
    if (isWaiting) return
    isWaiting = true
    while (sleepers.length > 0) {
      await quiet()
      sleepers.sort((a, b) => a.at - b.at)
      const next = sleepers.shift()
      time = Math.max(time, next?.at ?? time)
      next?.wake()
    }
    isWaiting = false
  }
  return {
    now: () => new Date(time),
    sleep: (seconds: number) =>
      new Promise<void>((wake) => {
        sleepers.push({ at: time + seconds * 1000, wake })
        void moveOn()
      }),
    advance: (seconds: number) => {
      time += Math.round(seconds * 1000)
    },
  }
}

export type Clock = ReturnType<typeof stillClock>

/** What the made-up vendor does when it is called. */
export type Script = (context: Context, refreshToken: Secret | undefined, call: number) => Promise<Issued> | Issued

interface VendorOptions {
  readonly id?: string
  readonly policy?: Partial<TablePolicy> | Partial<MemoryPolicy>
  readonly script?: Script
  readonly holdsToken?: true
  /** A person has to consent; a code that comes back gets what the script gives. */
  readonly consent?: true
  /** What becomes of a static token that is shown to the vendor. */
  readonly liveness?: (password: string) => Liveness | Promise<Liveness>
}

/** A vendor made up for the tests of the engine: counts its calls and does what the script says. */
export function fakeVendor({
  id = 'acme',
  policy,
  script = gives({}),
  holdsToken,
  consent,
  liveness,
}: VendorOptions = {}) {
  const calls: { refreshToken?: string; password: string; at: Date }[] = []
  let current = script
  const vendor: Vendor = defineVendor({
    id,
    title: 'Acme',
    hosts: ['acme.example'],
    credentials: z.object({ password: secret }),
    // The cast is safe: what a test overrides belongs to the storage it names.
    tokens: { storage: 'table', maxLifeSeconds: 7 * 24 * 3600, ...policy } as TokenPolicy,
    rotation: { credential: 'password', before: ['Make a new password.'], after: [] },
    ...(holdsToken && { isStatic: () => true }),
    ...(consent && {
      authorization: {
        url: async (_, { state }) => new URL(`https://acme.example/auth?state=${state}`),
        tokenEndpoint: async () => new URL('https://acme.example/token'),
        exchange: async (_, _code, context) => current(context, undefined, calls.length + 1),
      },
    }),
    ...(liveness && { liveness: async ({ password }) => liveness(password.reveal()) }),
    issue: async ({ password }, refreshToken, context) => {
      const at = context.now()
      calls.push({ password: password.reveal(), at, ...(refreshToken && { refreshToken: refreshToken.reveal() }) })
      return current(context, refreshToken, calls.length)
    },
  })
  return {
    vendor,
    connection: { vendor, name: The.connection },
    calls,
    will: (next: Script) => {
      current = next
    },
  }
}

interface Gift {
  readonly lifeSeconds?: number
  readonly refreshToken?: string
  readonly name?: string
  /** From when it was asked until the end of the grant that the vendor states. */
  readonly grantSeconds?: number
}

/** Gives token t1 at the first call, t2 at the second, and so on. */
export const gives =
  ({ lifeSeconds = 3600, refreshToken, name = 't', grantSeconds }: Gift): Script =>
  (context, _held, call) => {
    const issuedAt = context.now()
    return {
      accessToken: {
        value: new Secret(`${name}${call}`),
        issuedAt,
        expiresAt: secondsAfter(issuedAt, lifeSeconds),
        context: { api_base_url: 'https://acme.example' },
      },
      ...(refreshToken && { refreshToken: new Secret(`${refreshToken}${call}`) }),
      ...(grantSeconds !== undefined && { grantEndsAt: secondsAfter(issuedAt, grantSeconds) }),
    }
  }

export const refuses =
  (...error: ConstructorParameters<typeof VendingError>): Script =>
  () => {
    throw new VendingError(...error)
  }

/** Secrets that can be replaced; versions count up. */
export function fakeSecrets(now: () => Date, documents: Record<string, unknown> = { 'acme/hq': { password: 'p1' } }) {
  const secrets = new Map(Object.entries(documents).map(([name, document]) => [name, { document, version: 'v1' }]))
  const versions = new Map([...secrets].map(([name, credentials]) => [`${name} v1`, credentials]))
  const counts = new Map<string, number>()
  let reads = 0
  return {
    reads: () => reads,
    /** Also of a secret that was removed: its versions do not start again. */
    replace: (name: string, document: unknown) => {
      const count = (counts.get(name) ?? Number(secrets.get(name)?.version.slice(1) ?? 0)) + 1
      counts.set(name, count)
      const credentials = { document, version: `v${count}` }
      secrets.set(name, credentials)
      versions.set(`${name} ${credentials.version}`, credentials)
    },
    /** An earlier version is the current one again. */
    rollback: (name: string, version: string) => {
      const credentials = versions.get(`${name} ${version}`)
      if (credentials) secrets.set(name, credentials)
    },
    remove: (name: string) => {
      secrets.delete(name)
    },
    /** A version that is there, but not the current one. */
    propose: (name: string, version: string, document: unknown) => {
      versions.set(`${name} ${version}`, { document, version })
    },
    /** By the names that they were made under, the newest first. */
    inventory: (): Inventory => ({
      stored: async (vendor, limit) => {
        const named = [...secrets.keys()].reverse().filter((name) => name.startsWith(`${vendor.id}/`))
        const connections = named.map((name) => ({ vendor, name: name.slice(vendor.id.length + 1) }))
        return connections.filter(({ name }) => NAME.test(name)).slice(0, limit)
      },
    }),
    /** What one process sees of them. */
    source: (): Runtime['credentials'] => {
      const cache = new Map<string, { credentials: { document: unknown; version: string }; at: number }>()
      return {
        read: async (connection, maxAgeSeconds) => {
          const name = nameOf(connection)
          const cached = cache.get(name)
          if (cached && now().getTime() - cached.at < maxAgeSeconds * 1000) return cached.credentials
          reads += 1
          const credentials = secrets.get(name)
          if (!credentials) throw new VendingError('unknown_connection', `there is no secret vendomat/${name}`)
          cache.set(name, { credentials, at: now().getTime() })
          return credentials
        },
        readVersion: async (connection, version) => versions.get(`${nameOf(connection)} ${version}`),
        known: (connection) => cache.get(nameOf(connection))?.credentials.version,
      }
    },
  }
}

/** The name of a connection's secret. */
const nameOf = (connection: Connection): string => keyOf(connection).replace('#', '/')

/** A port whose named method fails, as often as told. */
export function broken<P extends object>(port: P, method: keyof P, times = 1): P {
  let left = times
  return new Proxy(port, {
    get: (target, name, receiver) => {
      if (name !== method || left === 0) return Reflect.get(target, name, receiver)
      left -= 1
      return async () => {
        throw new VendingError('store_unavailable', 'the table of this machine does not answer')
      }
    },
  })
}

/** One machine: a table, secrets, a clock, and as many processes as a test wants. */
export function world(overrides: Partial<Machine> = {}) {
  const clock = stillClock()
  const secrets = fakeSecrets(clock.now)
  const table = memoryTable()
  const { ledger, ...ports } = table
  const notices: Notice[] = []
  const observations: Observation[] = []
  const notify = async (notice: Notice) => {
    notices.push(notice)
    return true
  }
  const hearForNotices = noticeListener({ ledger, notify, now: clock.now, credentials: secrets.source() })
  const process = (): Machine => ({
    ...ports,
    credentials: secrets.source(),
    inventory: secrets.inventory(),
    http: () => Promise.reject(new Error('the engine does not call by itself')),
    allowedHosts: [],
    secretPrefix: 'vendomat',
    restAfterDays: 14,
    memory: newMemory(),
    now: clock.now,
    timeLeft: () => Number.POSITIVE_INFINITY,
    sleep: clock.sleep,
    deadline: () => new AbortController().signal,
    random: () => 0.5,
    observe: async (observation) => {
      observations.push(observation)
      await hearForNotices(observation)
    },
    ...overrides,
  })
  /** A process whose function is ended after so many seconds. */
  const processFor = (seconds: number): Machine => {
    const endsAt = secondsAfter(clock.now(), seconds)
    return { ...process(), timeLeft: () => secondsBetween(clock.now(), endsAt) }
  }
  return { ...table, clock, secrets, notices, observations, process, processFor }
}
