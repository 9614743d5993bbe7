/** A member of a credential document that a person fills in. */
export interface Field {
  readonly name: string
  /** What the person is asked. */
  readonly label: string
  /** It is not shown while it is typed. */
  readonly secret?: boolean
  /** It has several lines, as a key in PEM has: the person says in which file it is. */
  readonly file?: boolean
  /** The vendor makes it as a JWT (RFC 7519). */
  readonly jwt?: boolean
  /** It may be left out. */
  readonly optional?: boolean
  /** The value for an empty answer. */
  readonly default?: string
}

/** One kind of credentials: members to fill in, or a file that the vendor's portal makes and members to fill in beside it. */
export type CredentialForm = {
  readonly title: string
  /** The credentials are the token: a person makes it, and nobody has to consent. */
  readonly is_token?: boolean
} & (
  | { readonly fields: readonly Field[] }
  /** What the person is asked: where the file is. */
  | { readonly file: string; readonly choice?: Choice; readonly fields?: readonly Field[] }
)

/** What a file leaves open that has the members of all options, until a person says it in a member of our own. */
export interface Choice {
  /** 'the file holds a key and a client secret' */
  readonly open: string
  /** 'authenticate_with' */
  readonly member: string
  /** By the member that is used. The first holds as long as nobody has said it. */
  readonly options: readonly { readonly value: string; readonly means: string }[]
}

/** For credentials that do not state their own end. */
export const endField = (what: string): Field => ({
  name: 'expires_on',
  label: `last day of the ${what} as YYYY-MM-DD; leave empty when it has none`,
  optional: true,
})
