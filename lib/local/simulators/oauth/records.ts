import type { Rotation } from '../../../../functions/simulation/vendor-simulator.ts'

/** Of each kind: then the oldest goes. */
const MOST = 2000
const GRACE_SECONDS = 30
const CENTURY_SECONDS = 100 * 365 * 86_400

type Payload = Readonly<Record<string, unknown>>

interface Held {
  payload: Payload
  /** In seconds of the machine's clock. */
  readonly since: number
  end: number
}

interface Adapter {
  upsert(id: string, payload: Payload, seconds?: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  findByUid(uid: string): Promise<Payload | undefined>
  destroy(id: string): Promise<void>
  revokeByGrantId(grantId: string): Promise<void>
  consume(id: string): Promise<void>
}

/** What the server has issued, as it wants it back, each with its end by the machine's clock. */
export interface Records {
  /** The machine's clock, in seconds, as the latest call has it. */
  now(): number
  setClock(now: number): void
  rotation(): Rotation
  rotate(next: Rotation): void
  /** What the server asks for each kind (oidc-provider, `adapter`). */
  adapterOf(kind: string): Adapter
  /** Sets when a token ends, or what refreshes it. */
  endAt(token: string, end: number): void
  /** Since when there has been the consent that this refresh token comes from. */
  grantedAt(refreshToken: string): number
  isLive(accessToken: string): boolean
  revoke(token: string): void
  revokeAll(): void
}

const ACCESS = ['AccessToken', 'ClientCredentials']
/** All that a person's consent leads to. */
const OF_A_GRANT = ['AccessToken', 'RefreshToken', 'AuthorizationCode']

/**
 * The server goes by the laptop's own clock, and the machine's is ahead of it as soon as somebody has moved it. So these
 * records end by the machine's, and the server sees of each how much it has left by its own.
 */
export function records(usual: Rotation): Records {
  const kinds = new Map<string, Map<string, Held>>()
  let clock = 0
  let rotation = usual

  function of(kind: string): Map<string, Held> {
    const held = kinds.get(kind) ?? new Map<string, Held>()
    kinds.set(kind, held)
    return held
  }

  function live(kind: string, id: string): Held | undefined {
    const held = of(kind).get(id)
    return held && held.end > clock ? held : undefined
  }

  /** Never quite at its end: the server's own clock may go on by a second before it looks. */
  function asSeenNow({ payload, end }: Held): Payload {
    const left = Math.min(end - clock, CENTURY_SECONDS)
    return { ...payload, exp: Math.floor(Date.now() / 1000) + left + 1 }
  }

  const grantOf = (refreshToken: string) => of('RefreshToken').get(refreshToken)?.payload.grantId

  function endGrant(kind: string, grantId: unknown): void {
    for (const [id, { payload }] of of(kind)) if (payload.grantId === grantId) of(kind).delete(id)
  }

  const adapterOf = (kind: string): Adapter => ({
    async upsert(id: string, payload: Payload, seconds = CENTURY_SECONDS) {
      const held = of(kind)
      const since = held.get(id)?.since ?? clock
      held.delete(id)
      held.set(id, { payload, since, end: clock + seconds })
      const [oldest = ''] = held.keys()
      if (held.size > MOST) held.delete(oldest)
    },
    async find(id: string) {
      const held = live(kind, id)
      return held && asSeenNow(held)
    },
    async findByUid(uid: string) {
      const found = [...of(kind).values()].find(({ payload }) => payload.uid === uid)
      return found && asSeenNow(found)
    },
    async destroy(id: string) {
      of(kind).delete(id)
    },
    async revokeByGrantId(grantId: string) {
      endGrant(kind, grantId)
    },
    /** A code that has been used, or a refresh token that another has taken the place of. */
    async consume(id: string) {
      const held = of(kind).get(id)
      if (!held) return
      // The server ends the whole grant when it sees one again that is marked as used (RFC 9700 section 4.14.2).
      if (kind !== 'RefreshToken' || rotation === 'family') held.payload = { ...held.payload, consumed: clock }
      else if (rotation === 'grace') held.end = Math.min(held.end, clock + GRACE_SECONDS)
      else of(kind).delete(id)
    },
  })

  return {
    now: () => clock,
    setClock(now) {
      clock = now
    },
    rotation: () => rotation,
    rotate(next) {
      rotation = next
    },
    adapterOf,
    endAt(token, end) {
      for (const kind of [...ACCESS, 'RefreshToken']) {
        const held = of(kind).get(token)
        if (held) held.end = end
      }
    },
    grantedAt: (refreshToken) => of('Grant').get(String(grantOf(refreshToken)))?.since ?? clock,
    isLive: (accessToken) => ACCESS.some((kind) => live(kind, accessToken) !== undefined),
    revoke(token) {
      for (const kind of ACCESS) of(kind).delete(token)
      const grantId = grantOf(token)
      if (grantId !== undefined) for (const kind of OF_A_GRANT) endGrant(kind, grantId)
    },
    revokeAll() {
      for (const kind of [...ACCESS, ...OF_A_GRANT, 'Grant']) of(kind).clear()
    },
  }
}
