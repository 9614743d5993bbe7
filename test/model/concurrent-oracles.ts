import { type Answered, PROMISES as IN_VIRTUAL_TIME } from './oracles.ts'
import type { OpKind, VendorKind } from './plan.ts'
import type { HeldWrite, Process } from './process.ts'
import type { Grant, Send, Server } from './server.ts'
import {
  allButTheGrant,
  factsOf,
  hasPlainSecret,
  hasStoredToken,
  overdrawn,
  type RawItem,
  type TableFacts,
} from './table-facts.ts'
import type { WireRequest } from './vendors.ts'

/** What has to hold over a real table, one sentence each; what the model checks better is left to it. */
export const PROMISES = {
  'one-sender': IN_VIRTUAL_TIME['one-sender'],
  'grant-kept': IN_VIRTUAL_TIME['grant-kept'],
  'newest-kept': 'no refresh token is replaced in the table by one that the vendor gave before it',
  'late-writer': 'whoever has lost the lease to another records and caches nothing any more, but for a refresh token',
  'one-call':
    'while nothing is lost, the vendor is asked for a token of one connection once at a time, but for trials that spend no grant',
  'code-once': 'the code of a consent is sent to the vendor once',
  stopped:
    'no token from before a revoke, and none of a disabled connection, is given to a call that begins later than 5 s after it was acknowledged (300 s while the table does not answer)',
  'disabled-holds': IN_VIRTUAL_TIME['disabled-holds'],
  'not-expired': IN_VIRTUAL_TIME['not-expired'],
  'own-token': 'a caller gets a token of its own connection',
  'no-plaintext': 'no item of the table holds a token or secret in plain text',
  'not-stored': 'a token that must stay in memory, or is the credential itself, is in no item, not even sealed',
  'only-up': IN_VIRTUAL_TIME['only-up'],
  limits: 'no more is taken of an allowance than there is',
  recovers: IN_VIRTUAL_TIME.recovers,
  'no-crash': IN_VIRTUAL_TIME['no-crash'],
} as const

export type PromiseId = keyof typeof PROMISES

/** One call of the function. */
export interface Call {
  readonly id: number
  readonly kind: OpKind
  readonly connection: string
  readonly process: Process
  readonly startedAt: number
  /** When the function is ended. */
  readonly limitAt: number
  endedAt: number
  ended: 'no' | 'answered' | 'killed'
}

export interface Options {
  readonly vendor: VendorKind
  readonly server: Server<Call>
  readonly now: () => number
  readonly violate: (promise: PromiseId, detail: string) => void
  readonly secretState: (connection: string) => 'good' | 'bad'
}

const SECOND = 1000
const CLOCK_MS = SECOND

