import type { Fault, Op, Plan, VendorKind } from './plan.ts'

/** A story told by hand, for what seeds meet too seldom. */
export interface Directed {
  readonly title: string
  readonly plan: Plan
}

type Step = Omit<Op, 'id' | 'connection' | 'at'> & { readonly atSeconds: number; readonly faults?: readonly Hit[] }
type Hit = Omit<Fault, 'op'>

const hit = (kind: Fault['kind'], amount: number, index = 0): Hit => ({ kind, amount, index })

function story(title: string, vendor: VendorKind, steps: readonly Step[], lifeSeconds = 300): Directed {
  const consent: readonly Step[] = vendor === 'rotating' ? [{ atSeconds: 0, kind: 'consent', process: 0 }] : []
  const all = [...consent, ...steps]
  const plan: Plan = {
    seed: 1,
    scenario: 'directed',
    vendor,
    connections: ['c0'],
    lifeSeconds,
    vendorMs: 500,
    tableMs: 4,
    skews: [0, 0, 0, 0],
    quietAt: 900_000,
    probes: true,
    ops: all.map(({ atSeconds, faults: _, ...step }, index) => ({
      ...step,
      id: index + 1,
      at: atSeconds * 1000,
      connection: 'c0',
    })),
    faults: all.flatMap(({ faults = [] }, index) => faults.map((fault) => ({ ...fault, op: index + 1 }))),
  }
  return { title, plan }
}

/** The ageing part of a token of 300 s begins at 80 % of its life, give or take 5. */
const AGEING = 270

export const DIRECTED: readonly Directed[] = [
  story('a renewal that fails after a revoke gives no token from before it', 'lenient', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: AGEING, kind: 'vend', process: 0, faults: [hit('slow vendor', 1)] },
    { atSeconds: AGEING + 1, kind: 'revoke', process: 1 },
  ]),
  story('a token in memory from before a revoke is given out no longer than 5 s after it', 'memory', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: 200, kind: 'vend', process: 0, faults: [hit('slow vendor', 0.28)] },
    { atSeconds: 200.5, kind: 'revoke', process: 1 },
    { atSeconds: 212, kind: 'vend', process: 0 },
  ]),
  story('enable does not have a dead refresh token sent again', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: AGEING, kind: 'vend', process: 0, faults: [hit('lost answer', 0.2)] },
    { atSeconds: AGEING + 40, kind: 'vend', process: 0 },
    { atSeconds: AGEING + 200, kind: 'disable', process: 1 },
    { atSeconds: AGEING + 205, kind: 'new secret', process: 0 },
    { atSeconds: AGEING + 210, kind: 'enable', process: 1 },
    { atSeconds: AGEING + 220, kind: 'vend', process: 2 },
  ]),
  story('a trial does not make a dead refresh token one that was never sent', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: AGEING, kind: 'vend', process: 0, faults: [hit('lost answer', 0.2)] },
    { atSeconds: AGEING + 20, kind: 'trial', process: 1, flavour: 'good' },
    { atSeconds: AGEING + 60, kind: 'vend', process: 0 },
    { atSeconds: AGEING + 90, kind: 'vend', process: 0 },
  ]),
  story('a caller who was held up sends no refresh token that it cannot commit in time', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    {
      atSeconds: 400,
      kind: 'vend',
      process: 1,
      faults: [hit('slow table', 1, 0), hit('slow table', 1, 2), hit('slow table', 1, 3), hit('slow vendor', 1, 0)],
    },
  ]),
  story('a check that is under way does not undo the revoke of a static token', 'static', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: 60, kind: 'check', process: 1 },
    { atSeconds: 60.2, kind: 'revoke', process: 0 },
    { atSeconds: 90, kind: 'vend', process: 2 },
  ]),
  story('a report that is under way does not undo the revoke of a static token', 'static', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: 60, kind: 'report', process: 1 },
    { atSeconds: 60.2, kind: 'revoke', process: 0 },
    { atSeconds: 90, kind: 'vend', process: 2 },
  ]),
  story('a rotated refresh token outlives 300 ms in which the table does not answer', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: AGEING, kind: 'vend', process: 0, faults: [hit('slow vendor', 0.0556)] },
    { atSeconds: AGEING + 3.3, kind: 'table down', process: 0, seconds: 0.4 },
    { atSeconds: AGEING + 60, kind: 'vend', process: 0 },
  ]),
  story('a refused report does not enable what was disabled meanwhile', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: AGEING, kind: 'vend', process: 0, faults: [hit('lost answer', 0.2)] },
    { atSeconds: AGEING + 40, kind: 'vend', process: 0 },
    { atSeconds: AGEING + 40.2, kind: 'disable', process: 1 },
    { atSeconds: AGEING + 60, kind: 'vend', process: 2 },
  ]),
  story('a revoke ends the grant at the vendor when no access token lives', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: 500, kind: 'revoke', process: 1 },
  ]),
  story('a revoke in a back-off leaves an error that says a person is needed', 'rotating', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: AGEING, kind: 'vend', process: 0, faults: [hit('retry after', 0.5)] },
    { atSeconds: AGEING + 5, kind: 'revoke', process: 1 },
    { atSeconds: 800, kind: 'vend', process: 1 },
  ]),
  story('a writer who comes late overwrites no newer token', 'table', [
    { atSeconds: 10, kind: 'vend', process: 0 },
    { atSeconds: 400, kind: 'vend', process: 0, faults: [hit('freeze', 0.4, 5)] },
    { atSeconds: 415.8, kind: 'vend', process: 1 },
    { atSeconds: 418.5, kind: 'vend', process: 2 },
  ]),
  story(
    'a token that ended while the vendor was asked is not given out',
    'table',
    [
      { atSeconds: 10, kind: 'vend', process: 0 },
      { atSeconds: 45.6, kind: 'vend', process: 0, faults: [hit('slow vendor', 0.277), hit('error before', 0, 5)] },
    ],
    40,
  ),
]
