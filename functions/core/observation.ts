import type { Connection } from '../kit/connection.ts'
import type { FailureCode } from '../kit/errors.ts'
import type { CredentialLife } from '../kit/reminders.ts'
import type { AccessToken } from '../kit/token.ts'
import type { Vendor } from '../kit/vendor.ts'
import type { HeldToken, State } from './store.ts'

interface On {
  readonly connection: Connection
}

interface About extends On {
  /** As it was before. */
  readonly state: State
}

/** What the engine, consent and the keeper report of themselves. Metrics, the log and notices listen; none is named here. */
export type Observation =
  /** One call of a vendor, ahead of need or with a caller waiting. */
  | (On & { readonly kind: 'vendor_called'; readonly seconds: number; readonly failure?: FailureCode })
  /** The vendor gave a token. Nothing of it has been recorded, cached or vended yet: where this rejects nothing is. */
  | (On & { readonly kind: 'obtained'; readonly accessToken: AccessToken; readonly version: string })
  /** A caller waited for another's renewal. */
  | (On & { readonly kind: 'waited'; readonly seconds: number })
  /** The vendor gave a token, or was seen to take a static one. `endsAt` is an end that only a person can put off. */
  | (About & { readonly kind: 'worked'; readonly token: HeldToken; readonly endsAt?: Date })
  /**
   * The connection cannot get a new token; `state.failure` says why. Also when a daily check finds that it is still so.
   * `servedUntil` is the end of the token that is still vended, where there is one.
   */
  | (About & { readonly kind: 'failed'; readonly servedUntil?: Date })
  /** So many tokens of a vendor whose tokens stay in memory were obtained in this hour. */
  | (About & { readonly kind: 'many_obtained'; readonly count: number })
  /** The daily check has seen how long the credentials, or a grant that renewals do not put off, still live. */
  | (About & {
      readonly kind: 'credentials_end' | 'grant_ends'
      readonly ends: CredentialLife
      /** Whole days, negative when it is over. */
      readonly daysLeft: number
      /** The step of the reminders that is due, in days before the end, and when the next one is. */
      readonly step?: { readonly step: number; readonly daysLeft: number; readonly nextAt: Date }
    })
  /** A sweep has ended. `fault` says what kept it from its work, if anything did. */
  | { readonly kind: 'swept'; readonly vendor: Vendor; readonly fault?: string }

/** Rejects where the audit line cannot be written, and for nothing else: a notice must not cost a caller the token. */
export type Observe = (observation: Observation) => Promise<void>