/** Looks on while a run goes, and says when a promise is broken. */
export function watch({ vendor, server, now, violate, secretState }: Options) {
  const calls: Call[] = []
  const acknowledged: Call[] = []
  const facts = new Map<string, TableFacts>()
  const lookedAt = new Map<string, number>()
  /** A sweep asks for more connections than the one it is named for. */
  const asking = new Set<{ readonly call: Call; readonly account: string; readonly at: number }>()
  const newest = new Map<string, number>()
  const codes = new Set<string>()
  const isLeased = vendor === 'table' || vendor === 'rotating' || vendor === 'lenient'

  const between = (kinds: readonly OpKind[], connection: string, from: number): Call | undefined =>
    calls.find((call) => call.connection === connection && kinds.includes(call.kind) && call.endedAt >= from)

  function delivered(call: Call, body: Answered['body']): void {
    const { connection, startedAt, process } = call
    const token = server.tokens.get(String(body.access_token))
    if (token?.account !== connection) {
      violate('own-token', `${connection} was given a token of ${token?.account ?? 'nobody'}`)
      return
    }
    if (now() > token.expiresAt + CLOCK_MS || Number(body.expires_in) <= 0)
      violate('not-expired', `given out ${(now() - token.expiresAt) / SECOND} s after its end`)
    const patience = (process.gaveUpAt() >= startedAt ? 300 : 5) * SECOND
    for (const stop of acknowledged) {
      const late = startedAt - stop.endedAt
      if (stop.connection !== connection || late <= patience) continue
      if (stop.kind === 'revoke' && token.askedAt >= stop.startedAt) continue
      if (stop.kind === 'disable' && between(['enable'], connection, stop.startedAt)) continue
      violate('stopped', `given to a call that began ${late / SECOND} s after the ${stop.kind} was acknowledged`)
    }
  }

  /** Whether whoever got an answer could not keep what came in it. */
  const couldNotKeep = ({ invocation: call, at }: Send<Call>, account: string): boolean =>
    call.ended === 'killed' ||
    call.process.stoppedSince(at) ||
    between(['revoke', 'disable', 'consent', 'finish', 'enable'], account, at) !== undefined

  return {
    facts,

    begun: (call: Call): void => {
      calls.push(call)
    },

    /** The last write of a process has come. */
    cameLate: (process: Process): void => {
      for (const call of calls) if (call.process === process && call.ended === 'killed') call.endedAt = now()
    },

    /** The table before and after it, when nothing else went on. */
    wroteLate: ({ key, naming, fence }: HeldWrite, before: readonly RawItem[], after: readonly RawItem[]): void => {
      const facts = factsOf(before, key)
      // A write that names nothing may be one that needs no lease.
      if (naming === '' || fence === undefined || !facts) return
      const overtaken = naming === 'sealed' ? facts.tokenFence > fence : facts.fence > fence
      if (overtaken && allButTheGrant(before, key) !== allButTheGrant(after, key))
        violate('late-writer', `the one of fence ${fence} wrote over ${JSON.stringify(facts)}`)
    },

    answered: (call: Call, { status, body }: Answered): void => {
      if (typeof body.access_token === 'string') delivered(call, body)
      if (status === 200 && (call.kind === 'revoke' || call.kind === 'disable')) acknowledged.push(call)
    },

    /** A request to the vendor is about to leave. Returns what to call when it is over. */
    asks: (call: Call, { grant, code, account }: WireRequest): (() => void) => {
      const asked = { call, account, at: now() }
      // A revoke asks without the lease, since there is nothing left that could be spoiled.
      if (!isLeased || call.kind === 'revoke' || grant === 'revoke') return () => {}
      // New credentials are tried beside those in use, without the lease where no refresh token is spent for it.
      if (call.kind === 'trial' && grant === 'client') return () => {}
      if (code !== undefined && codes.has(code)) violate('code-once', `${call.kind} ${call.id} sent ${code} again`)
      if (code !== undefined) codes.add(code)
      for (const { call: other, account: asks, at } of asking) {
        if (asks !== account || other.ended !== 'no' || other.process.stoppedSince(at)) continue
        if (between(['revoke'], account, other.startedAt)) continue
        violate('one-call', `${call.kind} ${call.id} asks while ${other.kind} ${other.id} does`)
      }
      asking.add(asked)
      return () => asking.delete(asked)
    },

    /** A call with a refresh token is about to leave. */
    sending: (send: Send<Call>, account: string): void => {
      if (vendor !== 'rotating' || send.invocation.kind === 'revoke') return
      for (const before of server.sends) {
        const { invocation, outcome, refreshToken } = before
        if (before === send || refreshToken !== send.refreshToken || invocation.kind === 'revoke') continue
        const other = `${invocation.kind} ${invocation.id}`
        // Who stands still past its lease has sent before, and is as good as gone: it can neither hear nor give up.
        const standsStill = invocation.process.stoppedSince(before.at)
        if (outcome === 'flying' && invocation.ended === 'no' && !standsStill)
          violate('one-sender', `still on its way from ${other}`)
        if ((outcome !== 'given' && outcome !== 'refused') || couldNotKeep(before, account)) continue
        // RFC 6749 section 5.2: a refresh token is refused to another client too, so what a trial hears does not count.
        if (outcome === 'refused' && invocation.kind !== 'trial')
          violate('one-sender', `sent again after it was refused to ${other}`)
        if (outcome === 'given') violate('grant-kept', `a newer one came to ${other}, and this is sent again`)
      }
    },

    /** All that is in the table at one moment. */
    saw: (items: readonly RawItem[], connections: readonly string[]): void => {
      if (hasPlainSecret(items)) violate('no-plaintext', 'there is one')
      if ((vendor === 'memory' || vendor === 'static') && hasStoredToken(items)) violate('not-stored', 'there is one')
      for (const spent of overdrawn(items)) violate('limits', spent)
      for (const connection of connections) {
        const after = factsOf(items, `${vendor}#${connection}`)
        const before = facts.get(connection)
        if (!after) {
          if (before) violate('only-up', `the row of ${connection} is gone`)
          continue
        }
        facts.set(connection, after)
        const since = lookedAt.get(connection) ?? 0
        lookedAt.set(connection, now())
        if (!before) continue
        const numbers = ['fence', 'epoch', 'generation', 'tokenFence'] as const
        if (numbers.some((name) => after[name] < before[name])) violate('only-up', JSON.stringify({ before, after }))
        const enabled = before.status === 'disabled' && after.status !== 'disabled'
        if (enabled && !between(['enable'], connection, since))
          violate('disabled-holds', `${connection} became ${after.status}`)
      }
    },

    /** The refresh token that is in the table. The vendor numbers them as it gives them. */
    stored: (connection: string, refreshToken: string): void => {
      const serial = Number(refreshToken.split('-').at(-1))
      const before = newest.get(connection) ?? 0
      if (serial < before) violate('newest-kept', `${refreshToken} replaced number ${before}`)
      newest.set(connection, serial)
    },

    /** The end of the run: whether what the last caller heard is true. */
    probed: (connection: string, { status, code = '' }: Answered, kept: Grant | undefined): 'done' | 'again' => {
      if (status === 200) return 'done'
      const stop = (kind: OpKind) => calls.some((call) => call.kind === kind && call.connection === connection)
      const revoked = between(['revoke'], connection, kept?.since ?? 0) !== undefined
      const isBad = secretState(connection) === 'bad'
      const truths: Record<string, boolean> = {
        connection_disabled: stop('disable'),
        credential_rejected: isBad,
        credential_expired: isBad,
        credential_revoked: stop('revoke'),
        grant_revoked: revoked,
        // Of a consent that was not seen to its end nobody knows whether it counts.
        not_connected: !kept?.alive || revoked,
        grant_rejected: !kept?.alive || revoked,
      }
      if (!(code in truths)) return 'again'
      if (!truths[code]) violate('recovers', `the last caller hears ${code}, which is not true`)
      return 'done'
    },
  }
}

export type Watch = ReturnType<typeof watch>
