import { netrexApplication, netrexUserToken } from '../../../functions/netrex/simulator.ts'
import type { Loopback } from '../../../lib/local/loopback.ts'
import { startSimulators } from '../../../lib/local/simulators.ts'
import { control as controlOf } from '../../support/control.ts'
import { jsonOf } from '../json.ts'

interface Grant {
  readonly access_token: string
  readonly expires_in: unknown
  readonly refresh_token?: string
}

interface View {
  readonly refreshTokenUses: readonly number[]
}

const { clientId, clientSecret, redirectUri: CALLBACK } = netrexApplication
const client = { client_id: clientId, client_secret: clientSecret }
let simulators: Loopback
let now: Date

beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z')
  simulators = await startSimulators({ port: 0, now: () => now })
})
afterEach(() => simulators.close())

const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}
const url = (path: string, query: Record<string, string> = {}, host = 'system2.netrex.cz') =>
  `${simulators.url}/${host}${path}?${new URLSearchParams(query)}`
const control = (method: string, body?: object) => controlOf(simulators.url, 'netrex', method, body)
const uses = async () => (await jsonOf<View>(control('GET'))).refreshTokenUses

const request = {
  response_type: 'code',
  client_id: clientId,
  redirect_uri: CALLBACK,
  scope: 'read,write',
  state: 'st1',
}
const authorize = (changes: Record<string, string> = {}, host?: string) =>
  fetch(url('/oauth2/auth/', { ...request, ...changes }, host), { redirect: 'manual' })
const backFrom = async (answer: Response | Promise<Response>) => new URL((await answer).headers.get('location') ?? '')
const codeOn = async (host?: string) =>
  (await backFrom(authorize({ decision: 'allow' }, host))).searchParams.get('code') ?? ''

const token = (query: Record<string, string>, host?: string) =>
  fetch(url('/oauth2/token', query, host), { method: 'POST' })
const exchange = (code: string, changes: Record<string, string> = {}, host?: string) =>
  token({ ...client, grant_type: 'authorization_code', code, redirect_uri: CALLBACK, ...changes }, host)
const connect = async () => {
  const { refresh_token = '', ...grant } = await jsonOf<Grant>(exchange(await codeOn()))
  return { ...grant, refresh_token }
}
const refresh = (refresh_token: string, host?: string) =>
  token({ ...client, grant_type: 'refresh_token', refresh_token }, host)
const ask = (bearer: string, query = '{cameraList{name}}', host?: string) =>
  fetch(url('/api/graphql.php', {}, host), {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })

