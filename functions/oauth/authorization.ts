import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../kit/secret.ts'
import { withQuery } from './parameters.ts'

export interface CodeRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  readonly scope?: string
  /** RFC 7636 section 4.3, for a vendor that knows it. */
  readonly codeChallenge?: string
}

/** The page where a person consents (RFC 6749 section 4.1.1). */
export const authorizationUrl = (page: URL, { clientId, redirectUri, state, scope, codeChallenge }: CodeRequest): URL =>
  withQuery(page, {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    ...(codeChallenge && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
  })

/** RFC 7636 sections 4.1 and 4.2: the verifier stays with us until the exchange, its hash goes ahead. */
export function pkcePair(): { readonly verifier: Secret; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier: new Secret(verifier), challenge: createHash('sha256').update(verifier).digest('base64url') }
}
