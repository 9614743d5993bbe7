import { isFailure, VendingError } from '../kit/errors.ts'
import type { Context } from '../kit/vendor.ts'
import { BY_STATUS, member, readAnswer, shapeChanged, type TokenShape } from './token-answer.ts'
import { baseOf, vendorUrl } from './vendor-url.ts'
import { wholeAnswer } from './whole-answer.ts'

/** What the answer of an issuer says, its endpoints not yet held against the hosts that may be called. */
export interface Found {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly authorizationEndpoint?: string
  readonly revocationEndpoint?: string
  readonly sendsIssuer: boolean
}

/** Nobody is refused here, since nothing is presented: what is not to be had is not there. */
const SHAPE: TokenShape = { ...BY_STATUS, means: { 401: 'configuration', 403: 'configuration' } }

/**
 * Reads the metadata of an issuer: those of RFC 8414 first, which are made for OAuth, and where there are none those of
 * OpenID Connect. There are none where the answer is a refusal, a redirect, a page, or of another issuer, as from a host that
 * overlooks the path; a server that is down, or wants us to wait, is not asked the other way.
 */
export async function findMetadata(issuer: string, context: Context): Promise<Found> {
  const url = vendorUrl(issuer, context.hosts)
  const path = baseOf(url).slice(url.origin.length)
  const places = [`/.well-known/oauth-authorization-server${path}`, `${path}/.well-known/openid-configuration`]
  let others = 0
  for (const place of places) {
    const document = await read(new URL(`${url.origin}${place}`), context)
    const stated = member(document, 'issuer')
    // RFC 8414 section 3.3: the same text, or nothing in the answer may be used.
    if (stated === issuer) return metadataIn(document, issuer)
    if (stated !== undefined) others += 1
  }
  throw others > 0 ? anotherIssuer() : noMetadata()
}

const anotherIssuer = (): VendingError =>
  new VendingError(
    'configuration',
    'the metadata are of another issuer: it has to be given letter by letter, slashes too',
  )

const noMetadata = (): VendingError =>
  new VendingError('configuration', 'there are no metadata of this issuer: check it, or name its endpoints')

async function read(url: URL, context: Context): Promise<unknown> {
  const answer = await wholeAnswer(url, { headers: { accept: 'application/json' } }, context)
  try {
    return readAnswer(answer, SHAPE)
  } catch (error) {
    if (isFailure(error, 'configuration')) return undefined
    throw error
  }
}

function metadataIn(document: unknown, issuer: string): Found {
  const tokenEndpoint = endpointIn(document, 'token_endpoint')
  if (tokenEndpoint === undefined) throw new VendingError('vendor_malformed', shapeChanged('token_endpoint'))
  const authorizationEndpoint = endpointIn(document, 'authorization_endpoint')
  const revocationEndpoint = endpointIn(document, 'revocation_endpoint')
  return {
    issuer,
    tokenEndpoint,
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
    ...(revocationEndpoint !== undefined && { revocationEndpoint }),
    sendsIssuer: member(document, 'authorization_response_iss_parameter_supported') === true,
  }
}

function endpointIn(document: unknown, name: string): string | undefined {
  const endpoint = member(document, name)
  if (endpoint === undefined || typeof endpoint === 'string') return endpoint
  throw new VendingError('vendor_malformed', shapeChanged(name))
}
