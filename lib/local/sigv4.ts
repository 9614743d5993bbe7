import { createHmac, timingSafeEqual } from 'node:crypto'
import { canonicalHeaders, canonicalRequest, type SignedRequest, sha256 } from './canonical-request.ts'

export type { SignedRequest } from './canonical-request.ts'

/** The one caller of the local gateway, and what its requests must be signed for. */
export interface ExpectedSigner {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly service: string
  readonly now: Date
}

export interface SigV4Refusal {
  readonly ok: false
  readonly status: 403
  readonly errorType: string
  readonly message: string
}

export type SigV4Verdict = { readonly ok: true; readonly accessKeyId: string } | SigV4Refusal

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SKEW_MINUTES = 5
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

/**
 * Verifies the header form of AWS Signature V4 and refuses in API Gateway's own words.
 * Source: AWS General Reference, "Create a signed AWS API request".
 */
export function verifySigV4(request: SignedRequest, expected: ExpectedSigner): SigV4Verdict {
  const headers = canonicalHeaders(request.headers)
  const authorization = headers.get('authorization')
  if (!authorization) return refuse('MissingAuthenticationTokenException', 'Missing Authentication Token')

  const { credential, signedHeaders, signature } = authorizationParameters(authorization)
  if (!credential) return incomplete("Authorization header requires 'Credential' parameter.")
  if (!signature) return incomplete("Authorization header requires 'Signature' parameter.")
  if (!signedHeaders) return incomplete("Authorization header requires 'SignedHeaders' parameter.")
  const [keyId, day, region, service, terminator, ...rest] = credential.split('/')
  if (!keyId || !day || !region || !service || !terminator || rest.length > 0) {
    return incomplete('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term')
  }
  const date = headers.get('x-amz-date') ?? headers.get('date')
  if (!date) return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  const signedAt = instant(date)
  if (!signedAt) return incomplete("Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601")

  const names = signedHeaders.toLowerCase().split(';').sort()
  if (!names.includes('host')) return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
  const stale = staleness(signedAt, expected.now)
  if (stale) return invalid(stale)
  if (region !== expected.region) return invalid('Credential should be scoped to a valid region.')
  if (service !== expected.service) {
    return invalid(`Credential should be scoped to correct service: '${expected.service}'.`)
  }
  if (terminator !== 'aws4_request') {
    return invalid("Credential should be scoped with a valid terminator: 'aws4_request'.")
  }
  if (day !== basic(signedAt).slice(0, 8)) {
    return invalid('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.')
  }
  if (keyId !== expected.accessKeyId) {
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.')
  }

  // A signed header that is missing, or a session token that is not signed, was removed or added on the way.
  if (!names.every((name) => headers.has(name))) return invalid(MISMATCH)
  if (headers.has('x-amz-security-token') && !names.includes('x-amz-security-token')) return invalid(MISMATCH)
  const declaredPayload = headers.get('x-amz-content-sha256')
  if (declaredPayload && declaredPayload !== sha256(request.body)) return invalid(MISMATCH)
  const canonical = canonicalRequest(request, names)
  if (canonical === undefined) return invalid(MISMATCH)

  const scope = [day, region, service, terminator]
  const toSign = [ALGORITHM, basic(signedAt), scope.join('/'), sha256(canonical)].join('\n')
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${expected.secretAccessKey}`)
  if (!sameText(hmac(key, toSign).toString('hex'), signature)) return invalid(MISMATCH)
  return { ok: true, accessKeyId: keyId }
}

const refuse = (errorType: string, message: string): SigV4Refusal => ({ ok: false, status: 403, errorType, message })
const invalid = (message: string) => refuse('InvalidSignatureException', message)
const incomplete = (message: string) => refuse('IncompleteSignatureException', message)

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const basic = (time: Date) => `${time.toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`

function sameText(ours: string, theirs: string): boolean {
  const [a, b] = [Buffer.from(ours), Buffer.from(theirs)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function authorizationParameters(header: string) {
  const [algorithm, ...parameters] = header.split(/[\s,]+/)
  const read = (name: string) => parameters.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
  if (algorithm !== ALGORITHM) return {}
  return { credential: read('Credential'), signedHeaders: read('SignedHeaders'), signature: read('Signature') }
}

/** SigV4's basic format or, for a plain `Date` header, RFC 9110's. */
function instant(text: string): Date | undefined {
  const time = new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  return Number.isNaN(time.getTime()) ? undefined : time
}

function staleness(signedAt: Date, now: Date): string | undefined {
  const minutesAway = (minutes: number) => basic(new Date(now.getTime() + minutes * 60_000))
  const [signed, clock, earliest, latest] = [
    basic(signedAt),
    basic(now),
    minutesAway(-SKEW_MINUTES),
    minutesAway(SKEW_MINUTES),
  ]
  if (signed < earliest) {
    return `Signature expired: ${signed} is now earlier than ${earliest} (${clock} - ${SKEW_MINUTES} min.)`
  }
  if (signed > latest) {
    return `Signature not yet current: ${signed} is still later than ${latest} (${clock} + ${SKEW_MINUTES} min.)`
  }
  return undefined
}
