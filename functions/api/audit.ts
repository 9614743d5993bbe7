import type { Operation } from './routes.ts'

/** One line of the audit trail: who got what, when and how it ended. Fingerprints, never tokens. */
export interface VendingEvent {
  readonly op: Operation
  readonly request_id: string
  /** ARN of who signed the call. */
  readonly caller: string
  readonly connection: string
  /** Where the token came from, what else was done, or the code of the failure. */
  readonly outcome: string
  readonly fingerprint?: string
  /** Seconds. */
  readonly expires_in?: number
  readonly ms: number
}

/**
 * Cuts the middle out of the caller's ARN (an IAM path may take 512 bytes) until the event takes no more than `bytes`.
 * Account, kind and session stay; the gateway's access log has the whole of it under the same request id.
 */
export function shorten(event: VendingEvent, bytes: number): VendingEvent {
  const over = Buffer.byteLength(JSON.stringify(event)) - bytes
  if (over <= 0) return event
  const kept = Math.max(0, event.caller.length - over - 3)
  const caller = `${event.caller.slice(0, Math.ceil(kept / 2))}…${event.caller.slice(event.caller.length - Math.floor(kept / 2))}`
  return { ...event, caller }
}