describe('the consent page', () => {
  it('has a link for yes and a link for no, and works without scripts', async () => {
    const answer = await authorize()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const html = await answer.text()
    expect(html).not.toContain('<script')
    const links = [...html.matchAll(/<a href="([^"]+)">(\w+)<\/a>/g)]
    expect(links.map(([, , label]) => label)).toEqual(['Allow', 'Deny'])
    const [yes, no] = links.map(([, href = '']) => new URL(href.replaceAll('&amp;', '&'), answer.url))
    const allowed = await backFrom(fetch(yes ?? '', { redirect: 'manual' }))
    expect(`${allowed.origin}${allowed.pathname}`).toBe(CALLBACK)
    expect([...allowed.searchParams.keys()]).toEqual(['code', 'state'])
    expect(allowed.searchParams.get('state')).toBe('st1')
    expect((await backFrom(fetch(no ?? '', { redirect: 'manual' }))).search).toBe('?error=access_denied&state=st1')
  })

  it('sends a person who says no back with access_denied and no code', async () => {
    const back = await backFrom(authorize({ decision: 'deny' }))
    expect(Object.fromEntries(back.searchParams)).toEqual({ error: 'access_denied', state: 'st1' })
  })

  it.each([
    ...['https://evil.example/callback', 'http://127.0.0.1:8363/other', 'http://127.0.0.1:8363@evil.example/callback'],
    ...['http://127.0.0.1:8364/callback', 'http://localhost:8363/callback', 'http://127.0.0.1/callback', ''],
    ...['https://127.0.0.1:8363/callback', 'http://127.0.0.1:8363/callback/', 'http://127.0.0.1:8363/callback?a=b'],
  ])('goes nowhere when asked to go back to %j', async (redirect_uri) => {
    const answer = await authorize({ redirect_uri, decision: 'allow' })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it('goes nowhere for an application it does not know', async () => {
    expect((await authorize({ client_id: 'other', decision: 'allow' })).status).toBe(400)
  })

  it.each([
    [{ scope: 'admin' }, 'invalid_scope'],
    [{ scope: 'read write' }, 'invalid_scope'],
    [{ scope: '' }, 'invalid_scope'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
  ])('refuses %j with %s', async (changes, error) => {
    const back = await backFrom(authorize({ ...changes, decision: 'allow' }))
    expect(Object.fromEntries(back.searchParams)).toEqual({ error, state: 'st1' })
  })
})

describe('the token endpoint', () => {
  it('answers a code as documented', async () => {
    const answer = await exchange(await codeOn())
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      access_token: expect.stringMatching(/^[\w-]{32}$/),
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^[\w-]{32}$/),
    })
  })

  it('gives access once to a client that does not send its secret', async () => {
    const query = { client_id: clientId, grant_type: 'authorization_code', redirect_uri: CALLBACK }
    for (const secret of [{}, { client_secret: '' }]) {
      const grant = await jsonOf<Grant>(token({ ...query, ...secret, code: await codeOn() }))
      expect(Object.keys(grant)).toEqual(['access_token', 'expires_in'])
    }
  })

  it('takes a code once, for a minute, at its host, and with the address it was sent to', async () => {
    const code = await codeOn()
    expect((await exchange(code)).status).toBe(200)
    expect((await exchange(code)).status).toBe(400)
    expect((await exchange(await codeOn(), { redirect_uri: 'http://127.0.0.1:2/callback' })).status).toBe(400)
    expect((await exchange(await codeOn(), {}, 'cloud.camstreamer.com')).status).toBe(400)
    const [first, second] = [await codeOn(), await codeOn()]
    later(59)
    expect((await exchange(first)).status).toBe(200)
    later(1)
    expect((await exchange(second)).status).toBe(400)
  })

  it.each([
    ['another client', { client_id: 'other' }],
    ['a wrong secret', { client_secret: 'wrong' }],
    ['an unknown grant type', { grant_type: 'password' }],
    ['no code', { code: '' }],
  ])('refuses %s with a text and nothing else', async (_what, changes) => {
    const answer = await exchange(await codeOn(), changes)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ error: expect.any(String) })
  })

  it('reads its parameters from the query, each once, and from nowhere else', async () => {
    const form = new URLSearchParams({ ...client, grant_type: 'refresh_token', refresh_token: 'x' })
    expect((await fetch(url('/oauth2/token'), { method: 'POST', body: form })).status).toBe(400)
    const { refresh_token } = await connect()
    const twice = url('/oauth2/token', { ...client, grant_type: 'refresh_token', refresh_token })
    expect((await fetch(`${twice}&grant_type=refresh_token`, { method: 'POST' })).status).toBe(400)
    expect((await fetch(twice)).status).toBe(404)
    expect((await fetch(twice, { method: 'POST' })).status).toBe(200)
  })

  it('takes no refresh token without the secret, from another host, or unknown', async () => {
    const { refresh_token } = await connect()
    expect((await token({ client_id: clientId, grant_type: 'refresh_token', refresh_token })).status).toBe(400)
    expect((await refresh(refresh_token, 'cloud.camstreamer.com')).status).toBe(400)
    expect((await refresh('unknown')).status).toBe(400)
    expect((await refresh(refresh_token)).status).toBe(200)
  })
})

describe('rotation', () => {
  const rotation = (value: string) => control('POST', { fault: 'rotation', value })
  const next = async (refreshToken: string) => (await jsonOf<Grant>(refresh(refreshToken))).refresh_token ?? ''

  it('none: the refresh token stays, and no answer names one', async () => {
    const { refresh_token } = await connect()
    for (let i = 0; i < 3; i++) {
      expect(Object.keys(await jsonOf<Grant>(refresh(refresh_token)))).toEqual(['access_token', 'expires_in'])
    }
    expect(await uses()).toEqual([3])
  })

  it('grace: the one before works for 30 s more', async () => {
    await rotation('grace')
    const { refresh_token: first } = await connect()
    const second = await next(first)
    expect(second).not.toBe(first)
    later(29)
    expect((await refresh(first)).status).toBe(200)
    later(1)
    expect((await refresh(first)).status).toBe(400)
    expect((await refresh(second)).status).toBe(200)
  })

  it('strict: the one before is dead at once, and nothing else is', async () => {
    await rotation('strict')
    const { refresh_token: first, access_token } = await connect()
    const second = await next(first)
    expect((await refresh(first)).status).toBe(400)
    expect((await ask(access_token)).status).toBe(200)
    expect((await refresh(second)).status).toBe(200)
  })

  it('family: the one before, used again, ends the grant', async () => {
    await rotation('family')
    const [{ refresh_token: first, access_token }, other] = [await connect(), await connect()]
    const second = await next(first)
    expect((await ask(access_token)).status).toBe(200)
    expect((await refresh(first)).status).toBe(400)
    expect((await refresh(second)).status).toBe(400)
    expect((await ask(access_token)).status).toBe(401)
    expect((await refresh(other.refresh_token)).status).toBe(200)
  })

  it('is none of the four: refused', async () => {
    for (const value of ['always', undefined, 1]) {
      expect((await control('POST', { fault: 'rotation', value })).status).toBe(400)
    }
  })

  it('counts the uses of each refresh token, refused ones too, and tells no token', async () => {
    await rotation('strict')
    const { refresh_token: first } = await connect()
    const second = await next(first)
    await refresh(first)
    expect(await uses()).toEqual([2, 0])
    const view = await (await control('GET')).text()
    for (const secret of [first, second]) expect(view).not.toContain(secret)
    await control('DELETE')
    expect(await uses()).toEqual([0, 0])
    expect(Object.keys(await jsonOf<Grant>(refresh(second)))).toEqual(['access_token', 'expires_in'])
  })

  it('happens although the answer is lost on the way', async () => {
    await rotation('strict')
    const { refresh_token } = await connect()
    await control('POST', { fault: 'truncated' })
    const answer = await refresh(refresh_token)
    await expect(answer.text()).rejects.toThrow()
    expect((await refresh(refresh_token)).status).toBe(400)
    expect(await uses()).toEqual([2, 0])
  })
})

