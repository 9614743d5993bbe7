/** Numbers from 0 up to 1; the same seed always gives the same ones. */
export type Random = () => number

/** Mulberry32: 32 bits of state are plenty for one run, and it is quick. */
export function random(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** One seed out of several numbers, so that each part of a run has randomness of its own. */
export const mix = (...parts: readonly number[]): number =>
  parts.reduce((sum, part) => Math.imul(sum ^ (part + 0x9e3779b9), 0x85ebca6b) ^ (sum >>> 13), 0x2545f491)

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Virtual time in milliseconds since 1970, and what is to happen in it. Nothing here waits for a real clock. */
export interface Scheduler {
  now(): number
  at(time: number, run: () => void): void
  /** Runs what is due up to then, each to its end, until `stop` says that it is enough. */
  runUntil(time: number, stop: () => boolean): Promise<void>
}

export function scheduler(start: number): Scheduler {
  const heap: Due[] = []
  let time = start
  let order = 0
  return {
    now: () => time,
    at: (at, run) => {
      order += 1
      push(heap, { at: Math.max(at, time), order, run })
    },
    runUntil: async (until, stop) => {
      for (let next = heap[0]; next && next.at <= until && !stop(); next = heap[0]) {
        pop(heap)
        time = next.at
        next.run()
        await quiet()
      }
      if (!stop()) time = Math.max(time, until)
    },
  }
}

/** A tick comes only when no promise has anything left to do. */
const quiet = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

const before = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

function push(heap: Due[], due: Due): void {
  let index = heap.length
  heap.push(due)
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent]
    if (!above || before(above, due)) break
    heap[index] = above
    heap[parent] = due
    index = parent
  }
}

function pop(heap: Due[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    const left = heap[child]
    if (!left) break
    const right = heap[child + 1]
    if (right && before(right, left)) child += 1
    const least = heap[child]
    if (!least || before(last, least)) break
    heap[index] = least
    index = child
  }
  heap[index] = last
}
