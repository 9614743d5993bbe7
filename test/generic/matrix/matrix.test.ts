import { jest } from '@jest/globals'
import { COMBINATIONS, nameOf } from './combination.ts'
import { checksOf, offeredBy, seen, started } from './run.ts'
import type { Running } from './server.ts'
import { SERVERS } from './servers.ts'

// Descriptions of vendors against authorization servers that nobody here has written. `npm run matrix` prints what comes of it.

beforeAll(() => {
  // What a real installation would have to set they say on the console, some of it as soon as they are loaded.
  for (const level of ['info', 'warn', 'error'] as const) jest.spyOn(console, level).mockImplementation(() => {})
  // Jest has globals of its own, and what Node clones is of none of its classes: oidc-provider takes that for no plain object.
  jest.spyOn(globalThis, 'structuredClone').mockImplementation((value) => JSON.parse(JSON.stringify(value)))
})

afterAll(() => {
  jest.restoreAllMocks()
})

it('has every grant and client authentication that a description knows on two servers of other authors or more', () => {
  for (const combination of COMBINATIONS) {
    const servers = SERVERS.filter((server) => server.missing(combination) === undefined)
    const isConfidential = combination.grant === 'client_credentials' && combination.way === 'none'
    if (isConfidential) expect(servers).toEqual([])
    else expect(servers.length).toBeGreaterThan(1)
  }
})

describe.each(SERVERS)('$name', (server) => {
  let running: Running

  beforeAll(async () => {
    running = await started(server)
  })

  afterAll(() => running.close())

  const rows = offeredBy(server).map((combination) => ({ name: nameOf(combination), combination }))
  describe.each(rows)('$name', ({ combination }) => {
    it.each(checksOf({ server, combination }))('$name', async (check) => {
      const { observed, expected } = await seen(check, { server, running, combination })
      expect(observed).toBe(expected)
    })
  })

  it('has no deviation that no check shows', () => {
    const shown = rows.flatMap(({ combination }) =>
      checksOf({ server, combination }).map(({ name }) => ({ name, combination })),
    )
    for (const { check, on = () => true } of server.deviations)
      expect(shown.some(({ name, combination }) => name === check && on(combination))).toBe(true)
  })
})
