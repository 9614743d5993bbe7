import { accelo } from '../../functions/accelo/vendor.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Context } from '../../functions/kit/vendor.ts'
import {
  contextFor,
  expectNoTrace,
  failureOf,
  html,
  json,
  NOW,
  redirect,
  type Step,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const credentials = { deployment: 'acme', client_id: 'abcdef12@acme.accelo.com', client_secret: 's3cr.et-_x' }
// As in Accelo API documentation, Authentication, 2026-11: the lifetime is a string, and there are facts about a person.
const granted = {
  access_token: 'Zz9xxxxx_aa',
  token_type: 'bearer',
  expires_in: '86400',
  deployment: 'acme',
  deployment_name: 'Acme',
  deployment_uri: 'acme.accelo.com',
  account_id: '17',
  account_details: { email: 'canary@acme.example' },
}

async function issue(document: object = credentials, step: Step = json(granted), changes: Partial<Context> = {}) {
  const vendor = vendorAnswering(step)
  const issued = await accelo.issue(document, undefined, contextFor(vendor, accelo, changes))
  vendor.done()
  return { issued, request: vendor.requests[0], requests: vendor.requests }
}

/** The failure of a document that must not cause a call. */
async function refused(document: unknown) {
  const vendor = vendorAnswering()
  const error = await failureOf(accelo.issue(document, undefined, contextFor(vendor, accelo)))
  expect(vendor.requests).toHaveLength(0)
  return error
}

const bodyOf = (request: { body: string } | undefined) => new URLSearchParams(request?.body)

describe('the request', () => {
  it('proves who we are with Basic, and nowhere else', async () => {
    const { request } = await issue()
    expect(request).toMatchObject({ method: 'POST', url: 'https://acme.api.accelo.com/oauth2/v0/token' })
    expect(request?.headers.get('authorization')).toBe('Basic YWJjZGVmMTJAYWNtZS5hY2NlbG8uY29tOnMzY3IuZXQtX3g=')
    expect(request?.body).toBe('grant_type=client_credentials&scope=read%28all%29&expires_in=86400')
  })

  it('joins scopes with a comma and sends one parameter', async () => {
    const { request, issued } = await issue({ ...credentials, scope: 'read(all),write(companies,contacts)' })
    expect(request?.body).toContain('&scope=read%28all%29%2Cwrite%28companies%2Ccontacts%29&')
    expect(issued.accessToken.scope).toBe('read(all),write(companies,contacts)')
  })

  it.each(['read(all) write(all)', ' read(all),  write(all)\n', 'read(all)\twrite(all)'])(
    'makes a comma of the space in %j',
    async (scope) => {
      const { request, issued } = await issue({ ...credentials, scope })
      expect(bodyOf(request).getAll('scope')).toEqual(['read(all),write(all)'])
      expect(issued.accessToken.scope).toBe('read(all),write(all)')
    },
  )

  it.each([
    ...['', ' ', 'read', 'read write', 'all', 'read()', 'read(all', 'readall)', 'read((all))', 'read(all)write(all)'],
    ...['read(all)&grant_type=x', 'read(all),', ',read(all)', 'read(all),,write(all)', 'delete(all)', 'READ(ALL)'],
    ...['read(all) or 1', 'read(a,)', 'read(,a)', 'read( all )', 'read(ä)', 7, ['read(all)'], null],
  ])('makes no call with the scope %j', async (scope) => {
    expect(await refused({ ...credentials, scope })).toMatchObject({ code: 'configuration' })
  })

  it('says read(all) where no scope is configured', async () => {
    const { request, issued } = await issue()
    expect(bodyOf(request).get('scope')).toBe('read(all)')
    expect(issued.accessToken.scope).toBe('read(all)')
  })

  it.each([60, 2_592_000, '3600'])(
    'asks for a life of %j s where that is configured',
    async (token_lifetime_seconds) => {
      const { request } = await issue({ ...credentials, token_lifetime_seconds })
      expect(bodyOf(request).get('expires_in')).toBe(`${token_lifetime_seconds}`)
    },
  )

  it.each([59, 2_592_001, 0, -60, 60.5, '1h', '', null, Infinity, Number.NaN])(
    'makes no call with a life of %j s',
    async (token_lifetime_seconds) => {
      expect(await refused({ ...credentials, token_lifetime_seconds })).toMatchObject({ code: 'configuration' })
    },
  )
})

describe('the deployment', () => {
  it.each([
    'acme',
    ' Acme\n',
    'acme.accelo.com',
    'acme.api.accelo.com',
    'https://acme.accelo.com',
    'https://acme.accelo.com/',
    'https://acme.api.accelo.com/',
    'HTTPS://ACME.ACCELO.COM',
  ])('is found in %j', async (deployment) => {
    const { request, issued } = await issue({ ...credentials, deployment })
    expect(request?.url).toBe('https://acme.api.accelo.com/oauth2/v0/token')
    expect(issued.accessToken.context.deployment).toBe('acme')
  })

  it.each([
    ...[
      '',
      ' ',
      'evil.com/#',
      'evil.com?',
      'acme@evil.com',
      'a.b',
      'evil.com\\',
      'acme:443',
      '-a',
      'a-',
      'a'.repeat(64),
    ],
    ...['acme%2eevil', 'acme/', 'acme/../x', 'acme_x', 'äcme', 'xn--a', '.', '.accelo.com', 'a.b.accelo.com'],
    ...[
      'http://acme.accelo.com',
      'https://acme',
      'https://acme.evil.com',
      'acme.accelo.com.evil.com',
      'acme.accelo.com:443',
    ],
    ...[
      'https://u:p@acme.accelo.com',
      'acme.accelo.com/oauth2',
      'a\nb',
      'a b',
      '127.0.0.1',
      '[::1]',
      7,
      null,
      undefined,
    ],
  ])('makes no call for %j', async (deployment) => {
    expect(await refused({ ...credentials, deployment })).toMatchObject({ code: 'configuration' })
  })

  it('may have 63 characters', async () => {
    const { request } = await issue({ ...credentials, deployment: 'a'.repeat(63) })
    expect(request?.url).toBe(`https://${'a'.repeat(63)}.api.accelo.com/oauth2/v0/token`)
  })
})

describe('the token', () => {
  it('comes with where to use it, and with nothing about the person behind it', async () => {
    const { issued } = await issue()
    expect(issued.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 86_400) })
    expect(issued.accessToken.value.reveal()).toBe('Zz9xxxxx_aa')
    expect(issued.accessToken.context).toEqual({
      api_base_url: 'https://acme.api.accelo.com/api/v0',
      deployment: 'acme',
    })
    expect(issued).not.toHaveProperty('refreshToken')
    expect(issued.warnings).toEqual([])
  })

  it('may live for 30 days where that was asked for, and no longer than the policy says', async () => {
    const document = { ...credentials, token_lifetime_seconds: 2_592_000 }
    const month = () => json({ ...granted, expires_in: '2592000' })
    expect((await issue(document, month())).issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, 2_592_000))
    const policy = { ...accelo.tokens, maxLifeSeconds: 3600 }
    expect((await issue(document, month(), { policy })).issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, 3600))
  })

  it.each([
    [3601, 3600],
    ['2592000', 3600],
    [3600, 3600],
    [3599, 3599],
  ])('of an answer with %j s lives for %i s where 3600 were asked for', async (expires_in, life) => {
    const { issued } = await issue({ ...credentials, token_lifetime_seconds: 3600 }, json({ ...granted, expires_in }))
    expect(issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, life))
    expect(issued.warnings).toEqual([])
  })

  it('lives as long as the request said when the answer does not say', async () => {
    const { expires_in: _, ...silent } = granted
    const { issued } = await issue({ ...credentials, token_lifetime_seconds: 7200 }, json(silent))
    expect(issued.accessToken.expiresAt).toEqual(secondsAfter(NOW, 7200))
    expect(issued.warnings).toMatchObject([{ code: 'lifetime_assumed' }])
  })

  it('may have its type misspelt, as in the sample of the vendor', async () => {
    const { token_type, ...rest } = granted
    const { issued } = await issue(credentials, json({ ...rest, token_tpye: token_type }))
    expect(issued.accessToken.value.reveal()).toBe('Zz9xxxxx_aa')
  })

  it('goes into no URL', async () => {
    const { issued, requests } = await issue()
    expect(`${requests.map(({ url }) => url)} ${issued.accessToken.context.api_base_url}`).not.toMatch(
      /[?#]|_bearer_token/,
    )
  })
})

