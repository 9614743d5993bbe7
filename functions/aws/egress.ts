import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { VendingError } from '../kit/errors.ts'

export interface EgressOptions {
  /** Whether an address may be connected to. */
  readonly mayCall: (address: string) => boolean
  /** @default what the operating system answers */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>
  /** Whose certificates are trusted. @default the authorities that Node comes with */
  readonly ca?: string
}

/** Under the 5 s after which Node's own servers close an idle connection, and many others. */
const IDLE_MS = 4000

/**
 * The `fetch` by which vendors are called. A connection is made to an address that was judged, by one look-up: another may
 * have another answer. No redirect is followed. No compression is asked for and none is undone, so that no answer grows.
 * Rejects with `configuration`, before anybody is connected to, where one address of the host is private or reserved: among
 * public ones it is a mistake or an attack, and who answers first would decide which is called.
 */
export function egress({ mayCall, resolve = all, ca }: EgressOptions): typeof fetch {
  async function judged(host: string): Promise<LookupAddress[]> {
    const addresses = await resolve(host)
    if (addresses.length > 0 && addresses.every(({ address }) => mayCall(address))) return [...addresses]
    throw refused(
      `${host} has an address in a private or reserved network; the setting allowedNetworks opens private ones`,
    )
  }
  const judgedLookup: LookupFunction = (host, _options, done) => {
    judged(host).then(
      (addresses) => done(null, addresses),
      (error: NodeJS.ErrnoException) => done(error, []),
    )
  }
  const agent = new Agent({
    keepAlive: true,
    timeout: IDLE_MS,
    lookup: judgedLookup,
    // The look-up answers a list then.
    autoSelectFamily: true,
    // Left out, NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off.
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
  })
  return async (input, init) => {
    const asked = new Request(input, init)
    const url = new URL(asked.url)
    // An address would be called without a look-up.
    if (url.protocol !== 'https:' || isIP(url.hostname.replace(/[[\]]/g, '')) !== 0)
      throw refused('a vendor is called by https and its name alone')
    const headers = { 'user-agent': 'vendomat', ...Object.fromEntries(asked.headers), 'accept-encoding': 'identity' }
    const body = Buffer.from(await asked.arrayBuffer())
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { method: asked.method, headers, agent, signal: init?.signal ?? asked.signal }, resolve)
      sent.on('error', reject)
      // Also without an error, as after an answer of 101.
      sent.on('close', () => reject(new Error('the connection was closed')))
      // Of a GET without a body no length is said.
      sent.end(body.length > 0 ? body : undefined)
    })
    return responseOf(answer)
  }
}

const all = (host: string): Promise<LookupAddress[]> => lookup(host, { all: true })

const refused = (what: string): VendingError => new VendingError('configuration', what)

/** Statuses that have no body (Fetch, "null body status"). */
const WITHOUT_BODY = [204, 205, 304]

function responseOf(answer: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = answer
  // A body that breaks off before anybody reads it is told to who does.
  answer.on('error', () => {})
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  if (status < 200 || status > 599) {
    answer.destroy()
    throw new VendingError('vendor_malformed', 'the vendor answered a status that HTTP does not know')
  }
  if (!WITHOUT_BODY.includes(status)) return new Response(answer, { status, headers })
  answer.resume()
  return new Response(null, { status, headers })
}
