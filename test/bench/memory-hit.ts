import { openSync, writeSync } from 'node:fs'
import { devNull } from 'node:os'
import { OAuth2Client } from 'google-auth-library'
import { vend } from '../../functions/core/vend.ts'
import { vendors } from '../../functions/vendors.ts'
import { machine } from '../processes/machine.ts'
import { median, ratioOf, say } from './figures.ts'
import type { BenchResult } from './result.ts'
import { tokenEndpoint } from './token-endpoint.ts'

const PAIRS = 15
const CALLS = 2000

/**
 * A vend from the process's own copy: the engine alone, and through the handler with its audit line, beside the cached
 * token of a library. What is bought with the difference is a signed caller, an audit line, and a revoke within 5 seconds.
 */
export async function run(): Promise<BenchResult> {
  const m = await machine()
  const endpoint = await tokenEndpoint()
  m.environment.VENDOMAT_SIMULATOR_URL = endpoint.url
  Object.assign(process.env, m.environment)
  await m.createAccelo('hq')
  const connection = { vendor: vendors.accelo, name: 'hq' }
  const runtime = m.runtime('accelo')
  const { handler } = await import('../../functions/accelo/handler.ts')
  const event = {
    ...{ httpMethod: 'GET', resource: '/tokens/accelo/{connection}', path: '/tokens/accelo/hq' },
    pathParameters: { connection: 'hq' },
    ...{ multiValueQueryStringParameters: null, body: null, isBase64Encoded: false, headers: {} },
    requestContext: { requestId: '6e1b1c1e-7d1b', identity: { userArn: 'arn:aws:iam::000000000000:user/laptop' } },
  }
  const context = { getRemainingTimeInMillis: () => 20_000 }
  // The casts are safe: the handler reads these members of event and context and no other.
  const invoke = handler as unknown as (given: object, of: object) => Promise<{ readonly statusCode: number }>
  const google = new OAuth2Client({
    clientId: 'a',
    clientSecret: 's',
    endpoints: { oauth2TokenUrl: `${endpoint.url}/t` },
  })
  google.setCredentials({ refresh_token: 'r' })

  const ways = {
    engine: () => vend({ connection, minTtlSeconds: 0 }, runtime),
    handler: async () => {
      const { statusCode } = await invoke(event, context)
      if (statusCode !== 200) throw new Error(`the handler answered ${statusCode}`)
    },
    google: () => google.getAccessToken(),
  }
  const restore = quietly()
  const measured = { engine: [] as Figures[], handler: [] as Figures[], google: [] as Figures[] }
  for (let pair = 0; pair <= PAIRS; pair++) {
    for (const way of ['google', 'engine', 'handler'] as const) {
      // Asks the table where the copy is old, so that what is measured is the copy alone.
      await ways[way]()
      const figures = await measure(ways[way])
      if (pair > 0) measured[way].push(figures)
    }
  }
  restore()
  say(`${PAIRS} rounds of ${CALLS} calls each`)
  await Promise.all([m.close(), endpoint.close()])

  const cpu = (way: keyof typeof measured) => median(measured[way].map(({ cpuMicroseconds }) => cpuMicroseconds))
  const against = (way: 'engine' | 'handler') =>
    ratioOf(measured[way].map(({ cpuMicroseconds }, i) => cpuMicroseconds / (measured.google[i]?.cpuMicroseconds ?? 1)))
  const p50 = (way: keyof typeof measured) => median(measured[way].map(({ p50 }) => p50))
  const baseline = 'google-auth-library, cached'
  return {
    name: 'memory-hit',
    rows: [
      { case: 'engine: CPU', value: cpu('engine'), unit: 'µs', baseline, ratio: against('engine') },
      { case: 'engine: p50', value: p50('engine'), unit: 'µs' },
      { case: 'handler with its audit line: CPU', value: cpu('handler'), unit: 'µs', goal: { most: 50 } },
      { case: 'handler with its audit line: p50', value: p50('handler'), unit: 'µs' },
      { case: 'google-auth-library, cached: CPU', value: cpu('google'), unit: 'µs' },
      { case: 'google-auth-library, cached: p50', value: p50('google'), unit: 'µs' },
    ],
  }
}

interface Figures {
  readonly cpuMicroseconds: number
  readonly p50: number
}

async function measure(call: () => Promise<unknown>): Promise<Figures> {
  const times: number[] = []
  const before = process.cpuUsage()
  for (let i = 0; i < CALLS; i++) {
    const startedAt = performance.now()
    await call()
    times.push((performance.now() - startedAt) * 1000)
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuMicroseconds: (user + system) / CALLS, p50: median(times) }
}

/** Writes audit lines where nobody reads them, in the same way. */
function quietly(): () => void {
  const nowhere = openSync(devNull, 'w')
  const { write } = process.stdout
  process.stdout.write = (chunk: string | Uint8Array) => {
    if (typeof chunk === 'string') writeSync(nowhere, chunk)
    return true
  }
  return () => {
    process.stdout.write = write
  }
}
