import type { Observation } from '../core/observation.ts'
import type { Runtime } from '../core/runtime.ts'
import { keyOf } from '../kit/connection.ts'
import { isNever, secondsBetween } from '../kit/time.ts'
import type { Operation } from './routes.ts'

/** One line of the audit trail: who got what, when and how it ended. Fingerprints, never tokens. */
export interface VendingEvent {
  /** What was called; or what came of it: the vendor gave a token, a version of the credentials came into use. */
  readonly op: Operation | 'obtain' | 'rotate'
  readonly request_id: string
  /** ARN of who signed the call; else 'schedule' or 'hosted callback'. */
  readonly caller: string
  readonly connection: string
  /** 'requested': it has not begun. Then where the token came from, what else was done, or the code of the failure. */
  readonly outcome: string
  readonly fingerprint?: string
  /** Of the credentials: names a version of the secret, and nothing in it. */
  readonly version?: string
  /** Seconds. */
  readonly expires_in?: number
  /** How long the whole call took. */
  readonly ms?: number
}

/** Writes the audit line. Synchronous: it is out before the answer leaves, and if it throws there is no such answer. */
export type Recorder = (event: VendingEvent, error?: unknown) => void

/** What a call that changes something leaves before it begins, so that what cannot be recorded is not done. */
export const REQUESTED = { outcome: 'requested' } as const

/** The runtime of one invocation: each token that it obtains, and each version that it takes into use, leaves a line. */
export function audited<R extends Pick<Runtime, 'observe' | 'now'>>(
  runtime: R,
  by: Pick<VendingEvent, 'request_id' | 'caller'>,
  record: Recorder,
): R {
  return {
    ...runtime,
    observe: async (observation) => {
      const event = eventOf(observation, runtime.now())
      if (event) record({ ...event, ...by })
      await runtime.observe(observation)
    },
  }
}

function eventOf(observation: Observation, now: Date): Omit<VendingEvent, 'request_id' | 'caller'> | undefined {
  switch (observation.kind) {
    case 'obtained': {
      const { connection, version, accessToken } = observation
      const { value, expiresAt } = accessToken
      const end = isNever(expiresAt) ? {} : { expires_in: Math.floor(secondsBetween(now, expiresAt)) }
      const got = { outcome: 'obtained', fingerprint: value.fingerprint, version, ...end }
      return { op: 'obtain', connection: keyOf(connection), ...got }
    }
    case 'worked': {
      const { connection, state, token } = observation
      const { credentialVersion: version, accessToken } = token
      if (state.provenVersion === version) return undefined
      const { fingerprint } = accessToken.value
      return { op: 'rotate', connection: keyOf(connection), outcome: 'in_use', fingerprint, version }
    }
    default:
      return undefined
  }
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
