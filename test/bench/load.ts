import { setTimeout as pause } from 'node:timers/promises'
import { median, percentile, say } from './figures.ts'
import { type Answer, laptop } from './laptop.ts'
import type { Row } from './report.ts'
import type { BenchResult } from './result.ts'

const CONNECTIONS = 200
const VENDS_A_SECOND = 300
const TICK_MS = 10
/** More than these are not sent: the computer cannot do what is asked of it. */
const MOST_AT_ONCE = 600
const KILL_EVERY_SECONDS = 10
const TROUBLE = { table: 0.05, vendor: 0.05 }

const seconds = process.argv.includes('--long') ? 300 : 30

interface Load {
  readonly answers: readonly Answer[]
  /** Why, of each call that nobody answered. */
  readonly unanswered: readonly string[]
  readonly unsent: number
  readonly kills: number
}

/**
 * 300 vends a second over 200 connections through the laptop's gateway, of tokens that live 40 s: first as it is, then with
 * 5 % errors of the table and of the vendor, and a process of the function killed every 10 s.
 */
export async function run(): Promise<BenchResult> {
  const machine = await laptop('endpoint')
  const names = Array.from({ length: CONNECTIONS }, (_, i) => `site-${i}`)
  say(`making ${CONNECTIONS} connections`)
  await Promise.all(names.map((name) => machine.connectAccelo(name)))
  for (const name of names) await machine.vend('accelo', name)

  const before = await machine.measure()
  say(`${seconds} s of load, plain`)
  const plain = await load()
  const after = await machine.measure()
  say(`${seconds} s of load, with faults and kills`)
  await machine.fail(TROUBLE)
  const troubled = await load('kills')
  await machine.fail({ table: 0, vendor: 0 })
  const { tokens, calls } = await machine.issued()
  const ends = new Map(tokens)
  const atEnd = await machine.measure()
  await machine.close()

  const survivors = after.functions.flatMap(({ pid, megabytes, files }) => {
    const then = before.functions.find((one) => one.pid === pid)
    return then ? [{ megabytes: megabytes - then.megabytes, files: (files ?? 0) - (then.files ?? 0) }] : []
  })
  const rows: Row[] = [
    ...rowsOf('plain', plain, ends),
    ...rowsOf('5 % table errors, 5 % vendor errors, kills', troubled, ends),
    { case: 'vendor calls, all', value: calls, unit: 'calls' },
    {
      case: 'plain: memory that a process gained, most',
      value: Math.max(...survivors.map((one) => one.megabytes)),
      unit: 'MiB',
    },
    {
      case: 'plain: open files that a process gained, most',
      value: Math.max(...survivors.map((one) => one.files)),
      unit: 'files',
    },
    { case: 'processes of the function at the end', value: atEnd.functions.length, unit: 'processes' },
    { case: "the laptop's machine: open handles gained", value: atEnd.handles - before.handles, unit: 'handles' },
  ]
  return { name: 'load', rows }

  async function load(kills?: 'kills'): Promise<Load> {
    const answers: Answer[] = []
    const flying = new Set<Promise<void>>()
    const unanswered: string[] = []
    const counts = { unsent: 0, kills: 0 }
    const startedAt = performance.now()
    let sent = 0
    for (;;) {
      const gone = (performance.now() - startedAt) / 1000
      if (gone >= seconds) break
      if (kills && gone >= (counts.kills + 1) * KILL_EVERY_SECONDS) {
        counts.kills += 1
        await machine.kill()
      }
      for (; sent < gone * VENDS_A_SECOND; sent++) {
        if (flying.size >= MOST_AT_ONCE) {
          counts.unsent += 1
          continue
        }
        const name = names[Math.floor(Math.random() * names.length)] ?? ''
        const call = machine.vend('accelo', name).then(
          (answer) => void answers.push(answer),
          (error: unknown) => void unanswered.push(reasonOf(error)),
        )
        const ended = call.then(() => void flying.delete(ended))
        flying.add(ended)
      }
      await pause(TICK_MS)
    }
    await Promise.all(flying)
    return { answers, unanswered, ...counts }
  }
}

function rowsOf(name: string, { answers, unanswered, unsent, kills }: Load, ends: ReadonlyMap<string, number>): Row[] {
  const times = answers.map(({ ms }) => ms)
  const lost = answers.filter(isLost)
  const codes = new Map<string, number>()
  for (const { status, body } of answers.filter((answer) => answer.status !== 200 && !isLost(answer))) {
    const code = `${status} ${body.code ?? 'without a code'}`
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  const wrong = answers.filter((answer) => !isLost(answer) && !isRight(answer, ends))
  return [
    {
      case: `${name}: answered a second, of ${VENDS_A_SECOND}`,
      value: answers.length / seconds,
      unit: 'vends',
      // With less the load was never on: then the computer is busy with something else.
      goal: { least: VENDS_A_SECOND * 0.95 },
    },
    { case: `${name}: p50`, value: median(times), unit: 'ms' },
    { case: `${name}: p99`, value: percentile(times, 0.99), unit: 'ms' },
    { case: `${name}: wrong answers`, value: wrong.length, unit: 'answers', goal: { most: 0 } },
    {
      case: `${name}: calls without an answer${unanswered.length > 0 ? ` (${[...new Set(unanswered)].join(', ')})` : ''}`,
      value: unanswered.length,
      unit: 'calls',
      goal: { most: 0 },
    },
    // One process serves one call at a time, as in Lambda.
    { case: `${name}: calls lost with their process`, value: lost.length, unit: 'calls', goal: { most: kills } },
    { case: `${name}: not sent, for want of a quicker computer`, value: unsent, unit: 'calls' },
    ...[...codes].map(([code, count]) => ({ case: `${name}: ${code}`, value: count, unit: 'answers' })),
  ]
}

/** The gateway's answer for a function that has ended. */
const isLost = ({ status, body }: Answer): boolean => status === 502 && body.code === 'no_answer'

/** A token that the vendor issued and that had not ended when it came, or a problem document with a code. */
function isRight({ status, at, ms, body, isProblem }: Answer, ends: ReadonlyMap<string, number>): boolean {
  if (status !== 200) return isProblem && typeof body.code === 'string'
  const end = typeof body.access_token === 'string' ? ends.get(body.access_token) : undefined
  // It had not ended when it left; how long it took to get here is this computer's.
  return end !== undefined && at - ms <= end
}

/** A time-out by its name, what the network did by its code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && 'code' in error.cause ? `${error.cause.code}` : error.name
}
