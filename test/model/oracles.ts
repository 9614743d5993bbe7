import type { Facts, PortKind } from './engine.ts'
import { reveal, takesSecrets } from './engine.ts'
import type { Invocation } from './machine.ts'
import type { Op, Plan } from './plan.ts'
import { MARK, type Send, type Server } from './server.ts'

/** What the engine promises, one sentence each. */
export const PROMISES = {
  'one-sender':
    'one single-use refresh token is never on its way twice at once, nor sent again after a definite answer',
  'sent-under-lease':
    'a single-use refresh token is sent under a lease that outlives the call, also by who stood still before',
  'grant-kept':
    'a new refresh token that came back is the one used next, if its holder lives and the table recovers before the lease ends',
  'unusable-rest': 'a refresh token that came in an otherwise unusable answer is the one used next',
  'grant-end': 'the end of a grant that is recorded is never later than the vendor ends it',
  'answers-in-time': 'a call that nothing keeps from it is answered before its function is ended',
  'commit-in-time': 'no refresh token is sent that could not be committed in the function time that is left',
  stopped:
    'no token from before a revoke, and none of a disabled connection, is given out later than 5 s after it was acknowledged (300 s while the table does not answer)',
  'disabled-holds': 'a disabled connection is enabled by nothing but enable',
  'not-expired': 'no token is given out that has ended, or with no whole second left',
  'not-stored': 'a token that must stay in memory, or is the credential itself, is handed to no store',
  'no-plaintext': 'no token or secret is handed to a port in plain text, nor to any port but the table as a Secret',
  'refusal-budget':
    'a vendor refuses us at most 20 times in any 5 minutes, and those in flight where the credentials had worked',
  'fair-budget': 'a caller cannot use up with min_ttl what a connection may obtain in an hour',
  'nothing-behind': 'nothing runs on behind an answer',
  'waiter-served': 'while nothing fails a caller waits no longer than the vendor takes, and 20 %, and 25 ms',
  'outage-served': 'while the table does not answer, a warm process gives its copy of a living token for 5 minutes',
  'stop-always': 'revoke and disable work whatever state the secret is in',
  'revoked-there': 'a revoke that finds nothing to revoke at the vendor leaves no grant alive there',
  recovers:
    'when nothing fails any more, a caller gets a token within lease and wait, or hears truly that a person is needed',
  listed: 'a connection whose secret was deleted is still listed',
  'only-up': 'fence, epoch and generation never go down, nor does the fence of a token that is there',
  'lease-owned': 'nobody ends the lease of another',
  'lease-kept': 'nobody takes a lease that its holder still has',
  'counted-once': 'a write that is sent twice counts once',
  'no-crash': 'the engine fails with nothing but its own errors',
} as const

export type PromiseId = keyof typeof PROMISES

export interface Violation {
  readonly promise: PromiseId
  /** Milliseconds from the start of the run. */
  readonly at: number
  readonly detail: string
}

/** What was answered, as far as the promises ask. */
export interface Answered {
  readonly status: number
  readonly code: string | undefined
  readonly body: Readonly<Record<string, unknown>>
  readonly retryAfterSeconds: number | undefined
}

interface Stop {
  readonly kind: 'revoke' | 'disable'
  /** The secret could not be read, so that only what had been given out before could be stopped. */
  readonly blind: boolean
  readonly connection: string
  readonly startedAt: number
  readonly acknowledgedAt: number
}

export interface WatchOptions {
  readonly plan: Plan
  readonly server: Server
  readonly now: () => number
  readonly violate: (promise: PromiseId, detail: string) => void
  /** Whether the table does not answer at that moment. */
  readonly tableDown: (at: number) => boolean
  readonly secretState: (connection: string) => 'good' | 'bad' | 'malformed' | 'deleted'
}

const SECOND = 1000
const REVALIDATE_MS = 5 * SECOND
const OUTAGE_MS = 300 * SECOND
/** What the vendor has for a call with a single-use refresh token. */
const VENDOR_SECONDS = 15
/** Instants on the wire are whole seconds, and clocks that were set by them are off by as much. */
const CLOCK_MS = 2 * SECOND

