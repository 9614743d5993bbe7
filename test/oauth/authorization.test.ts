import { authorizationUrl } from '../../functions/oauth/authorization.ts'

const page = new URL('https://acme.example/auth/')
const request = { clientId: 'c 1', redirectUri: 'http://127.0.0.1:1/callback?a=b', state: 'a&b=c #+' }

describe('the authorization URL', () => {
  it('says the same after a decoder of forms as after a strict one', () => {
    const url = authorizationUrl(page, { ...request, scope: 'read,write' })
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'c 1',
      redirect_uri: 'http://127.0.0.1:1/callback?a=b',
      scope: 'read,write',
      state: 'a&b=c #+',
    })
    expect(url.href).toMatch(/^https:\/\/acme\.example\/auth\/\?response_type=code&client_id=c%201&/)
    expect(url.search).not.toContain('+')
    expect(url.hash).toBe('')
  })

  it('leaves out what the request leaves out', () => {
    expect(authorizationUrl(page, request).search).not.toMatch(/scope|code_challenge|undefined/)
  })

  it('names the method of its challenge', () => {
    const url = authorizationUrl(page, { ...request, codeChallenge: 'abc' })
    expect(url.search).toContain('&code_challenge=abc&code_challenge_method=S256')
  })
})

describe('what the page of a vendor wants beside', () => {
  const more = (parameters: Record<string, string>) =>
    Object.fromEntries(
      authorizationUrl(page, { ...request, scope: 'read', parameters, codeChallenge: 'abc' }).searchParams,
    )

  it('is sent as well, and may be another scope', () => {
    expect(more({ access_type: 'offline' })).toMatchObject({
      access_type: 'offline',
      scope: 'read',
      response_type: 'code',
    })
    expect(more({ scope: 'all' }).scope).toBe('all')
  })

  it.each(['response_type', 'client_id', 'redirect_uri', 'state', 'code_challenge', 'code_challenge_method'])(
    'is never another %s',
    (name) => {
      expect(more({ [name]: 'token' })).toEqual(more({}))
    },
  )
})
