import type { FailureCode } from './errors.ts'

/** What the contract of vendors tries a vendor with: `functions/<vendor>/sample.ts` exports one. */
export interface Sample {
  /** Credentials that fit. */
  readonly document: Readonly<Record<string, unknown>>
  /** An answer with a token, for a vendor that is called for one. */
  readonly granted?: object
  /** The refresh token of the last answer, for a vendor that needs one. */
  readonly refreshToken?: string
  /** Members of the document that are no secret, with other values. @default { scope: 'write' } */
  readonly beside?: object
  /** Its secrets go out in the query, because the vendor documents nothing else. */
  readonly inQuery?: true
  /** What a 403 that names no error means. @default 'credential_rejected' */
  readonly forbidden?: FailureCode
}

/** `secret` is every secret of the document, in full or inside of it; `now` is when the token is obtained. */
export type MakeSample = (secret: string, now: Date) => Sample
