import { type Parameters, withQuery } from './parameters.ts'

export interface CodeRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  readonly scope?: string
  /** RFC 7636 section 4.3, for a vendor that knows it. */
  readonly codeChallenge?: string
  /** What the vendor's page wants beside these, or in place of the scope. */
  readonly parameters?: Parameters
}

/**
 * The page where a person consents (RFC 6749 section 4.1.1). A code is all that is asked for: RFC 9700 section 2.1.2 has an
 * access token in no authorization response.
 */
export function authorizationUrl(page: URL, { parameters, ...request }: CodeRequest): URL {
  const { clientId, redirectUri, state, scope, codeChallenge } = request
  const ours = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    ...(codeChallenge && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
  }
  const { scope: _, ...fixed } = ours
  return withQuery(page, { ...ours, ...parameters, ...fixed })
}
