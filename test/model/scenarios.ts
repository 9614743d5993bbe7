import type { Fault, FaultKind, Op, OpKind, Plan, VendorKind } from './plan.ts'
import { mix, type Random, random } from './scheduler.ts'

/** What a scenario mixes. Rates are per invocation for faults and per run for what people do. */
export interface Scenario {
  readonly name: string
  /** Ends the sentence 'the engine keeps all its promises when ...' */
  readonly title: string
  readonly vendors: readonly VendorKind[]
  readonly faults?: { readonly rate: number; readonly kinds: readonly FaultKind[] }
  /** What people do, and about how often in a run. */
  readonly acts?: Partial<Record<OpKind, number>>
  readonly skewed?: true
  readonly noProbes?: true
  /** Instead of the usual callers. */
  readonly own?: (draft: Draft) => void
  readonly connections?: number
  /** @default one that goes from 5 minutes to an hour */
  readonly lifeSeconds?: number
  readonly minutes?: number
}

const RENEWING: readonly VendorKind[] = ['table', 'rotating', 'lenient', 'memory']
const ALL: readonly VendorKind[] = [...RENEWING, 'static']
const TABLE_FAULTS: readonly FaultKind[] = ['error before', 'error after', 'repeat', 'throttled', 'slow table']
const VENDOR_FAULTS: readonly FaultKind[] = ['vendor 5xx', 'lost answer', 'retry after', 'slow vendor']
const ODD_ANSWERS: readonly FaultKind[] = ['unusable', 'tiny life', 'doubtful']
const EVERYTHING: readonly FaultKind[] = [
  ...TABLE_FAULTS,
  ...VENDOR_FAULTS,
  ...ODD_ANSWERS,
  'kill before',
  'kill after',
  'freeze',
]

