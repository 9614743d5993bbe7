import { decodeJwt, SignJWT } from 'jose'
import { issueIobeyaToken } from '../../../functions/iobeya/simulator.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'
import { control as controlOf } from '../../support/control.ts'

let simulators: Loopback
let now: Date

beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z')
  simulators = await startSimulators({ port: 0, now: () => now })
})
afterEach(() => simulators.close())

const call = (token: string, path = '/v1/rooms?page=1&size=1', init: RequestInit = {}) =>
  fetch(`${simulators.url}/acme.api.iobeya.com${path}`, { headers: { authorization: `Bearer ${token}` }, ...init })
const control = (body: object) => controlOf(simulators.url, 'iobeya', 'POST', body)

it('hands a person a token for the days asked for', () => {
  const iat = now.getTime() / 1000
  expect(decodeJwt(issueIobeyaToken(365, now))).toMatchObject({ sub: 'MachineUser', iat, exp: iat + 365 * 86400 })
  expect(decodeJwt(issueIobeyaToken(1 / 1440, now)).exp).toBe(iat + 60)
})

it('answers a page of rooms to a live token, until the second it ends', async () => {
  const token = issueIobeyaToken(1, now)
  const answer = await call(token)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ page: 1, size: 1, total: 2, data: [{ id: 'room-1', name: 'Obeya' }] })
  now = new Date('2026-03-02T11:59:59Z')
  expect((await call(token)).status).toBe(200)
  now = new Date('2026-03-02T12:00:00Z')
  expect((await call(token)).status).toBe(401)
})

it('refuses no token, a strange token and one signed by somebody else', async () => {
  const foreign = await new SignJWT({ sub: 'MachineUser', exp: 2e9 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.alloc(32))
  for (const token of ['', 'abc', foreign, `${issueIobeyaToken(1, now)}x`]) {
    expect((await call(token)).status).toBe(401)
  }
})

it('has no token endpoint', async () => {
  const token = issueIobeyaToken(1, now)
  expect((await call(token, '/oauth/token', { method: 'POST' })).status).toBe(404)
  expect((await call('abc', '/oauth/token', { method: 'POST' })).status).toBe(401)
})

describe('the platform’s page', () => {
  const generate = (query = '', method = 'POST', path = '/generate-token') =>
    fetch(`${simulators.url}/acme.iobeya.com${path}${query}`, { method })

  it('generates a token for the days asked for, a year when nobody asks, and answers it alone', async () => {
    const answer = await generate('?days=30')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain'])
    const token = await answer.text()
    const iat = now.getTime() / 1000
    expect(decodeJwt(token)).toMatchObject({ iat, exp: iat + 30 * 86400 })
    expect((await call(token)).status).toBe(200)
    expect(decodeJwt(await (await generate()).text()).exp).toBe(iat + 365 * 86400)
  })

  it.each(['?days=0', '?days=366', '?days=-1', '?days=1.5', '?days=a', '?days='])('refuses %s', async (query) => {
    expect((await generate(query)).status).toBe(400)
  })

  it('is the only one there, and one that is looked at generates nothing', async () => {
    expect((await generate('', 'GET')).status).toBe(405)
    expect((await generate('', 'POST', '/v1/rooms')).status).toBe(404)
    expect((await call(issueIobeyaToken(1, now), '/generate-token', { method: 'POST' })).status).toBe(404)
  })

  it('is counted like any other call', async () => {
    await generate('?days=30')
    const seen = await (await fetch(`${simulators.url}/_control/iobeya`)).json()
    expect(seen).toMatchObject({ calls: { byPath: { 'POST /generate-token': { 200: 1 } } } })
  })
})

it('lets an administrator revoke one token or all of them', async () => {
  const [first, second] = [issueIobeyaToken(365, now), issueIobeyaToken(365, now)]
  await control({ fault: 'revoke', value: first })
  expect([(await call(first)).status, (await call(second)).status]).toEqual([401, 200])
  await control({ fault: 'revoke-all' })
  expect((await call(second)).status).toBe(401)
  expect((await call(issueIobeyaToken(365, now))).status).toBe(200)
})
