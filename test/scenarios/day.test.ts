import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import { Secret } from '../../functions/core/secret.ts'
import type { HeldToken } from '../../functions/core/store.ts'
import { dueAt, secondsAfter, secondsBetween } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Vendor } from '../../functions/core/vendor.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { vendors } from '../../functions/vendors.ts'
import { acceloClients, acceloDeployment } from '../../lib/local/simulators/accelo.ts'
import { accessiaIntegration } from '../../lib/local/simulators/accessia.ts'
import { clearidKeyFiles } from '../../lib/local/simulators/clearid.ts'
import { issueIobeyaToken } from '../../lib/local/simulators/iobeya.ts'
import { netrexApplication } from '../../lib/local/simulators/netrex.ts'
import { simulatedVendors } from '../support/simulated-vendors.ts'
import { world } from '../support/world.ts'

const DAY_SECONDS = 24 * 60 * 60
const { accelo, accessia, clearid, iobeya, netrex } = vendors

const documentsAt = (now: Date): Readonly<Record<string, object>> => ({
  accelo: {
    deployment: acceloDeployment,
    client_id: acceloClients.hq.clientId,
    client_secret: acceloClients.hq.clientSecret,
  },
  accessia: {
    authentication_url: accessiaIntegration.authenticationUrl,
    integration_id: accessiaIntegration.integrationId,
    secret: accessiaIntegration.secret,
  },
  clearid: clearidKeyFiles.demo(),
  iobeya: { token: issueIobeyaToken(300, now), api_url: 'https://acme.api.iobeya.com' },
  netrex: {
    host: 'system2.netrex.cz',
    client_id: netrexApplication.clientId,
    client_secret: netrexApplication.clientSecret,
  },
})

interface Place {
  readonly vendor: Vendor
  readonly connection: string
}

/** A machine of five simulated vendors with so many connections of each, whose schedules run every minute. */
async function machine(counts: readonly (readonly [Vendor, number])[]) {
  const w = world()
  const { clock, secrets, store } = w
  const simulated = simulatedVendors(clock.now)
  const processes = new Map<string, Runtime>()
  const newProcess = (): Runtime => ({ ...w.process(), http: simulated.http })
  /** The schedule and the callers of one vendor share a process, as they do while one is enough. */
  const processOf = ({ id }: Vendor): Runtime => {
    const process = processes.get(id) ?? newProcess()
    processes.set(id, process)
    return process
  }
  const places: Place[] = counts.flatMap(([vendor, count]) =>
    Array.from({ length: count }, (_, i) => ({ vendor, connection: `site-${i}` })),
  )
  const documents = documentsAt(clock.now())
  const ask = (place: Place) => vend({ ...place, minTtlSeconds: 0 }, processOf(place.vendor))
  for (const place of places) {
    const { vendor, connection } = place
    secrets.replace(`${vendor.id}/${connection}`, documents[vendor.id])
    if (vendor === netrex) await consent(place, newProcess())
    await ask(place)
  }
  const startedAt = clock.now()
  /** Lets the clock go to that second of the day, if a sweep has not taken it further already. */
  const goTo = (second: number) => {
    clock.advance(Math.max(0, secondsBetween(clock.now(), secondsAfter(startedAt, second))))
  }
  return {
    clock,
    places,
    ask,
    calls: simulated.calls,
    measures: w.measures,
    goTo,
    /** The schedules run at that second. */
    sweepAt: async (second: number) => {
      goTo(second)
      for (const vendor of new Set(places.map((place) => place.vendor))) {
        const seconds = vendor.tokens.rotates ? 28 : 20
        await renewDue(vendor, processOf(vendor), secondsAfter(clock.now(), seconds))
      }
    },
    held: async ({ vendor, connection }: Place): Promise<HeldToken | undefined> => {
      const key = `${vendor.id}#${connection}`
      const inMemory = vendor.tokens.keep === 'memory' && processOf(vendor).memory.copies.get(key)?.token
      return inMemory || (await store.read(key)).token
    },
  }
}

/** What a person does in the browser. */
async function consent(place: Place, runtime: Runtime): Promise<void> {
  const redirectUri = 'http://127.0.0.1:1/callback'
  const { authorizationUrl, state } = await beginConsent(place, redirectUri, runtime)
  const answer = await runtime.http(`${authorizationUrl}&decision=allow`, { redirect: 'manual' })
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  await finishConsent(place, { state, code: new Secret(code) }, runtime)
}

it('a day without callers, 200 connections: every renewable token is fresh at every minute, one vendor call a life, each in its window', async () => {
  const { places, sweepAt, held, clock, calls, ask } = await machine([
    [accelo, 60],
    [accessia, 60],
    [netrex, 60],
    [clearid, 10],
    [iobeya, 10],
  ])
  expect(places).toHaveLength(200)
  const renewable = places.filter(({ vendor }) => vendor !== iobeya)
  const last = new Map<Place, HeldToken>()
  for (const place of renewable) {
    const token = await held(place)
    if (token) last.set(place, token)
  }
  expect(last.size).toBe(190)
  calls.length = 0
  const lives: Record<string, number> = {}
  for (let minute = 1; minute <= 24 * 60; minute++) {
    await sweepAt(minute * 60)
    for (const place of renewable) {
      const token = await held(place)
      const before = last.get(place)
      if (!token || !before) throw new Error(`${place.vendor.id}/${place.connection} holds no token`)
      // Not ageing: nobody who asks now would have to wait for the vendor.
      if (clock.now() >= token.refreshAt) throw new Error(`${place.vendor.id}/${place.connection} is not fresh`)
      if (token.accessToken.value.fingerprint === before.accessToken.value.fingerprint) continue
      const { issuedAt } = token.accessToken
      if (issuedAt < dueAt(before) || issuedAt >= before.refreshAt) throw new Error('renewed outside of its window')
      last.set(place, token)
      lives[place.vendor.id] = (lives[place.vendor.id] ?? 0) + 1
    }
  }
  const made: Record<string, number> = {}
  for (const { vendor } of calls) made[vendor] = (made[vendor] ?? 0) + 1
  expect(made).toEqual(lives)
  // A day has 24 hours of which a token of one hour is renewed after about 45 minutes, one of 6 h after about 4.8 h.
  expect(lives).toMatchObject({ accelo: expect.any(Number), accessia: expect.any(Number), netrex: expect.any(Number) })
  expect(lives.netrex).toBeGreaterThan(60 * 27)
  expect(lives.clearid).toBeGreaterThan(10 * 44)
  for (const place of places) expect((await ask(place)).source).toBe('cache')
}, 120_000)

it('a day with a caller every second: nobody but the first has waited for a vendor', async () => {
  const { places, sweepAt, goTo, ask, measures, calls } = await machine([
    [accelo, 1],
    [accessia, 1],
    [netrex, 1],
    [clearid, 1],
    [iobeya, 1],
  ])
  measures.length = 0
  const before = calls.length
  const sources = new Map<string, number>()
  for (let second = 1; second <= DAY_SECONDS; second++) {
    if (second % 60 === 0) await sweepAt(second)
    else goTo(second)
    for (const place of places) {
      const { source } = await ask(place)
      sources.set(source, (sources.get(source) ?? 0) + 1)
    }
  }
  expect([...sources]).toEqual([['cache', DAY_SECONDS * places.length]])
  expect(measures.filter(({ kind }) => kind === 'lease_wait')).toEqual([])
  expect(calls.length - before).toBeGreaterThan(27 + 44)
}, 120_000)