describe('a refusal', () => {
  const refusal = (error: string, error_description = 'canary') => ({ error, error_description })

  it.each([
    [401, refusal('invalid_client'), 'credential_rejected'],
    [200, refusal('invalid_client'), 'credential_rejected'],
    [401, refusal('unauthorized client'), 'credential_rejected'],
    [400, refusal('invalid_scope'), 'configuration'],
    [400, refusal('unsupported_grant_type'), 'configuration'],
    [400, { meta: { status: 'invalid_request', message: 'Deployment canary was not found' } }, 'configuration'],
    [500, refusal('server_error'), 'vendor_unavailable'],
    [429, refusal('too_many_requests'), 'vendor_throttled'],
    [401, { meta: { status: 'too_many_failed_logins', message: 'canary' } }, 'vendor_locked_out'],
  ])('of %i is judged after one request, and means what it says', async (status, body, code) => {
    const vendor = vendorAnswering(json(body, status))
    const error = await failureOf(accelo.issue(credentials, undefined, contextFor(vendor, accelo)))
    expect(error).toMatchObject({ code })
    expect(vendor.requests).toHaveLength(1)
    expectNoTrace(error, 'canary', credentials.client_secret, 'YWJjZGVmMTJAYWNtZS5hY2NlbG8uY29tOnMzY3IuZXQtX3g')
  })

  it('says what a person has to check', async () => {
    const error = await failureOf(issue(credentials, json(refusal('invalid_client'), 401)))
    expect(error).toMatchObject({
      message: expect.stringContaining('check the id and secret of the Service application'),
    })
  })

  it('lasts as long as the vendor says', async () => {
    const error = await failureOf(
      issue(credentials, json(refusal('too_many_failed_logins'), 401, { 'retry-after': '900' })),
    )
    expect(error).toMatchObject({ code: 'vendor_locked_out', retryAfterSeconds: 900 })
  })

  it('of a page that is not there is about our address, and the page is not repeated', async () => {
    const error = await failureOf(issue(credentials, html(404, '<html>canary</html>')))
    expect(error).toMatchObject({ code: 'configuration' })
    expectNoTrace(error, 'canary')
  })

  it('is what a redirect is', async () => {
    const vendor = vendorAnswering(redirect('https://evil.example/'))
    const error = await failureOf(accelo.issue(credentials, undefined, contextFor(vendor, accelo)))
    expect(error).toMatchObject({ code: 'configuration' })
    expect(vendor.requests).toHaveLength(1)
  })
})

