import type { KeyObject } from 'node:crypto'
import * as z from 'zod/mini'
import { redirectUri, secret } from '../kit/schema.ts'
import type { Secret } from '../kit/secret.ts'
import { keyFault, keyIdIn, signingKey } from '../oauth/signing-key.ts'
import { member } from '../oauth/token-answer.ts'
import type { VendorDescription } from './description.ts'
import { filledIn, isLabel, LINE, placeholdersOf, type Values } from './placeholders.ts'

/** The secret of a connection, in our own names. */
export interface Credentials {
  readonly client_id: string
  readonly client_secret?: Secret | undefined
  readonly private_key?: PrivateKey | undefined
  readonly scope?: string | undefined
  readonly redirect_uri?: string | undefined
  /** All that a placeholder may name. */
  readonly values: Values
}

interface PrivateKey {
  readonly privateKey: KeyObject
  /** Under which the vendor knows the public half. */
  readonly kid?: string
  readonly certificateThumbprint?: string
}

export const hasSecret = ({ clientAuthentication: way }: VendorDescription): boolean =>
  way === 'client_secret_basic' || way === 'client_secret_post'

export const hasKey = ({ grant, clientAuthentication: way }: VendorDescription): boolean =>
  grant === 'jwt_bearer' || way === 'private_key_jwt'

const COMMON = ['client_id', 'key_id', 'certificate_thumbprint', 'scope']

/** The members that this vendor alone has, for its placeholders. */
export const ownMembers = (description: VendorDescription): readonly string[] =>
  [...placeholdersOf(description).keys()].filter((name) => !COMMON.includes(name))

/** The schema of the credentials: what this description needs of them. What else is there is left out. */
export function credentialsOf(description: VendorDescription): z.ZodMiniType<Credentials> {
  const { grant, scopeSeparator, credentials: { defaults = {}, file } = {} } = description
  const placeholders = placeholdersOf(description)
  const text = (name: string) => (placeholders.get(name) === 'label' ? LABEL : LINE_OF_TEXT)
  const mayLack = (name: string) => (placeholders.has(name) ? text(name) : z.optional(text(name)))
  const scope = z.pipe(
    description.scope === undefined ? mayLack('scope') : z._default(text('scope'), description.scope),
    z.transform((scopes) => (scopeSeparator === ',' ? scopes?.split(/[\s,]+/).join(',') : scopes)),
  )
  const common = z.object({
    client_id: text('client_id'),
    client_secret: hasSecret(description) ? secret : UNUSED,
    private_key: hasKey(description) ? privateKey(description) : UNUSED,
    key_id: hasKey(description) ? mayLack('key_id') : UNUSED,
    certificate_thumbprint: hasKey(description) ? mayLack('certificate_thumbprint') : UNUSED,
    scope,
    redirect_uri: grant === 'authorization_code' ? z.optional(redirectUri) : UNUSED,
  })
  const own = z.object(
    Object.fromEntries(
      ownMembers(description).map((name) => {
        const usual = Object.hasOwn(defaults, name) ? defaults[name] : undefined
        return [name, usual === undefined ? text(name) : z._default(text(name), usual)]
      }),
    ),
  )
  return z.pipe(
    z.unknown(),
    z.transform((given: unknown, { issues }): Credentials => {
      const document = inOurNames(given, file?.members)
      const [known, values] = [common.safeParse(document), own.safeParse(document)]
      if (known.success && values.success) return credentialsIn(known.data, values.data, description)
      for (const { message, path } of [...(known.error?.issues ?? []), ...(values.error?.issues ?? [])])
        issues.push({ code: 'custom', input: undefined, message, path: theirNames(path, file?.members) })
      return z.NEVER
    }),
  )
}

/** It may stand there, and is left alone. */
const UNUSED = z.optional(z.transform(() => undefined))

const LINE_OF_TEXT = z
  .string('must be a string')
  .check(z.trim(), z.regex(LINE, 'must be one line of visible ASCII characters'))

const LABEL = z
  .string('must be a string')
  .check(
    z.trim(),
    z.refine(isLabel, 'must be letters, digits, - and _ alone, at most 63: it becomes a part of an address'),
  )

const privateKey = ({ assertion: { algorithm } = {} }: VendorDescription) =>
  z.transform((given: unknown, { issues }): PrivateKey => {
    // A JWK may stand there as it is.
    const text = typeof given === 'string' ? given : (JSON.stringify(given) ?? '')
    const privateKey = signingKey(text, algorithm)
    const kid = keyIdIn(text)
    if (privateKey) return { privateKey, ...(kid && { kid }) }
    issues.push({ code: 'custom', input: undefined, message: keyFault(text, algorithm) ?? 'must be a private key' })
    return z.NEVER
  })

interface Common extends Omit<Credentials, 'values'> {
  readonly key_id?: string | undefined
  readonly certificate_thumbprint?: string | undefined
}

function credentialsIn(common: Common, own: Values, { scope: usual }: VendorDescription): Credentials {
  const { private_key: key, key_id, certificate_thumbprint, ...rest } = common
  // The description's own may have placeholders.
  const scope =
    rest.scope === usual && usual !== undefined ? filledIn(usual, { ...own, client_id: rest.client_id }) : rest.scope
  const named = Object.entries({ client_id: rest.client_id, key_id, certificate_thumbprint, scope, ...own })
  return {
    ...rest,
    scope,
    ...(key && {
      private_key: {
        ...key,
        ...(key_id && { kid: key_id }),
        ...(certificate_thumbprint && { certificateThumbprint: certificate_thumbprint }),
      },
    }),
    values: Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  }
}

/** With what the vendor's file calls otherwise. That goes before our own name: Google's file has another client_id as well. */
function inOurNames(document: unknown, members: Values = {}): unknown {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document
  const theirs = Object.entries(members).map(([ours, name]) => [ours, member(document, name)] as const)
  return { ...document, ...Object.fromEntries(theirs.filter(([, value]) => value !== undefined)) }
}

/** The name of a member as its file has it. */
function theirNames([name, ...rest]: readonly PropertyKey[], members: Values = {}): PropertyKey[] {
  if (name === undefined) return []
  return [typeof name === 'string' && Object.hasOwn(members, name) ? `${members[name]}` : name, ...rest]
}
