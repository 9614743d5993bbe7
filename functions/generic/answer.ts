import { isFailure } from '../kit/errors.ts'
import type { Issued, Warning } from '../kit/vendor.ts'
import { RFC_6749, type TokenShape } from '../oauth/token-answer.ts'
import { baseOf, vendorUrl } from '../oauth/vendor-url.ts'
import { hasKey, hasSecret } from './credentials.ts'
import type { VendorDescription } from './description.ts'

/** What the answers of the vendor's endpoints mean. */
export function shapeOf(description: VendorDescription): TokenShape {
  const { grant, answer: { tokenTypes, members = {}, grantExpiresIn, context, errors } = {} } = description
  return {
    accessToken: members.access_token ?? RFC_6749.accessToken,
    refreshToken: members.refresh_token ?? RFC_6749.refreshToken,
    expiresIn: members.expires_in ?? RFC_6749.expiresIn,
    scope: members.scope ?? RFC_6749.scope,
    tokenType: RFC_6749.tokenType,
    error: RFC_6749.error,
    ...(tokenTypes && { tokenTypes }),
    ...(grantExpiresIn !== undefined && { grantExpiresIn }),
    ...(context && { context }),
    // Where nobody has consented the grant is made of the credentials.
    means: { ...(grant !== 'authorization_code' && { invalid_grant: 'credential_rejected' }), ...errors },
    advice: adviceOf(description),
  }
}

function adviceOf(description: VendorDescription): NonNullable<TokenShape['advice']> {
  const { title } = description
  const proofs = [hasSecret(description) && 'client secret', hasKey(description) && 'private key']
  return {
    credential_rejected: `check ${['the client id', ...proofs.filter(Boolean)].join(' and the ')}, and that the application is still active at ${title}`,
    configuration: `check the scope and what else the credentials say, and which grants the application may use at ${title}`,
    grant_rejected: `a person has to connect the account at ${title} again`,
  }
}

/** A URL, in what way parsers may read one, or what is called so: callers would send the token there. */
const isUrl = (name: string, value: string): boolean =>
  /(^|_)url$/.test(name) || /^\s*((https?|wss?|ftp):|[a-z][a-z0-9+.-]*:[/\\]|[/\\]{2})/i.test(value)

/** Where tokens of a connection may be sent. */
export interface Place {
  readonly title: string
  readonly hosts: readonly string[]
  /** Vended beside them. */
  readonly apiBaseUrl?: URL
}

/** With the base of the vendor's API, and without addresses in the answer that the token may not be sent to. */
export function withContext({ accessToken, ...issued }: Issued, { title, hosts, apiBaseUrl }: Place): Issued {
  const warnings: Warning[] = [...(issued.warnings ?? [])]
  const own = Object.entries(accessToken.context).flatMap(([name, value]) => {
    if (!isUrl(name, value)) return [[name, value]]
    const url = allowed(value, hosts)
    if (url) return [[name, baseOf(url)]]
    const detail = `${title} named an address as ${name} that is on none of its hosts; it is left out`
    warnings.push({ code: 'address_left_out', detail })
    return []
  })
  const context = { ...(apiBaseUrl && { api_base_url: baseOf(apiBaseUrl) }), ...Object.fromEntries(own) }
  return { ...issued, accessToken: { ...accessToken, context }, warnings }
}

function allowed(text: string, hosts: readonly string[]): URL | undefined {
  try {
    return vendorUrl(text, hosts)
  } catch (error) {
    if (isFailure(error, 'configuration')) return undefined
    throw error
  }
}
