import { jest } from '@jest/globals'
import { CHECKS, type Row } from './checks.ts'
import { clientOf, oddClientOf } from './client.ts'
import { COMBINATIONS, nameOf } from './combination.ts'
import { deviationOf } from './run.ts'
import type { Running } from './server.ts'
import { SERVERS } from './servers.ts'

// Every description of a vendor against authorization servers that nobody here has written: `npm run matrix` prints it.

beforeAll(() => {
  // What a real installation would have to set they say on the console, some of it as soon as they are loaded.
  for (const level of ['info', 'warn', 'error'] as const) jest.spyOn(console, level).mockImplementation(() => {})
  // Jest has globals of its own, and what Node clones is of none of its classes: oidc-provider takes that for no plain object.
  jest.spyOn(globalThis, 'structuredClone').mockImplementation((value) => JSON.parse(JSON.stringify(value)))
})

afterAll(() => {
  jest.restoreAllMocks()
})

describe.each(SERVERS)('$name', (server) => {
  const offered = COMBINATIONS.filter((combination) => server.missing(combination) === undefined)
  let running: Running

  beforeAll(async () => {
    running = await server.start(offered.flatMap((combination) => [clientOf(combination), oddClientOf(combination)]))
  })

  afterAll(() => running.close())

  describe.each(offered.map((combination) => ({ name: nameOf(combination), combination })))('$name', (row) => {
    const { combination } = row
    const whole = (): Row => ({ server, running, combination })
    const checks = CHECKS.filter(({ isFor }) => isFor({ server, combination }))

    it.each(checks)('$name', async ({ name, expected, observe }) => {
      const { observed = expected, mendedBy: changes } = deviationOf(server, name, combination) ?? {}
      expect(await observe(whole())).toBe(observed)
      if (changes) expect(await observe({ ...whole(), changes })).toBe(expected)
    })
  })
})
