import { acceloClients, acceloDeployment } from '../../functions/accelo/simulator.ts'
import { accessiaIntegration } from '../../functions/accessia/simulator.ts'
import { clearidKeyFiles } from '../../functions/clearid/simulator.ts'
import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import type { HeldToken } from '../../functions/core/store.ts'
import { vend } from '../../functions/core/vend.ts'
import { INVOCATION_SECONDS } from '../../functions/environment.ts'
import { issueIobeyaToken } from '../../functions/iobeya/simulator.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { type Connection, keyOf } from '../../functions/kit/connection.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import { sweepAt } from '../../functions/kit/token.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { netrexApplication } from '../../functions/netrex/simulator.ts'
import { vendors } from '../../functions/vendors.ts'
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

/** A machine of five simulated vendors with so many connections of each, whose schedules run every minute. */
async function machine(counts: readonly (readonly [Vendor, number])[]) {
  const w = world()
  const { clock, secrets, tokens } = w
  const simulated = simulatedVendors(clock.now)
  const processes = new Map<string, Machine>()
  const newProcess = (): Machine => ({ ...w.process(), http: simulated.http })
  /** The schedule and the callers of one vendor share a process, as they do while one is enough. */
  const processOf = ({ id }: Vendor): Machine => {
    const process = processes.get(id) ?? newProcess()
    processes.set(id, process)
    return process
  }
  const places: Connection[] = counts.flatMap(([vendor, count]) =>
    Array.from({ length: count }, (_, i) => ({ vendor, name: `site-${i}` })),
  )
  const documents = documentsAt(clock.now())
  const ask = (place: Connection) => vend({ connection: place, minTtlSeconds: 0 }, processOf(place.vendor))
  for (const place of places) {
    const { vendor, name } = place
    secrets.replace(`${vendor.id}/${name}`, documents[vendor.id])
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
    observations: w.observations,
    goTo,
    /** The schedules run at that second. */
    sweep: async (second: number) => {
      goTo(second)
      for (const vendor of new Set(places.map((place) => place.vendor))) {
        const { timeLeft } = w.processFor(INVOCATION_SECONDS.task)
        await renewDue(vendor, { ...processOf(vendor), timeLeft })
      }
    },
    held: async (place: Connection): Promise<HeldToken | undefined> => {
      const { vendor } = place
      const inMemory = vendor.tokens.storage === 'memory' && processOf(vendor).memory.copies.get(keyOf(place))?.token
      return inMemory || (await tokens.read(place)).token
    },
  }
}

/** What a person does in the browser. */
async function consent(place: Connection, runtime: Machine): Promise<void> {
  const redirectUri = netrexApplication.redirectUri
  const { authorizationUrl, state } = await beginConsent(place, { redirectUri, begunBy: 'ada' }, runtime)
  const answer = await runtime.http(`${authorizationUrl}&decision=allow`, { redirect: 'manual' })
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  await finishConsent(place, { state, code: new Secret(code) }, runtime)
}

it('a day without callers, 200 connections: every renewable token is fresh at every minute, one vendor call a life, each in its window', async () => {
  const { places, sweep, held, clock, calls, ask } = await machine([
    [accelo, 60],
    [accessia, 60],
    [netrex, 60],
    [clearid, 10],
    [iobeya, 10],
  ])
  expect(places).toHaveLength(200)
  const renewable = places.filter(({ vendor }) => vendor !== iobeya)
  const last = new Map<Connection, HeldToken>()
  for (const place of renewable) {
    const token = await held(place)
    if (token) last.set(place, token)
  }
  expect(last.size).toBe(190)
  calls.length = 0
  const lives: Record<string, number> = {}
  for (let minute = 1; minute <= 24 * 60; minute++) {
    await sweep(minute * 60)
    for (const place of renewable) {
      const token = await held(place)
      const before = last.get(place)
      if (!token || !before) throw new Error(`${keyOf(place)} holds no token`)
      // Not ageing: nobody who asks now would have to wait for the vendor.
      if (clock.now() >= token.refreshAt) throw new Error(`${keyOf(place)} is not fresh`)
      if (token.accessToken.value.reveal() === before.accessToken.value.reveal()) continue
      const { issuedAt } = token.accessToken
      if (issuedAt < sweepAt(before) || issuedAt >= before.refreshAt) throw new Error('renewed outside of its window')
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
  const { places, sweep, goTo, ask, observations, calls } = await machine([
    [accelo, 1],
    [accessia, 1],
    [netrex, 1],
    [clearid, 1],
    [iobeya, 1],
  ])
  observations.length = 0
  const before = calls.length
  const sources = new Map<string, number>()
  for (let second = 1; second <= DAY_SECONDS; second++) {
    if (second % 60 === 0) await sweep(second)
    else goTo(second)
    for (const place of places) {
      const { source } = await ask(place)
      sources.set(source, (sources.get(source) ?? 0) + 1)
    }
  }
  expect([...sources]).toEqual([['cache', DAY_SECONDS * places.length]])
  expect(observations.filter(({ kind }) => kind === 'waited')).toEqual([])
  expect(calls.length - before).toBeGreaterThan(27 + 44)
}, 120_000)
