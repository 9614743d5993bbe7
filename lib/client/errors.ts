interface Told {
  /** Of the problem, as the machine or its gateway has it: 'connection_disabled'. Left out when neither said one. */
  readonly code?: string | undefined
  readonly nextStep: string
  readonly retryAfterSeconds?: number | undefined
  readonly requestId?: string | undefined
  readonly cause?: unknown
}

/** Why there is no token, and what to do next. Holds no token and no vendor's text. */
export class NoToken extends Error {
  readonly code: string | undefined
  readonly nextStep: string
  /** Seconds; left out where calling again does not help. */
  readonly retryAfterSeconds: number | undefined
  /** Names the call in the machine's logs. */
  readonly requestId: string | undefined

  constructor(message: string, { code, nextStep, retryAfterSeconds, requestId, cause }: Told) {
    super(message, { cause })
    this.name = new.target.name
    this.code = code
    this.nextStep = nextStep
    this.retryAfterSeconds = retryAfterSeconds
    this.requestId = requestId
  }
}

/** A person has to give consent at the vendor, once more or for the first time. */
export class ReconnectNeeded extends NoToken {}

/** A person has to put in a new credential: the present one has ended, was taken back, or is refused by the vendor. */
export class RotationNeeded extends NoToken {}

/** The vendor does not do its part now. */
export class VendorUnavailable extends NoToken {}

/** The AWS credentials of this process do not allow the call, or are none. */
export class NotAllowed extends NoToken {}

/** The machine, its gateway or its storage does not answer now. */
export class MachineUnreachable extends NoToken {}

/** The kind of error for each of the machine's codes (functions/README.md, "Problems"); a code that is not here is a plain NoToken. */
export const KINDS: ReadonlyMap<string, typeof NoToken> = new Map(
  Object.entries({
    not_connected: ReconnectNeeded,
    grant_rejected: ReconnectNeeded,
    grant_revoked: ReconnectNeeded,
    credential_expired: RotationNeeded,
    credential_revoked: RotationNeeded,
    credential_rejected: RotationNeeded,
    grant_doubtful: VendorUnavailable,
    vendor_malformed: VendorUnavailable,
    vendor_throttled: VendorUnavailable,
    vendor_locked_out: VendorUnavailable,
    vendor_paused: VendorUnavailable,
    vendor_unavailable: VendorUnavailable,
    store_unavailable: MachineUnreachable,
    busy: MachineUnreachable,
    internal: MachineUnreachable,
  }),
)
