import type { IncomingHttpHeaders } from 'node:http'

/** One complete request, seen as the vendor would see it. */
export interface VendorCall {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly now: Date
  /** The fault `expires-in`: what the answer shall claim as the life of its token, any JSON value. */
  readonly lifetime?: unknown
}

/** A text body goes out as it is, anything else as JSON. */
export interface VendorAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/**
 * A vendor on the laptop. It checks what the real one checks and answers what the vendor documents, and shares no
 * code with the code it checks: a mistake made there must not be made here too.
 */
export interface VendorSimulator {
  readonly vendor: string
  answersFor(host: string): boolean
  /** Whether a call is of a client of its own: vendors may share a host. */
  knows?(call: VendorCall): boolean
  /** The paths of a scripted fault that names none: the token endpoints, or what a vendor has in their place. */
  isTokenPath(path: string): boolean
  respond(call: VendorCall): VendorAnswer | Promise<VendorAnswer>
  /** The answer to a client with wrong credentials. */
  readonly refusedClient: VendorAnswer
  /** The member of an answer that holds the token. Absent: this vendor hands out none. */
  readonly tokenMember?: string
  revoke(token: string): void
  revokeAll(): void
  /** Sets what becomes of a refresh token that has been used. Absent: this vendor has no such choice. */
  rotate?(rotation: Rotation): void
  /** Counts beside those of the calls, for tests. Never a token. */
  seen?(): JsonObject
  /** Resets it, except for the tokens that it has issued. */
  forget?(): void
}

/** What `functions/<vendor>/simulator.ts` exports. */
export interface SimulatedVendor {
  simulator(): VendorSimulator
  /** Credentials that it knows, by the names of connections, in the shape that the vendor's schema wants. */
  connections(now: Date): Readonly<Record<string, object>>
}

/**
 * none    it stays the one there is
 * grace   a new one each time; the old one works for 30 s more
 * strict  a new one each time; the old one is dead at once
 * family  as strict, and an old one that is used again ends all tokens of the grant
 */
export const rotations = ['none', 'grace', 'strict', 'family'] as const
export type Rotation = (typeof rotations)[number]

export const answer = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): VendorAnswer => ({
  status,
  headers,
  body,
})

export const bearerOf = (call: VendorCall) => /^Bearer ([^\s]+)$/i.exec(call.headers.authorization ?? '')?.[1]

export const mediaTypeOf = (call: VendorCall) => call.headers['content-type']?.split(';')[0]?.trim().toLowerCase()

/** The lifetime that the answer claims, and the real one: the claimed one if it is a number, else the usual one. */
export function lifetimeOf(call: VendorCall, usual: number): { readonly claimed: unknown; readonly seconds: number } {
  const claimed = call.lifetime === undefined ? usual : call.lifetime
  if (typeof claimed === 'number') return { claimed, seconds: claimed }
  const digits = typeof claimed === 'string' && /^-?\d+$/.test(claimed)
  return { claimed, seconds: digits ? Number(claimed) : usual }
}

export const secondsOf = (time: Date) => Math.floor(time.getTime() / 1000)

export type JsonObject = Readonly<Record<string, unknown>>

/** `undefined` for text that is not JSON, or JSON that is no object. */
export function jsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // An object read from JSON has string keys and unknown values, which is what the type says.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** `undefined` for a body that is no form or repeats a parameter (RFC 6749 section 3.2). */
export function formOf(call: VendorCall): Partial<Record<string, string>> | undefined {
  const pairs = [...new URLSearchParams(call.body)]
  const repeated = new Set(pairs.map(([name]) => name)).size < pairs.length
  if (repeated || mediaTypeOf(call) !== 'application/x-www-form-urlencoded') return undefined
  return Object.fromEntries(pairs)
}