export const SCENARIOS: readonly Scenario[] = [
  { name: 'calm', title: 'nothing fails', vendors: ALL },
  {
    name: 'faults',
    title: 'table and vendor fail now and then',
    vendors: ALL,
    faults: { rate: 0.3, kinds: [...TABLE_FAULTS, ...VENDOR_FAULTS] },
  },
  {
    name: 'kills',
    title: 'processes are killed at any await',
    vendors: ALL,
    faults: { rate: 0.1, kinds: ['kill before', 'kill after'] },
  },
  {
    name: 'freezes',
    title: 'processes stand still for up to a minute at any await',
    vendors: ALL,
    faults: { rate: 0.1, kinds: ['freeze'] },
  },
  {
    name: 'revokes',
    title: 'people revoke while others call, and the vendor is slow',
    vendors: ALL,
    faults: { rate: 0.1, kinds: [...VENDOR_FAULTS, 'slow table'] },
    acts: { revoke: 4, check: 4, report: 10, consent: 3 },
  },
  {
    name: 'disabling',
    title: 'people disable and enable while others call',
    vendors: ALL,
    faults: { rate: 0.1, kinds: [...VENDOR_FAULTS, 'slow table'] },
    acts: { disable: 4, enable: 4, revoke: 1, report: 8, consent: 2, check: 2 },
  },
  {
    name: 'trials',
    title: 'new credentials are tried and stored while others call',
    vendors: ALL,
    faults: { rate: 0.05, kinds: ['slow vendor', 'slow table', 'lost answer'] },
    acts: { trial: 8, 'new secret': 3 },
  },
  {
    name: 'consent',
    title: 'people consent while others call',
    vendors: ['rotating'],
    faults: { rate: 0.1, kinds: ['slow vendor', 'slow table', 'lost answer'] },
    acts: { consent: 8, disable: 1, enable: 1 },
  },
  {
    name: 'skew',
    title: 'clocks are up to 5 minutes off',
    vendors: ALL,
    skewed: true,
    faults: { rate: 0.03, kinds: ['slow vendor', 'slow table'] },
  },
  {
    name: 'tableDown',
    title: 'the table does not answer for up to two minutes',
    vendors: ALL,
    acts: { 'table down': 5 },
  },
  {
    name: 'secrets',
    title: 'secrets are replaced, malformed, unreadable or deleted',
    vendors: ALL,
    acts: {
      'secrets down': 3,
      'new secret': 3,
      'delete secret': 1,
      revoke: 3,
      disable: 2,
      enable: 2,
      list: 6,
      show: 3,
      check: 2,
    },
  },
  {
    name: 'keeper',
    title: 'sweeps run often and twice, and their writes fail',
    vendors: ['table', 'rotating', 'lenient', 'memory'],
    connections: 4,
    faults: { rate: 0.25, kinds: ['throttled', 'error before', 'error after', 'freeze'] },
    acts: { sweep: 20 },
  },
  {
    name: 'odd answers',
    title: 'the vendor gives what nobody can use',
    vendors: RENEWING,
    faults: { rate: 0.3, kinds: [...ODD_ANSWERS, 'repeat'] },
    acts: { consent: 3 },
  },
  {
    name: 'greedy',
    title: 'one caller always asks for more than is left',
    vendors: ['memory'],
    own: greedy,
    lifeSeconds: 300,
    minutes: 35,
    noProbes: true,
  },
  {
    name: 'lock-out',
    title: 'the vendor refuses the credentials of many connections',
    vendors: ['table', 'lenient', 'memory'],
    own: lockedOut,
    connections: 150,
    noProbes: true,
    minutes: 12,
  },
  {
    name: 'slow waits',
    title: 'the vendor is slow and those who wait have little time left',
    vendors: ['rotating'],
    faults: { rate: 0.4, kinds: ['slow vendor', 'slow table', 'freeze', 'kill before'] },
  },
  {
    name: 'everything',
    title: 'everything happens at once',
    vendors: ALL,
    faults: { rate: 0.2, kinds: EVERYTHING },
    acts: {
      revoke: 1,
      disable: 1,
      enable: 1,
      trial: 2,
      consent: 2,
      check: 2,
      list: 2,
      show: 2,
      report: 6,
      'new secret': 1,
      'table down': 1,
      'vendor down': 1,
      'secrets down': 1,
    },
  },
]

/** A scenario with one of its vendors: what a seed is run as. */
export interface Case {
  readonly name: string
  readonly scenario: Scenario
  readonly vendor: VendorKind
}

export const CASES: readonly Case[] = SCENARIOS.flatMap((scenario) =>
  scenario.vendors.map((vendor) => ({ name: `${scenario.name} ${vendor}`, scenario, vendor })),
)

/** Seeds take turns. */
export function caseOf(seed: number, cases: readonly Case[] = CASES): Case {
  const found = cases[seed % cases.length]
  if (!found) throw new Error('there are no cases')
  return found
}

export const casesNamed = (only: string): readonly Case[] => CASES.filter(({ name }) => name.includes(only))

interface Draft {
  readonly dice: Random
  readonly endMs: number
  readonly lifeSeconds: number
  readonly vendor: VendorKind
  readonly connections: readonly string[]
  readonly add: (op: Omit<Op, 'id'>) => void
}

