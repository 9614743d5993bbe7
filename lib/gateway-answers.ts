import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway'

interface GatewayAnswer {
  readonly type: ResponseType
  /** Left out where one type stands for several. */
  readonly status?: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly next_step: string
  /** A caller who waits so long may be answered then. */
  readonly retryAfterSeconds?: number
}

/**
 * What the gateway says where no function answers. Each in words of ours and none of `$context.error`: of a signature that
 * does not fit, that is all that was to be signed, a session token among it. Where AWS has a set phrase, it is in the detail.
 */
export const ANSWERS: readonly GatewayAnswer[] = [
  {
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    status: 403,
    code: 'not_signed',
    title: 'There is no such route or vendor, or the call was not signed',
    detail: 'Missing Authentication Token',
    next_step:
      'compare method and path with functions/README.md, and sign the call with AWS Signature V4 for execute-api',
  },
  {
    type: ResponseType.INVALID_SIGNATURE,
    status: 403,
    code: 'signature_invalid',
    title: 'The signature does not fit the call',
    detail: 'the signature we calculated does not match, or its time, region or service is not right',
    next_step: 'look at the secret key, the clock and the region of who signs, and whether a proxy changes the call',
  },
  {
    type: ResponseType.EXPIRED_TOKEN,
    status: 403,
    code: 'session_expired',
    title: 'The AWS session of the caller is over',
    detail: 'the security token included in the request is expired',
    next_step: 'sign in to AWS again',
  },
  {
    type: ResponseType.ACCESS_DENIED,
    status: 403,
    code: 'not_allowed',
    title: 'The caller may not do this',
    detail: 'the caller is not authorized to perform execute-api:Invoke on this route',
    next_step: 'have it allowed in the IAM of the caller; the access log names who called, by the request id',
  },
  {
    type: ResponseType.WAF_FILTERED,
    status: 403,
    code: 'filtered',
    title: 'The firewall refused the call',
    detail: 'a rule of the web ACL of this API refused the call',
    next_step: 'look at the log of the web ACL',
  },
  {
    type: ResponseType.BAD_REQUEST_PARAMETERS,
    status: 400,
    code: 'bad_request',
    title: 'The request is not understood',
    detail: 'the path or the query is not what the route takes',
    next_step: 'correct the request',
  },
  {
    type: ResponseType.BAD_REQUEST_BODY,
    status: 400,
    code: 'bad_request',
    title: 'The request is not understood',
    detail: 'the body is not what the route takes',
    next_step: 'correct the request',
  },
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    status: 413,
    code: 'too_large',
    title: 'The request is too large',
    detail: 'no route takes as much as this',
    next_step: 'correct the request',
  },
  {
    type: ResponseType.THROTTLED,
    status: 429,
    code: 'throttled',
    title: 'The API is called too often',
    detail: 'all callers together ask for more than the API is set to take',
    next_step: 'call again after the time in Retry-After',
    retryAfterSeconds: 1,
  },
  {
    type: ResponseType.INTEGRATION_TIMEOUT,
    status: 504,
    code: 'no_answer',
    title: 'The function did not answer in time',
    detail: 'the gateway waits for 29 seconds',
    next_step: 'call again after the time in Retry-After',
    retryAfterSeconds: 5,
  },
  {
    type: ResponseType.INTEGRATION_FAILURE,
    status: 504,
    code: 'no_answer',
    title: 'The function did not answer',
    detail: 'the gateway could not reach the function',
    next_step: 'call again after the time in Retry-After',
    retryAfterSeconds: 5,
  },
  {
    type: ResponseType.DEFAULT_4XX,
    code: 'refused',
    title: 'The gateway refused the call',
    detail: 'the header x-amzn-errortype names the reason',
    next_step: 'correct the request or who signs it',
  },
  {
    type: ResponseType.DEFAULT_5XX,
    code: 'no_answer',
    title: 'Something broke on our side',
    detail: 'the function did not give an answer, or the gateway may not call it',
    next_step: 'call again after the time in Retry-After; then report the request id',
    retryAfterSeconds: 5,
  },
]

/** Has the gateway answer as the machine does: RFC 9457, and never to be stored on the way (RFC 6749 section 5.1). */
export function addGatewayAnswers(api: RestApi): void {
  for (const { type, code, retryAfterSeconds, title, status, detail, next_step } of ANSWERS) {
    const body = {
      // Not `urn:vendomat:problem:`: of these the machine knows nothing.
      type: `urn:vendomat:gateway:${code.replaceAll('_', '-')}`,
      title,
      ...(status !== undefined && { status }),
      detail,
      code,
      retryable: retryAfterSeconds !== undefined,
      next_step,
      request_id: '$context.requestId',
    }
    api.addGatewayResponse(type.responseType, {
      type,
      ...(status !== undefined && { statusCode: `${status}` }),
      // The gateway has one template, under its own default, and says in the header what is in it.
      templates: { 'application/json': JSON.stringify(body) },
      responseHeaders: {
        'Content-Type': "'application/problem+json'",
        'Cache-Control': "'no-store'",
        Pragma: "'no-cache'",
        'X-Content-Type-Options': "'nosniff'",
        ...(retryAfterSeconds !== undefined && { 'Retry-After': `'${retryAfterSeconds}'` }),
      },
    })
  }
}
