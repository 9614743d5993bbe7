import { randomBytes, randomUUID } from 'node:crypto'
import { signHs256, verifyHs256 } from '../simulation/hs256.ts'
import {
  answer,
  bearerOf,
  type SimulatedVendor,
  secondsOf,
  type VendorAnswer,
  type VendorCall,
  type VendorSimulator,
} from '../simulation/vendor-simulator.ts'

const API = 'acme.api.iobeya.com'
const PLATFORM = 'acme.iobeya.com'
const MOST_DAYS = 365

const platformKey = randomBytes(32)
const issued: string[] = []

/**
 * What a person does once a year in the platform's own pages: generate a token of at most 365 days for the machine
 * user. Source: iObeya, "Machine to machine requests to the APIs". The claims are not documented.
 */
export function issueIobeyaToken(days: number, now: Date): string {
  const iat = secondsOf(now)
  const claims = { sub: 'MachineUser', iat, exp: iat + Math.round(days * 86_400), jti: randomUUID() }
  const token = signHs256(claims, platformKey)
  issued.push(token)
  return token
}

export const connections: SimulatedVendor['connections'] = (now) => ({
  main: { token: issueIobeyaToken(300, now), api_url: `https://${API}` },
})

/** Source: iObeya API Facade v1. There is no token endpoint: only a person makes a token, and nothing refreshes one. */
export function simulator(): VendorSimulator {
  const revoked = new Set<string>()

  function isLive(token: string | undefined, now: Date): boolean {
    if (!token || revoked.has(token)) return false
    return Number(verifyHs256(token, platformKey)?.exp) > secondsOf(now)
  }

  return {
    vendor: 'iobeya',
    answersFor: (host) => host === API || host === PLATFORM,
    isTokenPath: (path) => path === '/v1/rooms',
    respond(call) {
      if (call.host === PLATFORM) return generateToken(call)
      if (!isLive(bearerOf(call), call.now)) return unauthorized
      if (call.method !== 'GET' || call.path !== '/v1/rooms') return answer(404, { error: 'Not Found' })
      const [page, size] = [Number(call.query.get('page') ?? 1), Number(call.query.get('size') ?? 10)]
      const rooms = [
        { id: 'room-1', name: 'Obeya' },
        { id: 'room-2', name: 'Gemba' },
      ]
      return answer(200, { page, size, total: rooms.length, data: rooms.slice((page - 1) * size, page * size) })
    },
    refusedClient: unauthorized,
    revoke: (token) => void revoked.add(token),
    revokeAll() {
      for (const token of issued) revoked.add(token)
    },
  }
}

/** Stands for the platform's own page on which a person, logged in, generates a token; there is no such API. */
function generateToken({ method, path, query, now }: VendorCall): VendorAnswer {
  if (path !== '/generate-token') return answer(404, { error: 'Not Found' })
  if (method !== 'POST') return answer(405, { error: 'Method Not Allowed' }, { Allow: 'POST' })
  const days = query.get('days') ?? String(MOST_DAYS)
  if (!/^[1-9]\d{0,2}$/.test(days) || Number(days) > MOST_DAYS) {
    return answer(400, { error: `days must be a whole number from 1 to ${MOST_DAYS}` })
  }
  return answer(200, issueIobeyaToken(Number(days), now), { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
}

const unauthorized = answer(401, { error: 'Unauthorized' }, { 'WWW-Authenticate': 'Bearer' })