/** The plan of a seed. The same seed and case always give the same one. */
export function planOf(seed: number, { name, scenario, vendor }: Case): Plan {
  const dice = random(mix(seed, hash(name)))
  const among = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(dice() * list.length)] ?? list[0]
  const usualLife = among([60, 300, 300, 600, 900, 3600])
  const lifeSeconds = scenario.lifeSeconds ?? usualLife
  const minutes = scenario.minutes ?? Math.max(20, Math.min(60, lifeSeconds / 60 + 10))
  const endMs = minutes * 60_000
  const count = scenario.connections ?? (dice() < 0.8 ? 1 : 2)
  const connections = Array.from({ length: count }, (_, index) => `c${index}`)
  const ops: Op[] = []
  const add = (op: Omit<Op, 'id'>) => {
    ops.push({ id: ops.length + 1, ...op })
  }
  const draft: Draft = { dice, endMs, lifeSeconds, vendor, connections, add }
  if (vendor === 'rotating')
    for (const connection of connections) add({ at: 0, kind: 'consent', process: 0, connection, needed: true })
  if (scenario.own) scenario.own(draft)
  else {
    callers(draft)
    sweeps(draft)
  }
  const before = ops.length
  people(draft, scenario.acts ?? {})
  return {
    seed,
    scenario: scenario.name,
    vendor,
    connections,
    lifeSeconds,
    vendorMs: among([200, 500, 1000, 2000]),
    tableMs: 4,
    skews: scenario.skewed ? [0, 1, 2, 3].map(() => Math.round((dice() - 0.5) * 600)) : [0, 0, 0, 0],
    quietAt: endMs,
    probes: !scenario.noProbes,
    ops,
    faults: scenario.faults ? [...faultsFor(ops, scenario.faults, dice), ...meanwhile(ops.slice(before), dice)] : [],
  }
}

const pick = <T>(list: readonly T[], dice: Random): T | undefined => list[Math.floor(dice() * list.length)]
const processOf = (dice: Random): number => Math.floor(dice() * 3)

/** Alone, in crowds of up to ten, and in pairs a few seconds apart. */
function callers({ dice, endMs, lifeSeconds, connections, add }: Draft): void {
  let at = 8000
  // In some runs nobody asks for longer than a token lives, and then many do.
  const seldom = dice() < 0.4
  const gap = seldom ? Math.max(lifeSeconds * 700, endMs / 30) : endMs / 70
  while (at < endMs) {
    const connection = pick(connections, dice) ?? ''
    const crowd = seldom || dice() < 0.3 ? 2 + Math.floor(dice() * 9) : 1
    for (let one = 0; one < crowd; one++) {
      const special = dice()
      const op = { at: at + Math.floor(dice() * 40), process: processOf(dice), connection }
      if (special < 0.06) add({ ...op, kind: 'vend', seconds: Math.floor(dice() * lifeSeconds * 0.95) })
      else if (special < 0.1) add({ ...op, kind: 'report' })
      else add({ ...op, kind: 'vend' })
    }
    // Those who come when a lease has lapsed, or is about to.
    for (let late = 0; seldom && late < 3; late++)
      add({ at: at + 4000 + dice() * 22_000, kind: 'vend', process: processOf(dice), connection })
    at += dice() < 0.2 ? dice() * 6000 : 4000 + dice() * gap * (seldom ? 2 : 1)
  }
}

/** Once a minute, and sometimes twice. */
function sweeps({ dice, endMs, connections, add }: Draft): void {
  if (dice() < 0.3) return
  const [connection = ''] = connections
  for (let at = 30_000; at < endMs; at += 60_000) {
    add({ at, kind: 'sweep', process: processOf(dice), connection })
    if (dice() < 0.1) add({ at: at + dice() * 500, kind: 'sweep', process: processOf(dice), connection })
  }
}

