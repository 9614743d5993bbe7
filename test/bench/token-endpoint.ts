import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { listenOnLoopback } from '../../lib/local/loopback.ts'

/** How the endpoint answers from now on. */
export interface Answers {
  ms: () => number
  lifeSeconds: number
  /** The share of calls that it fails. */
  failing: number
}

/** A vendor's token endpoint on loopback that answers as it is told, counts, and knows what it has issued. */
export async function tokenEndpoint() {
  const answers: Answers = { ms: () => 0, lifeSeconds: 3600, failing: 0 }
  /** How long each of its answers took. */
  const times: number[] = []
  /** When each token ends, in milliseconds since 1970. */
  const issued = new Map<string, number>()
  const heard: (() => void)[] = []
  const server = await listenOnLoopback(0, async (request, response) => {
    request.resume()
    for (const hear of heard.splice(0)) hear()
    const ms = answers.ms()
    times.push(ms)
    await pause(ms)
    if (Math.random() < answers.failing) return response.writeHead(500).end('{"error":"server_error"}')
    const { lifeSeconds } = answers
    const token = randomUUID()
    issued.set(token, Date.now() + lifeSeconds * 1000)
    const body = { access_token: token, token_type: 'bearer', expires_in: lifeSeconds, scope: 'read(all)' }
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  return {
    ...{ url: server.url, close: server.close, answers, times, issued },
    calls: () => times.length,
    /** Resolves with the next call. */
    called: () => new Promise<void>((resolve) => heard.push(resolve)),
  }
}