/** Looks on while a run goes, and says when a promise is broken. */
export function watch({ plan, server, now, violate, tableDown, secretState }: WatchOptions) {
  const stops: Stop[] = []
  const changes: { readonly op: Op; readonly startedAt: number; endedAt?: number }[] = []
  const facts = new Map<string, Facts>()
  const generations = new Map<string, number>()
  const holders = new Map<string, Invocation>()
  const given = new Map<string, { readonly value: string; readonly at: number; tableOkAt: number }>()
  const latest = new Map<string, string>()
  const firstGiven = new Map<string, number>()
  const minTtlAsked = new Set<string>()
  const onTheirWay: { readonly at: number; readonly count: number }[] = []

  const began = (kinds: readonly string[], connection: string, from: number, to: number) =>
    changes.some(
      ({ op, startedAt, endedAt = Number.POSITIVE_INFINITY }) =>
        op.connection === connection && kinds.includes(op.kind) && startedAt <= to && endedAt >= from,
    )

  /** Whether whoever got an answer could not keep what came in it. */
  const couldNotKeep = (send: Send): boolean => {
    const { invocation, at, answeredAt = at } = send
    const until = Math.min(invocation.limitAt - 3 * SECOND, at + 25 * SECOND)
    const keptBy = invocation.tableFaults > 0 ? until : answeredAt + 2 * SECOND + invocation.slowMs
    return (
      invocation.ended === 'killed' ||
      invocation.frozenMs > 2 * SECOND ||
      invocation.slowMs > 8 * SECOND ||
      (tableDown(answeredAt) && tableDown(until)) ||
      answeredAt > until ||
      began(['revoke', 'disable', 'consent', 'finish', 'enable'], invocation.op.connection, at, keptBy)
    )
  }

  function deliver(invocation: Invocation, value: string, { expires_in: expiresIn, source }: Answered['body']): void {
    const { op, process } = invocation
    const { connection } = op
    const token = server.tokens.get(value)
    if (!token) {
      violate('no-crash', 'a token was given out that the vendor does not know')
      return
    }
    if (now() > token.expiresAt + CLOCK_MS) {
      violate('not-expired', `given out ${(now() - token.expiresAt) / SECOND} s after its end`)
    } else if (typeof expiresIn === 'number' && expiresIn <= 0) {
      violate('not-expired', `given out with expires_in ${expiresIn}`)
    }
    // Who joined the look of another caller met no fault itself.
    const isOutage = invocation.tableFaults > 0 || source === 'stale'
    const patience = (isOutage ? OUTAGE_MS : REVALIDATE_MS) + invocation.slowMs + invocation.frozenMs
    for (const { kind, blind, connection: stopped, startedAt, acknowledgedAt } of stops) {
      const late = now() - acknowledgedAt
      if (stopped !== connection || late <= patience + 50) continue
      if (kind === 'revoke' && token.askedAt >= startedAt) continue
      if (blind && plan.vendor === 'static' && (firstGiven.get(value) ?? now()) > startedAt) continue
      if (kind === 'disable' && began(['enable'], connection, startedAt, now())) continue
      violate('stopped', `given out ${late / SECOND} s after the ${kind} was acknowledged`)
      break
    }
    if (!firstGiven.has(value)) firstGiven.set(value, now())
    const where = `${process.number} ${connection}`
    const before = given.get(where)
    const tableOkAt = isOutage ? (before?.tableOkAt ?? 0) : now()
    given.set(where, { value, at: now(), tableOkAt })
    latest.set(connection, value)
  }

  function outage(invocation: Invocation): void {
    const { op, process } = invocation
    const copy = given.get(`${process.number} ${op.connection}`)
    const token = copy && server.tokens.get(copy.value)
    if (!copy || !token || invocation.tableFaults === 0 || op.seconds !== undefined) return
    const left = token.countedUntil - now()
    const margin = Math.min(60 * SECOND, plan.lifeSeconds * 100) + invocation.slowMs + CLOCK_MS
    if (now() - copy.tableOkAt > 290 * SECOND || left <= margin || plan.skews.some((skew) => skew !== 0)) return
    if (began(['revoke', 'disable', 'trial', 'new secret', 'finish'], op.connection, token.askedAt, now())) return
    if (latest.get(op.connection) !== copy.value) return
    violate(
      'outage-served',
      `refused with a copy that is ${(now() - copy.at) / SECOND} s old and lives ${left / SECOND} s`,
    )
  }

  const PERSON = [
    'not_connected',
    'grant_rejected',
    'credential_rejected',
    'credential_expired',
    'credential_revoked',
    'grant_revoked',
  ]

  return {
    facts,
    latest,

    /** A call begins. */
    begun: (invocation: Invocation): void => {
      const { op } = invocation
      if (op.kind === 'vend' && op.seconds !== undefined) minTtlAsked.add(op.connection)
      if (!['vend', 'report', 'list', 'show'].includes(op.kind)) changes.push({ op, startedAt: now() })
    },

    around: (op: Op): void => {
      changes.push({ op, startedAt: now(), endedAt: now() })
    },

    ended: (invocation: Invocation): void => {
      const change = changes.find(({ op }) => op === invocation.op)
      if (change) change.endedAt = now()
    },

    answered: (invocation: Invocation, { status, code, body }: Answered): void => {
      const { op, startedAt } = invocation
      const { connection, kind } = op
      if (invocation.pending > 0)
        violate('nothing-behind', `${kind} answered while ${invocation.pending} of its calls ran`)
      if (typeof body.access_token === 'string') deliver(invocation, body.access_token, body)
      if (code === 'store_unavailable' && kind === 'vend') outage(invocation)
      if (kind === 'revoke' || kind === 'disable') {
        const secret = secretState(connection)
        const wrong = ['unknown_connection', 'configuration', 'store_unavailable'].includes(code ?? '')
        const row = facts.has(connection)
        if (wrong && row && invocation.tableFaults === 0 && (secret !== 'good' || invocation.secretFaults > 0))
          violate('stop-always', `${kind} answered ${code}, the secret being ${secret}`)
        if (status === 200) {
          stops.push({ kind, blind: invocation.secretFaults > 0, connection, startedAt, acknowledgedAt: now() })
          const grant = server.grantOf(connection)
          const already = stops.filter((stop) => stop.connection === connection && stop.kind === 'revoke')
          if (
            body.vendor_revocation === 'nothing_to_revoke' &&
            plan.vendor === 'rotating' &&
            grant?.alive &&
            grant.known &&
            grant.since < startedAt &&
            // A vendor that will not say whether the grant is dead is believed in the end, and the token forgotten.
            !server.doubted.has(connection) &&
            !changes.some(
              (change) => change.op.kind === 'revoke' && change.op !== op && change.startedAt > grant.since,
            ) &&
            already.length > 0
          )
            violate('revoked-there', 'it said nothing_to_revoke, and the grant lives')
        }
      }
      if (kind === 'list' && status === 200 && invocation.tableFaults + invocation.secretFaults === 0) {
        const names = JSON.stringify(body)
        if (facts.has(connection) && secretState(connection) === 'deleted' && !names.includes(`"${connection}"`))
          violate('listed', 'it is on no list')
      }
      if (
        code === 'vendor_paused' &&
        plan.vendor === 'memory' &&
        minTtlAsked.has(connection) &&
        server.refusals.length === 0 &&
        op.seconds === undefined
      )
        violate('fair-budget', 'a caller who asked for nothing special was refused')
      if (plan.scenario === 'calm' && kind === 'vend' && op.seconds === undefined && startedAt > 0) {
        const took = now() - startedAt
        const most = plan.vendorMs * 1.2 + 25 + 8 * plan.tableMs
        const known = facts.get(connection)?.fence ?? 0
        if (took > most && (known > 1 || plan.vendor === 'memory'))
          violate('waiter-served', `waited ${took} ms where the vendor takes ${plan.vendorMs} ms`)
      }
    },

    /** A call with a refresh token of this connection is about to leave. */
    sending: (send: Send, connection: string): void => {
      if (plan.vendor !== 'rotating') return
      const { invocation } = send
      const about = facts.get(connection)
      // A revoke sends what it has taken away, and whoever was about to send it as well does no harm any more.
      if (about && !began(['revoke', 'disable', 'consent', 'finish'], connection, invocation.startedAt, now())) {
        const left = ((about.leasedUntil ?? 0) - now()) / SECOND
        if (holders.get(connection) !== invocation)
          violate('sent-under-lease', `the lease is ${holders.get(connection)?.op.kind}'s`)
        else if (left < VENDOR_SECONDS) violate('sent-under-lease', `the lease ends in ${left} s`)
      }
      for (const before of server.sends) {
        if (before === send || before.refreshToken !== send.refreshToken) continue
        const other = `${before.invocation.op.kind} ${before.invocation.op.id}`
        // Who stands still past its lease has sent before, and is as good as gone: it can neither hear nor give up.
        const standsStill = before.invocation.process.frozenUntil > now()
        if (before.outcome === 'flying' && before.invocation.ended === 'no' && !standsStill)
          violate('one-sender', `still on its way from ${other}`)
        if (before.outcome !== 'given' && before.outcome !== 'refused') continue
        // RFC 6749 section 5.2: a refresh token is refused to another client too, so what a trial hears does not count.
        if (before.outcome === 'refused' && before.invocation.op.kind === 'trial') continue
        if (couldNotKeep(before)) continue
        if (before.outcome === 'refused') violate('one-sender', 'sent again after the vendor had refused it')
        else
          violate(
            before.unusable ? 'unusable-rest' : 'grant-kept',
            `a newer one came to ${other}, and this is sent again`,
          )
      }
    },

    /** The function was ended at its limit. */
    outOfTime: (invocation: Invocation): void => {
      const { frozenMs, slowMs, tableFaults } = invocation
      if (frozenMs + slowMs + tableFaults === 0) violate('answers-in-time', `${invocation.op.kind} was not`)
      const last = server.sends.findLast((send) => send.invocation === invocation)
      if (plan.vendor !== 'rotating' || !last) return
      if (invocation.frozenMs + invocation.slowMs - last.heldUpMs > 3 * SECOND) return
      if (invocation.tableFaults > 0 || last.outcome === 'refused' || last.outcome === 'no verdict') return
      const heldFor = now() - (last.answeredAt ?? now())
      if (heldFor < 3 * SECOND) violate('commit-in-time', `ended ${(now() - last.at) / SECOND} s after it was sent`)
    },

    refused: (): void => {
      const { at, proven } = server.refusals.at(-1) ?? { at: 0, proven: false }
      const lately = server.refusals.filter((one) => one.proven === proven && one.at > at - 300 * SECOND).length
      // Those on their way when a stretch of five minutes is used up come on top, in each of two stretches.
      onTheirWay.push({ at, count: server.count.flying + 1 })
      const most = Math.max(...onTheirWay.filter((one) => one.at > at - 300 * SECOND).map(({ count }) => count))
      if (lately > 20 + (proven ? 2 * most : 0))
        violate('refusal-budget', `${lately} refusals of ${proven ? 'proven' : 'unproven'} credentials in 5 minutes`)
    },

    /** What is handed to a port. */
    passed: (kind: PortKind, args: readonly unknown[]): void => {
      for (const arg of args) scan(arg, kind)
    },

    wrote: (connection: string, after: Facts, invocation: Invocation): void => {
      const before = facts.get(connection)
      facts.set(connection, after)
      const late = (after.grantEndsAt ?? 0) - server.grantEndsAt(connection)
      if (after.grantEndsAt !== undefined && late > CLOCK_MS)
        violate('grant-end', `${late / SECOND} s later than the vendor does`)
      if (!before) return
      if (before.status === 'disabled' && after.status !== 'disabled' && invocation.op.kind !== 'enable')
        violate('disabled-holds', `${invocation.op.kind} made it ${after.status}`)
      const tokenDown =
        before.tokenFence !== undefined && after.tokenFence !== undefined && after.tokenFence < before.tokenFence
      if (after.fence < before.fence || after.epoch < before.epoch || tokenDown)
        violate('only-up', JSON.stringify({ before, after }))
      const holder = holders.get(connection)
      if (after.fence > before.fence) {
        const held = (before.leasedUntil ?? 0) > now() && plan.skews.every((skew) => skew === 0)
        if (held && holder && holder !== invocation && holder.ended === 'no')
          violate('lease-kept', `${invocation.op.kind} took the lease of ${holder.op.kind} ${holder.op.id}`)
        holders.set(connection, invocation)
      } else if (before.leased && !after.leased && holder && holder !== invocation && holder.ended === 'no') {
        const kinds = ['revoke', 'disable']
        if (!kinds.includes(invocation.op.kind))
          violate('lease-owned', `${invocation.op.kind} ended the lease of ${holder.op.kind} ${holder.op.id}`)
      }
    },

    generation: (connection: string, generation: number): void => {
      const before = generations.get(connection) ?? 0
      if (generation < before) violate('only-up', `generation ${before} became ${generation}`)
      generations.set(connection, generation)
    },

    repeated: (before: Facts | undefined, after: Facts | undefined): void => {
      if (before && after && after.unconfirmed > before.unconfirmed + 1)
        violate('counted-once', `sends went from ${before.unconfirmed} to ${after.unconfirmed} by one write`)
    },

    /** The end of the run: what the last caller heard, and whether that is true. */
    probed: (connection: string, { status, code = '' }: Answered, tooLate: boolean): 'done' | 'again' => {
      if (status === 200) return 'done'
      const secret = secretState(connection)
      const grant = server.grantOf(connection)
      const stop = (kind: string) => changes.some(({ op }) => op.kind === kind && op.connection === connection)
      const secretBad = secret !== 'good'
      const truths: Record<string, boolean> = {
        connection_disabled: stop('disable'),
        unknown_connection: secret === 'deleted',
        configuration: secretBad,
        credential_rejected: secretBad,
        // It says that the token was refused or revoked before.
        credential_expired: secretBad || stop('revoke'),
        credential_revoked: stop('revoke'),
        grant_revoked: stop('revoke'),
        // Of a consent that was not seen to its end nobody knows whether it counts.
        not_connected: !(grant?.alive && grant.known) || stop('revoke'),
        // A vendor that will not say whether the grant is dead is believed in the end.
        grant_rejected: !(grant?.alive && grant.known) || stop('revoke') || server.doubted.has(connection),
      }
      const truth = truths[code]
      // A token of a wrong type looks like an application of the wrong type, and is tried again after a quarter of an hour.
      if (code === 'configuration' && now() - server.oddAt < 920 * SECOND) return 'again'
      if (truth === true) return 'done'
      if (truth === false && (PERSON.includes(code) || !tooLate)) {
        violate('recovers', `the last caller hears ${code}, which is not true`)
        return 'done'
      }
      if (!tooLate) return 'again'
      violate('recovers', `the last caller still hears ${code}`)
      return 'done'
    },
  }

  function scan(value: unknown, kind: PortKind, depth = 0): void {
    if (typeof value === 'string') {
      if (value.includes(MARK)) violate('no-plaintext', `${value} was handed to ${kind}`)
      return
    }
    if (typeof value !== 'object' || value === null || depth > 6 || value instanceof Date) return
    const secret = reveal(value)
    if (secret !== undefined) {
      const kept = plan.vendor === 'memory' || plan.vendor === 'static'
      if (!takesSecrets(kind)) violate('no-plaintext', `a secret was handed to ${kind}`)
      else if (kept) violate('not-stored', `the ${secret.split('-')[2]} was handed to the table`)
      return
    }
    for (const member of Object.values(value)) scan(member, kind, depth + 1)
  }
}

export type Watch = ReturnType<typeof watch>
