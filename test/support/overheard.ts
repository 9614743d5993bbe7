import { type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { type Loopback, listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import type { Canary } from './canary.ts'

/** The simulators, and every secret that went to them or came from them. */
export interface Overheard extends Loopback {
  readonly heard: readonly Canary[]
  /** What the next calls of a vendor are answered with: its own words, or all that was sent to it, in body and headers. */
  answerWith(what: 'its words' | 'what was sent'): void
}

/** Members of forms, queries and JSON by which secrets go. */
const NAMED: Readonly<Record<string, string>> = {
  client_secret: 'client secret',
  assertion: 'assertion',
  // Accessia's proof, or the token that is to be revoked at Accelo.
  token: 'assertion',
  refresh_token: 'refresh token',
  refreshToken: 'refresh token',
  code: 'authorization code',
  access_token: 'access token',
  accessToken: 'access token',
}

/** Shorter values are names. */
const SHORTEST = 15

export async function overhear(simulators: Loopback): Promise<Overheard> {
  const heard: Canary[] = []
  let repeats = false
  let refusals = 0
  const note = (pairs: Iterable<readonly [string, unknown]>) => {
    for (const [name, value] of pairs) {
      const kind = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
      if (kind && typeof value === 'string' && value.length >= SHORTEST) heard.push({ kind, value })
    }
  }

  function noteRequest({ url = '', headers }: IncomingMessage, body: string): void {
    note(new URL(url, simulators.url).searchParams)
    note(headers['content-type']?.includes('json') ? membersOf(body) : new URLSearchParams(body))
    const [scheme, value = ''] = headers.authorization?.split(' ') ?? []
    if (scheme === 'Bearer') note([['access_token', value]])
    if (scheme === 'Basic') note([['client_secret', Buffer.from(value, 'base64').toString().split(':')[1]]])
  }

  /** Refusals of every class, and a success without sense. */
  function repeat({ url = '', headers }: IncomingMessage, body: string, response: ServerResponse): void {
    const sent = JSON.stringify({ url, authorization: headers.authorization, body })
    const [status = 500, error] = REFUSALS[refusals++ % REFUSALS.length] ?? []
    const safe = encodeURIComponent(sent)
    response.writeHead(status, {
      'content-type': `application/json; x=${safe}`,
      'www-authenticate': safe,
      location: `/${safe}`,
    })
    response.end(JSON.stringify({ error, error_description: sent, access_token: { [sent]: sent }, [sent]: sent }))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request
    const body = await readBody(request)
    noteRequest(request, `${body}`)
    if (repeats && !url.startsWith('/_')) return repeat(request, `${body}`, response)
    const to = new URL(url, simulators.url)
    const forwarded = send(to, { method, headers: { ...headers, host: to.host } }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.headers)
      const parts: Buffer[] = []
      answered.on('data', (part: Buffer) => {
        parts.push(part)
        response.write(part)
      })
      answered.on('end', () => {
        note(membersOf(`${Buffer.concat(parts)}`))
        response.end()
      })
      answered.on('error', () => response.destroy())
    })
    forwarded.on('error', () => response.destroy())
    forwarded.end(body)
  }

  const { url, close } = await listenOnLoopback(0, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  return {
    url,
    heard,
    answerWith: (what) => {
      repeats = what === 'what was sent'
    },
    close: async () => {
      await close()
      await simulators.close()
    },
  }
}

const REFUSALS: readonly (readonly [number, string?])[] = [
  ...([[400, 'invalid_grant'], [500], [401, 'invalid_client'], [200], [429], [302], [403, 'invalid_request']] as const),
]

/** Of a document and of the objects in it. */
function membersOf(text: string): [string, unknown][] {
  try {
    const found: [string, unknown][] = []
    JSON.parse(text, (name, value: unknown) => {
      found.push([name, value])
      return value
    })
    return found
  } catch {
    return []
  }
}
