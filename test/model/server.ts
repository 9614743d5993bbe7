import type { Invocation } from './machine.ts'
import type { VendorKind } from './plan.ts'
import type { WireAnswer, WireRequest } from './vendors.ts'

/** Every secret of the model has it, so that one look tells whether a text holds one. */
export const MARK = 'zz-secret-'

/** A grant ends so long after the consent, of which only the documents speak, or after its last use, which each answer states. */
export const GRANT_SECONDS = { most: 20 * 86_400, idle: 20 * 86_400 - 300 }

/** What the vendor knows of an access token, or of one that a person has made. */
export interface TrueToken {
  readonly account: string
  /** When the request that brought it was sent. */
  readonly askedAt: number
  readonly expiresAt: number
  /** When it ends for who counts its life from before it was asked for, however long the vendor took. */
  readonly countedUntil: number
  alive: boolean
}

export interface Grant {
  readonly account: string
  readonly since: number
  usedAt: number
  alive: boolean
  current: string
  /** Who consented was told that it is stored. */
  known: boolean
}

/** One request with a refresh token. */
export interface Send<By = Invocation> {
  readonly refreshToken: string
  readonly invocation: By
  readonly at: number
  /** 'flying': neither answered nor given up. 'lost': given up, or its sender died. */
  outcome: 'flying' | 'given' | 'refused' | 'no verdict' | 'lost'
  answeredAt?: number
  /** What had held its sender up by then. */
  readonly heldUpMs: number
  /** The refresh token that came back. */
  next?: string
  /** It came in an answer that is otherwise of no use. */
  unusable?: true
}

/** A small authorization server, with a truth of its own. */
export interface Server<By = Invocation> {
  readonly tokens: ReadonlyMap<string, TrueToken>
  readonly grants: readonly Grant[]
  readonly sends: readonly Send<By>[]
  /** Accounts of which it would not say whether the grant is dead. */
  readonly doubted: ReadonlySet<string>
  readonly refusals: { readonly at: number; readonly proven: boolean }[]
  readonly count: { calls: number; flying: number }
  refusesAll: boolean
  /** When it last gave a token of a type that nobody can use. */
  oddAt: number
  /** A new password that works; a token, where the password is one. */
  newPassword(account: string, kind: 'good' | 'bad'): string
  isGood(password: string): boolean
  newCode(account: string): string
  sent(request: WireRequest, invocation: By, heldUpMs: number): Send<By> | undefined
  handle(request: WireRequest, asked: Handling<By>): WireAnswer
  /** The person's last consent has been stored. */
  connected(account: string): void
  /** The grant of the last consent. */
  grantOf(account: string): Grant | undefined
  /** When the last of all grants of an account ends. */
  grantEndsAt(account: string): number
}

export interface Handling<By = Invocation> {
  readonly sentAt: number
  readonly send: Send<By> | undefined
  readonly trouble?: 'unusable' | 'tiny life' | 'doubtful' | undefined
  readonly amount: number
}