function people({ dice, endMs, connections, add, lifeSeconds }: Draft, acts: Partial<Record<OpKind, number>>): void {
  // A half of what people do falls close to a call, where it can do harm.
  const moments = () => 10_000 + dice() * (endMs - 20_000)
  for (const [kind, often] of Object.entries(acts) as [OpKind, number][]) {
    const times = Math.floor(often * (0.3 + dice() * 1.2) + dice())
    for (let one = 0; one < times; one++) {
      const connection = pick(connections, dice) ?? ''
      const at = moments()
      const op = { at, kind, process: processOf(dice), connection }
      const flavour = dice() < 0.65 ? 'good' : dice() < 0.6 ? 'bad' : 'malformed'
      if (kind === 'trial') add({ ...op, flavour: dice() < 0.6 ? 'good' : 'bad' })
      else if (kind === 'new secret') add({ ...op, flavour })
      else if (kind === 'table down')
        add({ ...op, seconds: Math.ceil(dice() * 120), flavour: dice() < 0.4 ? 'applied' : 'good' })
      else if (kind.endsWith(' down')) add({ ...op, seconds: Math.ceil(dice() * 90) })
      else add(op)
      const close = ['revoke', 'disable', 'trial', 'consent', 'enable', 'check'].includes(kind) ? 5 : 1
      for (let near = 0; near < close; near++) {
        const by = kind.endsWith('down') ? dice() * 30_000 : dice() * 14_000 - 4000
        const next = { at: Math.max(8000, at + by), process: processOf(dice), connection }
        const what = dice()
        if (what < 0.15) add({ ...next, kind: 'report' })
        else if (what < 0.3) add({ ...next, kind: 'vend', seconds: Math.floor(lifeSeconds * (0.5 + dice() * 0.4)) })
        else if (what < 0.4) add({ ...next, kind: 'check' })
        else add({ ...next, kind: 'vend' })
      }
    }
  }
}

function faultsFor(ops: readonly Op[], { rate, kinds }: { rate: number; kinds: readonly FaultKind[] }, dice: Random) {
  const faults: Fault[] = []
  for (const op of ops) {
    if (op.needed) continue
    for (const id of op.kind === 'consent' ? [op.id, op.id + 0.5] : [op.id]) {
      while (dice() < rate) {
        const kind = pick(kinds, dice) ?? 'freeze'
        faults.push({ op: id, index: Math.floor(dice() * 9), kind, amount: dice() })
      }
    }
  }
  return faults
}

/** What people stop is often stopped while the vendor is slow, or does not answer at all. */
function meanwhile(ops: readonly Op[], dice: Random): Fault[] {
  const renewals = ops.filter(({ kind, seconds }) => kind === 'vend' && seconds !== undefined)
  return renewals.flatMap(({ id }) => {
    if (dice() < 0.5) return []
    return [{ op: id, index: 0, kind: dice() < 0.5 ? 'slow vendor' : 'lost answer', amount: dice() }]
  })
}

/** One caller always asks for a little more than is left. */
function greedy({ dice, endMs, lifeSeconds, add, connections }: Draft): void {
  const [connection = ''] = connections
  const seconds = Math.floor(lifeSeconds * 0.895)
  for (let at = 1000; at < endMs; at += (lifeSeconds * 1000 - seconds * 1000) / 8 + dice() * 1000)
    add({ at, kind: 'vend', process: processOf(dice), connection, seconds })
  for (let at = 15_000; at < endMs; at += 30_000) add({ at, kind: 'vend', process: processOf(dice), connection })
}

/** Many connections whose credentials are refused: from the start, or after they have worked. */
function lockedOut({ dice, connections, add }: Draft): void {
  const proven = dice() < 0.5
  const some = connections.slice(0, proven ? connections.length : 60)
  some.forEach((connection, index) => {
    if (proven) add({ at: 1000 + index * 200, kind: 'vend', process: processOf(dice), connection })
    else add({ at: 0, kind: 'new secret', process: 0, connection, flavour: 'bad' })
  })
  if (proven) add({ at: 120_000, kind: 'refuse all', process: 0, connection: 'c0' })
  const from = proven ? 285_000 : 280_000
  for (const [index, connection] of some.entries()) {
    const at = from + index * (dice() < 0.5 ? 500 : 400)
    add({ at, kind: proven ? 'report' : 'vend', process: processOf(dice), connection })
    add({ at: at + 60_000 + dice() * 200_000, kind: 'vend', process: processOf(dice), connection })
  }
}

const hash = (text: string): number => [...text].reduce((sum, letter) => mix(sum, letter.charCodeAt(0)), 7)