describe('the API', () => {
  it('answers a live token', async () => {
    const { access_token } = await connect()
    expect(await jsonOf(ask(access_token))).toEqual({ data: { cameraList: [{ name: 'Entrance' }, { name: 'Yard' }] } })
    expect(await jsonOf(ask(access_token, '{ __typename }'))).toEqual({ data: { __typename: 'Query' } })
    expect(await jsonOf(ask(access_token, '{other}'))).not.toHaveProperty('data')
    later(3599)
    expect((await ask(access_token)).status).toBe(200)
    later(1)
    expect((await ask(access_token)).status).toBe(401)
  })

  it('answers a user token, which has no end', async () => {
    later(400 * 86_400)
    expect((await ask(netrexUserToken)).status).toBe(200)
  })

  it('answers a user token that a person makes on the page of the portal, until it is deleted there', async () => {
    const make = () => fetch(url('/generate-token'), { method: 'POST' })
    const made = await make()
    expect([made.status, made.headers.get('content-type')]).toEqual([200, 'text/plain'])
    const [first, second] = [await made.text(), await (await make()).text()]
    for (const each of [first, second, netrexUserToken]) expect((await ask(each)).status).toBe(200)
    await control('POST', { fault: 'revoke', value: netrexUserToken })
    expect([(await ask(netrexUserToken)).status, (await ask(first)).status]).toEqual([401, 200])
    await control('POST', { fault: 'revoke-all' })
    expect([(await ask(first)).status, (await ask(second)).status]).toEqual([401, 401])
    expect((await ask(await (await make()).text())).status).toBe(200)
    expect((await fetch(url('/generate-token'))).status).toBe(404)
  })

  it('refuses no token, an unknown one and one of another host', async () => {
    const { access_token } = await connect()
    for (const bearer of ['', 'unknown', clientSecret]) expect((await ask(bearer)).status).toBe(401)
    expect((await ask(access_token, '{__typename}', 'cloud.camstreamer.com')).status).toBe(401)
    expect((await ask(access_token)).status).toBe(200)
  })

  it('wants JSON', async () => {
    const headers = { authorization: `Bearer ${netrexUserToken}` }
    const answer = await fetch(url('/api/graphql.php'), { method: 'POST', headers, body: 'query={__typename}' })
    expect(answer.status).toBe(400)
  })
})

describe('revoking', () => {
  const revoke = (access_token: string, host?: string) =>
    fetch(url('/oauth2/revoke', { access_token }, host), { method: 'POST' })

  it('ends the grant: every access token of it, and the refresh token', async () => {
    const [mine, other] = [await connect(), await connect()]
    const { access_token: second } = await jsonOf<Grant>(refresh(mine.refresh_token))
    expect(await jsonOf(revoke(mine.access_token))).toEqual({ success: true, message: expect.any(String) })
    for (const dead of [mine.access_token, second]) expect((await ask(dead)).status).toBe(401)
    expect((await refresh(mine.refresh_token)).status).toBe(400)
    expect((await ask(other.access_token)).status).toBe(200)
  })

  it('is not confirmed for an unknown token, for one of another host, and twice', async () => {
    const { access_token } = await connect()
    expect(await jsonOf(revoke('unknown'))).toMatchObject({ success: false })
    expect(await jsonOf(revoke(access_token, 'cloud.camstreamer.com'))).toMatchObject({ success: false })
    expect(await jsonOf(revoke(access_token))).toMatchObject({ success: true })
    expect(await jsonOf(revoke(access_token))).toMatchObject({ success: false })
  })

  it('may happen behind the back of everybody: of a token, of a grant, of all', async () => {
    const [first, second, third] = [await connect(), await connect(), await connect()]
    await control('POST', { fault: 'revoke', value: first.access_token })
    expect([(await ask(first.access_token)).status, (await refresh(first.refresh_token)).status]).toEqual([401, 200])
    await control('POST', { fault: 'revoke', value: second.refresh_token })
    expect([(await ask(second.access_token)).status, (await refresh(second.refresh_token)).status]).toEqual([401, 400])
    await control('POST', { fault: 'revoke-all' })
    for (const { access_token, refresh_token } of [first, third]) {
      expect([(await ask(access_token)).status, (await refresh(refresh_token)).status]).toEqual([401, 400])
    }
    expect((await refresh((await connect()).refresh_token)).status).toBe(200)
  })
})