export function server<By = Invocation>(kind: VendorKind, lifeSeconds: number, now: () => number): Server<By> {
  const passwords = new Map<string, { account: string; good: boolean; proven: boolean }>()
  const codes = new Map<string, string>()
  const tokens = new Map<string, TrueToken>()
  const grants: Grant[] = []
  const grantByToken = new Map<string, Grant>()
  const grantByAccess = new Map<string, Grant>()
  const sends: Send<By>[] = []
  const doubted = new Set<string>()
  const refusals: { at: number; proven: boolean }[] = []
  const count = { calls: 0, flying: 0 }
  let serial = 0
  const next = (what: string) => {
    serial += 1
    return `${MARK}${what}-${serial}`
  }
  const refuse = (error: string, status = 400): WireAnswer => ({ status, body: { error } })

  const give = (account: string, { sentAt, trouble, amount }: Handling<By>, grant?: Grant): WireAnswer => {
    const value = next('access')
    const life = trouble === 'tiny life' ? 0.001 + amount * 0.1 : lifeSeconds
    const end = now() + life * 1000
    tokens.set(value, { account, askedAt: sentAt, expiresAt: end, countedUntil: sentAt + life * 1000, alive: true })
    if (grant) grantByAccess.set(value, grant)
    const unusable = trouble === 'unusable'
    if (unusable) server.oddAt = now()
    return {
      status: 200,
      body: {
        access_token: value,
        token_type: unusable && amount < 0.5 ? 'mac' : 'Bearer',
        expires_in: unusable && amount >= 0.5 ? 0 : life,
        ...(grant && { refresh_token: grant.current, refresh_token_expires_in: GRANT_SECONDS.idle }),
      },
    }
  }

  const newGrant = (account: string): Grant => {
    const grant: Grant = { account, since: now(), usedAt: now(), alive: true, current: next('refresh'), known: false }
    grants.push(grant)
    grantByToken.set(grant.current, grant)
    return grant
  }

  const refresh = ({ refreshToken = '' }: WireRequest, asked: Handling<By>): WireAnswer => {
    const grant = grantByToken.get(refreshToken)
    if (asked.trouble === 'doubtful') {
      doubted.add(grant?.account ?? '')
      return refuse('doubtful')
    }
    if (!grant?.alive) return refuse('invalid_grant')
    if (kind === 'rotating') {
      if (grant.current !== refreshToken) {
        grant.alive = false
        return refuse('invalid_grant')
      }
      grant.current = next('refresh')
      grantByToken.set(grant.current, grant)
      if (asked.send) {
        asked.send.next = grant.current
        if (asked.trouble === 'unusable' || asked.trouble === 'tiny life') asked.send.unusable = true
      }
    }
    grant.usedAt = now()
    return give(grant.account, asked, grant)
  }

  const handle = (request: WireRequest, asked: Handling<By>): WireAnswer => {
    count.calls += 1
    const { grant, account, token = '' } = request
    if (grant === 'liveness') {
      const alive = passwords.get(token)?.good === true && tokens.get(token)?.alive === true
      return alive ? { status: 200, body: {} } : refuse('invalid_token', 401)
    }
    const password = passwords.get(request.password ?? '')
    if (!password?.good || server.refusesAll) {
      refusals.push({ at: now(), proven: password?.proven ?? false })
      return refuse('invalid_client', 401)
    }
    password.proven = true
    if (grant === 'revoke') {
      const known = tokens.get(token)
      if (known) known.alive = false
      const grantBehind = grantByAccess.get(token) ?? grantByToken.get(token)
      if (grantBehind && kind === 'rotating') grantBehind.alive = false
      return { status: 200, body: {} }
    }
    if (grant === 'refresh') return refresh(request, asked)
    if (grant === 'client') return give(account, asked, kind === 'lenient' ? newGrant(account) : undefined)
    const code = request.code ?? ''
    if (codes.get(code) !== account) return refuse('invalid_grant')
    codes.delete(code)
    return give(account, asked, newGrant(account))
  }

  const server: Server<By> = {
    tokens,
    grants,
    sends,
    doubted,
    refusals,
    count,
    refusesAll: false,
    oddAt: Number.NEGATIVE_INFINITY,
    newPassword: (account, quality) => {
      const password = next('password')
      passwords.set(password, { account, good: quality === 'good', proven: false })
      const end = now() + 200 * 86_400_000
      tokens.set(password, { account, askedAt: now(), expiresAt: end, countedUntil: end, alive: true })
      return password
    },
    isGood: (password) => passwords.get(password)?.good === true && !server.refusesAll,
    newCode: (account) => {
      const code = next('code')
      codes.set(code, account)
      return code
    },
    sent: ({ refreshToken }, invocation, heldUpMs) => {
      if (refreshToken === undefined) return undefined
      const send: Send<By> = {
        refreshToken,
        invocation,
        at: now(),
        outcome: 'flying',
        heldUpMs,
      }
      sends.push(send)
      return send
    },
    handle,
    connected: (account) => {
      const grant = server.grantOf(account)
      if (grant) grant.known = true
    },
    grantOf: (account) => grants.findLast((grant) => grant.account === account),
    grantEndsAt: (account) =>
      Math.max(
        ...grants
          .filter((grant) => grant.account === account)
          .map(({ since, usedAt }) => Math.min(since + GRANT_SECONDS.most * 1000, usedAt + GRANT_SECONDS.idle * 1000)),
      ),
  }
  return server
}
