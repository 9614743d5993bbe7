/** From when until when something lives that only a person can renew. */
export interface CredentialLife {
  readonly since: Date
  readonly until: Date
}

/** A matter that people are notified of: the end of credentials, that of a grant, and trouble. */
export type Matter = 'end' | 'grant' | 'trouble'

/** A notice that was sent, or is being sent: if its sender dies in between, the next one takes it on. */
export interface Notified {
  /** Which notice of its matter. */
  readonly mark: string
  readonly at: Date
  readonly sent: boolean
}

export interface Acknowledgement {
  /** ARN of who signed the call. */
  readonly by: string
  readonly at: Date
  readonly note?: string
  /** The end that it is about. */
  readonly endsAt: Date
  /** No notice of it before then. */
  readonly until: Date
}

/** New credentials, and a new consent, have an end of their own. */
export const isAbout = ({ endsAt }: Acknowledgement, { until }: CredentialLife): boolean =>
  endsAt.getTime() === until.getTime()
