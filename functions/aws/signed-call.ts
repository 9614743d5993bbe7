import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Timing } from './table-clock.ts'

export interface SignedCallOptions {
  readonly service: 'dynamodb' | 'kms'
  readonly region: string
  /** @default the service's own of that region */
  readonly endpoint?: string | undefined
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  readonly now: () => Date
  readonly timing?: Timing
}

/** Calls one operation of the service. Undefined when no clean answer came: then the SDK's client is to be asked. */
export type SignedCall = (operation: string, input: object) => Promise<object | undefined>

const PROTOCOL = {
  dynamodb: { target: 'DynamoDB_20120810', type: 'application/x-amz-json-1.0' },
  kms: { target: 'TrentService', type: 'application/x-amz-json-1.1' },
} as const
/** An answer takes milliseconds. Who is this late is left to the SDK's client, which tries again and says what is wrong. */
const TIMEOUT_MS = 1000
const KEEP = { keepAlive: true }

/**
 * A reading call of a service by hand, since loading the SDK's client would be most of a cold start, and going through it
 * most of a table hit. It makes one attempt, and a second where a connection of ours had been closed meanwhile. All that
 * is difficult (retries, throttling, what an error means) is the client's, which is loaded when no clean answer comes.
 */
export function signedCall({ service, region, credentials, now, timing, ...options }: SignedCallOptions): SignedCall {
  const url = new URL(options.endpoint ?? `https://${service}.${region}.${domainOf(region)}`)
  const isPlain = url.protocol === 'http:'
  const send = isPlain ? httpRequest : httpsRequest
  const agent = isPlain ? new HttpAgent(KEEP) : new HttpsAgent(KEEP)
  const { target, type } = PROTOCOL[service]
  const signature = new SignatureV4({ service, region, credentials, sha256: Sha256 })
  const { protocol, hostname, port, pathname: path, host } = url

  function attempt(headers: Record<string, string>, body: string): Promise<Answer> {
    return new Promise((resolve) => {
      const answered = timing?.()
      const request = send({ method: 'POST', protocol, hostname, port, path, headers, agent }, (response) => {
        answered?.(response.headers.date)
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => end(response.statusCode === 200 ? text : undefined))
        response.on('error', () => end(undefined))
      })
      const clock = setTimeout(() => request.destroy(), TIMEOUT_MS)
      const end = (text: string | undefined, isStale = false) => {
        clearTimeout(clock)
        resolve({ text, isStale })
      }
      request.on('error', (error) =>
        end(undefined, request.reusedSocket && 'code' in error && error.code === 'ECONNRESET'),
      )
      request.on('close', () => end(undefined))
      request.end(body)
    })
  }

  return async (operation, input) => {
    const body = JSON.stringify(input)
    const given = { host, 'content-type': type, 'x-amz-target': `${target}.${operation}` }
    const asked = { method: 'POST', protocol, hostname, path, headers: given, body }
    const { headers } = await signature.sign(asked, { signingDate: now() })
    const sent = { ...headers, 'content-length': `${Buffer.byteLength(body)}` }
    let { text, isStale } = await attempt(sent, body)
    if (isStale) text = (await attempt(sent, body)).text
    return text === undefined ? undefined : objectIn(text)
  }
}

interface Answer {
  readonly text: string | undefined
  /** The service had closed the connection while it was idle. */
  readonly isStale: boolean
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

const domainOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')

/** What the signer hashes with. Its library has one too, but with every other checksum, and so with node:zlib. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(data: Bytes): void {
    this.#hash.update(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

type Bytes = string | ArrayBuffer | ArrayBufferView

const bytesOf = (data: Bytes): string | Uint8Array => {
  if (typeof data === 'string') return data
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}