describe('revoking', () => {
  const revoked = { meta: { status: 'ok', message: 'Everything executed as expected.' }, response: {} }

  async function revoke(step: Step = json(revoked)) {
    const vendor = vendorAnswering(step)
    const context = contextFor(vendor, accelo)
    const result = await accelo.revocation?.revoke(credentials, new Secret('Zz9xxxxx_aa'), context).then(
      () => undefined,
      (error: unknown) => error,
    )
    vendor.done()
    return { error: result, request: vendor.requests[0], requests: vendor.requests }
  }

  it('posts the token with Basic, and ends nothing but the token', async () => {
    const { error, request } = await revoke()
    expect(error).toBeUndefined()
    expect(accelo.revocation?.ends).toBe('token')
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://acme.api.accelo.com/oauth2/v0/revoke',
      body: 'token=Zz9xxxxx_aa',
      redirect: 'manual',
    })
    expect(request?.headers.get('authorization')).toBe('Basic YWJjZGVmMTJAYWNtZS5hY2NlbG8uY29tOnMzY3IuZXQtX3g=')
  })

  it.each([
    [401, { meta: { status: 'invalid_client', message: 'canary' } }, 'credential_rejected'],
    [401, { canary: 'canary' }, 'credential_rejected'],
    [400, { error: 'invalid_request', error_description: 'canary' }, 'configuration'],
    [200, { meta: { status: 'invalid_request', message: 'canary' } }, 'configuration'],
    [200, { meta: { message: 'canary' } }, 'vendor_malformed'],
    [200, {}, 'vendor_malformed'],
    [500, { canary: 'canary' }, 'vendor_unavailable'],
  ])('of %i %j is reported after one call: %s', async (status, body, code) => {
    const { error, requests } = await revoke(json(body, status))
    expect(error).toMatchObject({ code })
    expect(requests).toHaveLength(1)
    expectNoTrace(error, 'canary', credentials.client_secret, 'Zz9xxxxx_aa')
  })

  it('is not confirmed by a page', async () => {
    const { error } = await revoke(html(200, '<html>canary</html>'))
    expect(error).toMatchObject({ code: 'vendor_malformed', message: expect.stringContaining('not confirmed') })
    expectNoTrace(error, 'canary')
  })
})

it.each(['a:b', '', 'a b', 'ä', undefined])('makes no call with the client id %j', async (client_id) => {
  expect(await refused({ ...credentials, client_id })).toMatchObject({ code: 'configuration' })
})
