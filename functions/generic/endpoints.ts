import { VendingError } from '../kit/errors.ts'
import type { Context } from '../kit/vendor.ts'
import { metadataOf } from '../oauth/metadata.ts'
import { vendorUrl } from '../oauth/vendor-url.ts'
import type { Credentials } from './credentials.ts'
import type { VendorDescription } from './description.ts'
import { filledInUrl } from './placeholders.ts'

/** An address of the description, for a connection. Throws `configuration` where its host is not allowed. */
export const addressOf = (text: string, { values }: Credentials, { hosts }: Context): URL =>
  vendorUrl(filledInUrl(text, values, hosts), hosts)

type Endpoint = 'tokenEndpoint' | 'authorizationEndpoint' | 'revocationEndpoint'

/** What the description gives goes before what the issuer's metadata name. Throws `configuration` where neither has it. */
export async function endpointOf(
  name: Endpoint,
  description: VendorDescription,
  credentials: Credentials,
  context: Context,
): Promise<URL> {
  const given = description[name]
  if (given !== undefined) return addressOf(given, credentials, context)
  const named = (await issuerOf(description, credentials, context))?.[name]
  if (named) return named
  throw new VendingError('configuration', `${description.title} has no ${WORDS[name]} that is known here`)
}

const WORDS = {
  tokenEndpoint: 'token endpoint',
  authorizationEndpoint: 'page where a person consents',
  revocationEndpoint: 'revocation endpoint',
} as const satisfies Record<Endpoint, string>

/** What the issuer's metadata say; undefined where the description names no issuer. */
export const issuerOf = async ({ issuer }: VendorDescription, { values }: Credentials, context: Context) =>
  issuer === undefined ? undefined : metadataOf(filledInUrl(issuer, values, context.hosts), context)
