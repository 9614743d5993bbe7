import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Refusal, refusal } from './aws-service.ts'

/** What goes back to the caller. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** One call of an AWS service in the protocol that its client speaks. */
export interface WireCall {
  /** As the service signs: `secretsmanager`. Empty where the signature does not say it. */
  readonly service: string
  /** `GetSecretValue`, or method and path of a REST call. */
  readonly operation: string
  /** Throws a refusal when the body is malformed. */
  input(): unknown
  answer(output: object): WireAnswer
  refuse(refusal: Refusal): WireAnswer
}

/** The names in `x-amz-target` of those services whose own name it is not. */
const TARGETS: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  TrentService: 'kms',
  AWSEvents: 'events',
}

/** Source: the protocols of Smithy, "AWS protocols". Each client speaks the one that its service has. */
export function wireCall(request: IncomingMessage, body: string): WireCall {
  const { 'x-amz-target': target, 'smithy-protocol': smithy } = request.headers
  if (typeof target === 'string') return jsonCall(request, target, body)
  if (smithy === 'rpc-v2-cbor') return cborCall(request)
  // A query of few parameters may be one of the address.
  const form = new URLSearchParams(body === '' ? request.url?.split('?')[1] : body)
  return form.has('Action') ? queryCall(request, form) : restCall(request)
}

/** Which service the call is signed for: `Credential=AKID/20261120/eu-west-1/sts/aws4_request`. */
const signedFor = ({ headers }: IncomingMessage): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? ''

const requestId = () => ({ 'x-amzn-requestid': randomUUID() })
const errorHeader = ({ errorType }: Refusal) => ({ 'x-amzn-errortype': errorType })

/** JSON 1.0 and 1.1, which differ in the media type only. */
function jsonCall(request: IncomingMessage, target: string, body: string): WireCall {
  const [prefix = '', operation = ''] = target.split('.')
  const version = request.headers['content-type']?.includes('1.0') ? '1.0' : '1.1'
  const own = () => ({ 'content-type': `application/x-amz-json-${version}`, ...requestId() })
  return {
    service: TARGETS[prefix] ?? (signedFor(request) || prefix),
    operation,
    input: () => parsed(body),
    answer: (output) => ({ status: 200, headers: own(), body: JSON.stringify(output) }),
    refuse: (refused) => ({
      status: refused.status,
      headers: { ...own(), ...errorHeader(refused) },
      body: JSON.stringify({ __type: refused.errorType, message: refused.message }),
    }),
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw refusal('SerializationException', 'The body is not JSON.')
  }
}

/** Form in, XML out. EC2 has an envelope of its own for errors. */
function queryCall(request: IncomingMessage, form: URLSearchParams): WireCall {
  const { Action: operation = '', ...input } = Object.fromEntries(form)
  const service = signedFor(request)
  const headers = () => ({ 'content-type': 'text/xml', ...requestId() })
  return {
    service,
    operation,
    input: () => input,
    answer: (output) => ({ status: 200, headers: headers(), body: queryAnswer(operation, output) }),
    refuse(refused) {
      const body = service === 'ec2' ? ec2Error(refused) : queryError(refused)
      return { status: refused.status, headers: headers(), body }
    },
  }
}

/** `<PublishResponse><PublishResult>…` */
export function queryAnswer(action: string, output: object): string {
  const ResponseMetadata = { RequestId: randomUUID() }
  return xml({ [`${action}Response`]: { [`${action}Result`]: output, ResponseMetadata } })
}

export const queryError = ({ errorType: Code, message: Message, status }: Refusal): string => {
  const Type = status < 500 ? 'Sender' : 'Receiver'
  return xml({ ErrorResponse: { Error: { Type, Code, Message }, RequestId: randomUUID() } })
}

const ec2Error = ({ errorType: Code, message: Message }: Refusal): string =>
  xml({ Response: { Errors: { Error: { Code, Message } }, RequestID: randomUUID() } })

/** A list is written as `<member>` elements; what is undefined is left out. */
function xml(value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => `<member>${xml(entry)}</member>`).join('')
  if (typeof value !== 'object' || value === null) {
    return String(value).replace(/[<>&'"]/g, (c) => `&#${c.charCodeAt(0)};`)
  }
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => `<${name}>${xml(inner)}</${name}>`)
    .join('')
}

const REST_XML: Readonly<Record<string, (refused: Refusal) => string>> = {
  s3: ({ errorType: Code, message: Message }) => xml({ Error: { Code, Message, RequestId: randomUUID() } }),
  route53: queryError,
  cloudfront: queryError,
}

/** Everything is in method, path and headers; what comes back is JSON, and XML of a few old services. */
function restCall(request: IncomingMessage): WireCall {
  const service = signedFor(request)
  const { method = '', url = '' } = request
  const inXml = REST_XML[service]
  const headers = () => ({ 'content-type': inXml ? 'text/xml' : 'application/json', ...requestId() })
  return {
    service,
    operation: `${method} ${url.replace(/\?.*/s, '')}`,
    input: () => ({}),
    answer: (output) => ({ status: 200, headers: headers(), body: JSON.stringify(output) }),
    refuse: (refused) => ({
      status: refused.status,
      headers: { ...headers(), ...errorHeader(refused) },
      body: inXml ? inXml(refused) : JSON.stringify({ message: refused.message }),
    }),
  }
}

/** RPC v2 CBOR, which no service here speaks: enough of it to say so. */
function cborCall(request: IncomingMessage): WireCall {
  const [, , , , operation = ''] = (request.url ?? '').split('/')
  const headers = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }
  const written = (status: number, members: Readonly<Record<string, string>>) => ({
    status,
    headers: { ...headers, ...requestId() },
    body: cbor(members),
  })
  return {
    service: signedFor(request),
    operation,
    input: () => ({}),
    answer: () => written(200, {}),
    refuse: ({ status, errorType, message }) => written(status, { __type: errorType, message }),
  }
}

/** A map of at most 23 texts (RFC 8949 section 3.1). */
function cbor(members: Readonly<Record<string, string>>): Uint8Array {
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    return [Buffer.from([0x79, bytes.length >> 8, bytes.length & 0xff]), bytes]
  }
  const entries = Object.entries(members)
  return Buffer.concat([Buffer.from([0xa0 + entries.length]), ...entries.flat().flatMap(text)])
}
