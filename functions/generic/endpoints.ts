import { VendingError } from '../kit/errors.ts'
import type { Context } from '../kit/vendor.ts'
import { metadataOf } from '../oauth/metadata.ts'
import { vendorUrl } from '../oauth/vendor-url.ts'
import type { Credentials } from './credentials.ts'
import type { VendorDescription } from './description.ts'
import { filledInUrl } from './placeholders.ts'

/** What is known when a described vendor is called for a connection. */
export interface Call {
  readonly description: VendorDescription
  readonly credentials: Credentials
  readonly context: Context
}

/** An address of the description, for the connection. Throws `configuration` where its host is not allowed. */
export const addressOf = (text: string, { credentials, context: { hosts } }: Call): URL =>
  vendorUrl(filledInUrl(text, credentials.values, hosts), hosts)

type Endpoint = 'tokenEndpoint' | 'authorizationEndpoint' | 'revocationEndpoint'

/** What the description gives goes before what the issuer's metadata name. Throws `configuration` where neither has it. */
export async function endpointOf(name: Endpoint, call: Call): Promise<URL> {
  const { [name]: given, title } = call.description
  if (given !== undefined) return addressOf(given, call)
  const named = (await issuerOf(call))?.[name]
  if (named) return named
  throw new VendingError('configuration', `${title} has no ${WORDS[name]} that is known here`)
}

const WORDS = {
  tokenEndpoint: 'token endpoint',
  authorizationEndpoint: 'page where a person consents',
  revocationEndpoint: 'revocation endpoint',
} as const satisfies Record<Endpoint, string>

/** What the issuer's metadata say; undefined where the description names no issuer. */
export const issuerOf = async ({ description: { issuer }, credentials, context }: Call) =>
  issuer === undefined ? undefined : metadataOf(filledInUrl(issuer, credentials.values, context.hosts), context)
