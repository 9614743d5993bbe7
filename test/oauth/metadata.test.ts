import { secondsAfter } from '../../functions/kit/time.ts'
import { metadataOf } from '../../functions/oauth/metadata.ts'
import {
  contextFor,
  expectNoTrace,
  failureOf,
  hangs,
  html,
  json,
  NOW,
  networkError,
  redirect,
  type Step,
  text,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const ISSUER = 'https://acme.example/tenant'
const OAUTH = 'https://acme.example/.well-known/oauth-authorization-server/tenant'
const OPENID = 'https://acme.example/tenant/.well-known/openid-configuration'
const HOUR = 3600

const document = (changes: object = {}) => ({
  issuer: ISSUER,
  token_endpoint: 'https://acme.example/token',
  authorization_endpoint: 'https://login.acme.example/authorize',
  revocation_endpoint: 'https://acme.example/revoke',
  authorization_response_iss_parameter_supported: true,
  ...changes,
})

/** A machine that asks one issuer at times of its own. */
function asking(...script: Step[]) {
  const vendor = vendorAnswering(...script)
  const ask = (seconds = 0, issuer = ISSUER) =>
    metadataOf(issuer, contextFor(vendor, acme, { now: () => secondsAfter(NOW, seconds) }))
  return { ask, vendor, urls: () => vendor.requests.map(({ url }) => url) }
}

describe('the metadata of an issuer', () => {
  it('are read where RFC 8414 section 3.1 has them, without a redirect and without a proof', async () => {
    const { ask, vendor } = asking(json(document()))
    expect(await ask()).toEqual({
      issuer: ISSUER,
      tokenEndpoint: new URL('https://acme.example/token'),
      authorizationEndpoint: new URL('https://login.acme.example/authorize'),
      revocationEndpoint: new URL('https://acme.example/revoke'),
      sendsIssuer: true,
    })
    expect(vendor.requests).toMatchObject([{ method: 'GET', url: OAUTH, redirect: 'manual', body: '' }])
    expect(vendor.requests[0]?.headers.get('authorization')).toBeNull()
  })

  it.each([
    ['https://acme.example', 'https://acme.example/.well-known/oauth-authorization-server'],
    ['https://acme.example/', 'https://acme.example/.well-known/oauth-authorization-server'],
    ['https://acme.example/a/b/', 'https://acme.example/.well-known/oauth-authorization-server/a/b'],
  ])('of %s have no slash at the end of their path', async (issuer, url) => {
    const { ask, urls } = asking(json(document({ issuer })))
    await ask(0, issuer)
    expect(urls()).toEqual([url])
  })

  it('may name the token endpoint alone', async () => {
    const { ask } = asking(json({ issuer: ISSUER, token_endpoint: 'https://acme.example/token' }))
    expect(await ask()).toEqual({
      issuer: ISSUER,
      tokenEndpoint: new URL('https://acme.example/token'),
      sendsIssuer: false,
    })
  })

  it.each([false, 'true', 1, null, undefined])('do not announce the issuer in answers with %j', async (said) => {
    const { ask } = asking(json(document({ authorization_response_iss_parameter_supported: said })))
    expect((await ask()).sendsIssuer).toBe(false)
  })
})

describe('metadata that are not where RFC 8414 has them', () => {
  it.each<[string, Step]>([
    ['is a 404', json({}, 404)],
    ['is a 400', json({ error: 'canary' }, 400)],
    ['is a 401', html(401)],
    ['is a 403', html(403)],
    ['is a redirect', redirect('https://acme.example/login')],
    ['is a page', html(200)],
    ['is a list', json([document()])],
    ['is empty', text('')],
    ['is an object of another kind', json({ error: 'canary' })],
    ['is of another issuer', json(document({ issuer: 'https://acme.example' }))],
  ])('are read as of OpenID Connect, where the answer %s', async (_what, step) => {
    const { ask, urls } = asking(step, json(document()))
    expect((await ask()).issuer).toBe(ISSUER)
    expect(urls()).toEqual([OAUTH, OPENID])
  })

  it('are none where they are not there either', async () => {
    const { ask } = asking(html(404), html(404))
    expect(await failureOf(ask())).toMatchObject({
      code: 'configuration',
      message: 'there are no metadata of this issuer: check it, or name its endpoints',
    })
  })

  it.each<[string, Step, object]>([
    ['is down', json({}, 500), { code: 'vendor_unavailable' }],
    ['breaks down in the network', networkError('ECONNRESET'), { code: 'vendor_unavailable' }],
    ['wants us to wait', json({}, 429, { 'retry-after': '7' }), { code: 'vendor_throttled', retryAfterSeconds: 7 }],
    ['sends too much', text(' '.repeat(2 ** 20 + 1)), { code: 'vendor_malformed' }],
  ])('are not asked for in the other way of a server that %s', async (_what, step, failure) => {
    const { ask, urls } = asking(step)
    expect(await failureOf(ask())).toMatchObject(failure)
    expect(urls()).toEqual([OAUTH])
  })
})

describe('metadata that may not be used', () => {
  it.each([
    'https://acme.example/other',
    'https://acme.example/tenant/',
    'https://ACME.example/tenant',
    'https://acme.example/Tenant',
    'https://evil.example',
    '',
    7,
    [ISSUER],
  ])('are of another issuer: %j', async (issuer) => {
    const { ask } = asking(json(document({ issuer })), json(document({ issuer })))
    const error = await failureOf(ask())
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining('another issuer') })
    expectNoTrace(error, 'evil.example')
  })

  it.each(['token_endpoint', 'authorization_endpoint', 'revocation_endpoint'])(
    'have their %s where nothing may be sent',
    async (name) => {
      for (const endpoint of [
        'https://evil.example/token',
        'https://acme.example.evil.example/token',
        'http://acme.example/token',
        'https://169.254.169.254/token',
        'https://acme.example:8443/token',
        'https://acme.example/token?to=evil',
        '/token',
        '',
      ]) {
        const { ask } = asking(json(document({ [name]: endpoint })))
        expect(await failureOf(ask())).toMatchObject({ code: 'configuration' })
      }
    },
  )

  it.each([
    ['token_endpoint', undefined],
    ['token_endpoint', 7],
    ['authorization_endpoint', ['https://acme.example/a']],
    ['revocation_endpoint', {}],
  ])('have a %s of another shape: %j', async (name, endpoint) => {
    const { ask } = asking(json(document({ [name]: endpoint })))
    expect(await failureOf(ask())).toMatchObject({ code: 'vendor_malformed', message: expect.stringContaining(name) })
  })

  it.each([
    'http://acme.example',
    'https://evil.example',
    'https://acme.example?x=y',
    'acme.example',
    'https://10.0.0.1',
  ])('are not asked for at all: %s', async (issuer) => {
    const { ask, urls } = asking()
    expect(await failureOf(ask(0, issuer))).toMatchObject({ code: 'configuration' })
    expect(urls()).toEqual([])
  })
})

