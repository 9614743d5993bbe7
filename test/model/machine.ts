import type { Fault, FaultKind, Op } from './plan.ts'
import { mix, type Random, random, type Scheduler } from './scheduler.ts'

/** One process, as Lambda runs it: it may be killed or stand still, and then nothing reaches it. */
export interface Process {
  readonly slot: number
  readonly number: number
  readonly skewMs: number
  /** What the engine keeps in it. */
  readonly inside: unknown
  alive: boolean
  frozenUntil: number
  /** Between two invocations a process does not run. */
  suspended: boolean
  backlog: (() => void)[]
  readonly running: Set<Invocation>
}

/** One call of the function. */
export interface Invocation {
  readonly op: Op
  readonly process: Process
  readonly startedAt: number
  readonly limitAt: number
  readonly random: Random
  faults: readonly Fault[]
  awaits: number
  /** Calls that it has made and not heard of. */
  pending: number
  ended: 'no' | 'answered' | 'killed'
  /** What it went through. */
  tableFaults: number
  secretFaults: number
  vendorFaults: number
  slowMs: number
  frozenMs: number
}

export interface Machine {
  readonly processes: Process[]
  readonly count: { kills: number; freezes: number; faults: number }
  /** Has something reach a process at a time, or when it runs again, or never. */
  deliver(process: Process, at: number, run: () => void): void
  begin(op: Op, faults: readonly Fault[], limitMs: number): Invocation
  end(invocation: Invocation): void
  kill(process: Process): void
  freeze(process: Process, ms: number): void
  /** The fault that hits this await, if any does. */
  faultAt(invocation: Invocation, fits: (kind: FaultKind) => boolean): Fault | undefined
}

export interface MachineOptions {
  readonly time: Scheduler
  readonly seed: number
  readonly skews: readonly number[]
  readonly inside: (skewMs: number) => unknown
  readonly killed: (invocation: Invocation, why: 'fault' | 'limit') => void
}

export function machine({ time, seed, skews, inside, killed }: MachineOptions): Machine {
  const count = { kills: 0, freezes: 0, faults: 0 }
  let number = 0
  const start = (slot: number): Process => {
    number += 1
    return {
      slot,
      number,
      skewMs: (skews[slot] ?? 0) * 1000,
      inside: inside((skews[slot] ?? 0) * 1000),
      alive: true,
      frozenUntil: 0,
      suspended: false,
      backlog: [],
      running: new Set(),
    }
  }
  const processes = [0, 1, 2, 3].map(start)
  const runs = (process: Process) => !process.suspended && process.frozenUntil <= time.now()

  const deliver = (process: Process, at: number, run: () => void): void =>
    time.at(at, () => {
      if (!process.alive) return
      if (runs(process)) run()
      else process.backlog.push(run)
    })

  const thaw = (process: Process): void => {
    const waiting = process.backlog
    process.backlog = []
    for (const run of waiting) deliver(process, time.now(), run)
  }

  const die = (process: Process, why: 'fault' | 'limit'): void => {
    if (!process.alive) return
    process.alive = false
    processes[process.slot] = start(process.slot)
    for (const invocation of process.running) {
      invocation.ended = 'killed'
      killed(invocation, why)
    }
  }

  return {
    processes,
    count,
    deliver,
    begin: (op, faults, limitMs) => {
      const process = processes[op.process] ?? start(op.process)
      const invocation: Invocation = {
        op,
        process,
        startedAt: time.now(),
        limitAt: time.now() + limitMs,
        random: random(mix(seed, op.id)),
        faults,
        awaits: 0,
        pending: 0,
        ended: 'no',
        tableFaults: 0,
        secretFaults: 0,
        vendorFaults: 0,
        slowMs: 0,
        frozenMs: Math.max(0, process.frozenUntil - time.now()),
      }
      process.running.add(invocation)
      if (process.suspended) {
        process.suspended = false
        thaw(process)
      }
      time.at(invocation.limitAt, () => {
        if (invocation.ended === 'no') die(process, 'limit')
      })
      return invocation
    },
    end: (invocation) => {
      const { process } = invocation
      invocation.ended = 'answered'
      process.running.delete(invocation)
      if (process.running.size === 0) process.suspended = true
    },
    kill: (process) => {
      count.kills += 1
      die(process, 'fault')
    },
    freeze: (process, ms) => {
      count.freezes += 1
      process.frozenUntil = Math.max(process.frozenUntil, time.now() + ms)
      for (const invocation of process.running) invocation.frozenMs += ms
      time.at(process.frozenUntil, () => {
        if (process.alive && runs(process)) thaw(process)
      })
    },
    faultAt: (invocation, fits) => {
      const index = invocation.awaits
      invocation.awaits += 1
      const fault = invocation.faults.find((one) => one.index <= index && fits(one.kind))
      if (!fault) return undefined
      count.faults += 1
      invocation.faults = invocation.faults.filter((one) => one !== fault)
      return fault
    },
  }
}