describe('what is known of an issuer', () => {
  const other = () => json(document({ issuer: 'https://evil.example' }))
  const moved = json(document({ token_endpoint: 'https://acme.example/moved' }))

  it('is kept for an hour, and not a second longer', async () => {
    const { ask, urls } = asking(json(document()), moved.clone())
    await ask()
    expect((await ask(HOUR - 1)).tokenEndpoint.pathname).toBe('/token')
    expect(urls()).toHaveLength(1)
    expect((await ask(HOUR)).tokenEndpoint.pathname).toBe('/moved')
  })

  it('is read anew by a process whose clock was days ahead when it read it', async () => {
    const { ask } = asking(json(document()), moved.clone())
    await ask(48 * HOUR)
    expect((await ask()).tokenEndpoint.pathname).toBe('/moved')
  })

  it('is read once for all who ask at the same time', async () => {
    const { ask, urls } = asking(json(document()))
    expect(await Promise.all([ask(), ask(), ask()])).toHaveLength(3)
    expect(urls()).toHaveLength(1)
  })

  it('is of that issuer alone', async () => {
    const { ask, urls } = asking(json(document()), json(document({ issuer: 'https://acme.example/b' })))
    await ask()
    expect((await ask(0, 'https://acme.example/b')).issuer).toBe('https://acme.example/b')
    expect(urls()).toHaveLength(2)
  })

  it.each<[string, () => Step[]]>([
    ['nobody answers', () => [networkError('ECONNREFUSED')]],
    ['the server is down', () => [json({}, 503)]],
    ['the page is gone', () => [html(404), html(404)]],
    ['another issuer answers', () => [other(), other()]],
    ['it leads elsewhere', () => [json(document({ token_endpoint: 'https://evil.example/token' }))]],
  ])('stays good for a day while %s, and not a second longer', async (_why, failing) => {
    const { ask } = asking(json(document()), ...failing(), ...failing(), ...failing())
    await ask()
    expect((await ask(HOUR)).issuer).toBe(ISSUER)
    expect((await ask(24 * HOUR - 1)).issuer).toBe(ISSUER)
    expect(await failureOf(ask(24 * HOUR))).toMatchObject({ code: expect.any(String) })
  })

  it('is asked for again a minute after that failed, and not before', async () => {
    const { ask, urls } = asking(json(document()), json({}, 503), moved.clone())
    await ask()
    await ask(HOUR)
    expect((await ask(HOUR + 59)).tokenEndpoint.pathname).toBe('/token')
    expect(urls()).toHaveLength(2)
    expect((await ask(HOUR + 60)).tokenEndpoint.pathname).toBe('/moved')
  })

  it('is asked for again at once where there is no older answer', async () => {
    const { ask } = asking(json({}, 503), json(document()))
    await failureOf(ask())
    expect((await ask()).issuer).toBe(ISSUER)
  })

  it('is held against the hosts of each call, also what was read before', async () => {
    const { ask, vendor } = asking(json(document({ token_endpoint: 'https://tokens.example/token' })))
    const wider = { ...acme, hosts: ['acme.example', 'tokens.example'] }
    expect((await metadataOf(ISSUER, contextFor(vendor, wider))).tokenEndpoint.host).toBe('tokens.example')
    expect(await failureOf(ask())).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toHaveLength(1)
  })

  it('is not waited for when the time is up', async () => {
    const controller = new AbortController()
    const vendor = vendorAnswering(hangs)
    const asked = metadataOf(ISSUER, contextFor(vendor, acme, { signal: controller.signal }))
    controller.abort()
    expect(await failureOf(asked)).toMatchObject({ code: 'vendor_unavailable' })
  })
})
