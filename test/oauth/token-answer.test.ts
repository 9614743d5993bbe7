import { FAILURES, type FailureCode, VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { RFC_6749, readTokenAnswer, type TokenShape } from '../../functions/oauth/token-answer.ts'
import type { Answer } from '../../functions/oauth/whole-answer.ts'
import { expectNoTrace, jwt } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'

const GOOD = { access_token: 't1', token_type: 'Bearer', expires_in: 3600 }

const answer = (body: unknown, status = 200, more: Partial<Answer> = {}): Answer => ({
  status,
  contentType: 'application/json',
  text: new Secret(typeof body === 'string' ? body : JSON.stringify(body)),
  ...more,
})

function failure(given: Answer, shape?: TokenShape): VendingError {
  try {
    readTokenAnswer(given, shape)
  } catch (error) {
    if (error instanceof VendingError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('a token', () => {
  it('comes with its lifetime, scope and refresh token', () => {
    const read = readTokenAnswer(answer({ ...GOOD, scope: 'read write', refresh_token: 'r1' }))
    expect(read.accessToken.reveal()).toBe('t1')
    expect(read.refreshToken?.reveal()).toBe('r1')
    expect(read).toMatchObject({ expiresIn: 3600, scope: 'read write', context: {} })
  })

  it('comes without a refresh token when there is none, or none that can be used', () => {
    for (const refresh_token of [undefined, null, '', 7, 'a b', {}])
      expect(readTokenAnswer(answer({ ...GOOD, refresh_token }))).not.toHaveProperty('refreshToken')
  })

  it.each(['bearer', 'Bearer', 'BEARER', undefined, null])('may be of type %s', (token_type) => {
    expect(readTokenAnswer(answer({ ...GOOD, token_type })).accessToken.reveal()).toBe('t1')
  })

  it('may have its type misspelt', () => {
    expect(readTokenAnswer(answer({ access_token: 't1', token_tpye: 'Bearer' })).accessToken.reveal()).toBe('t1')
  })

  it.each(['mac', 'DPoP', '', 1, ['bearer']])('is refused when it is of type %j', (token_type) => {
    expect(failure(answer({ ...GOOD, token_type })).code).toBe('configuration')
  })

  it('is taken whatever else the answer holds', () => {
    const more =
      '{"__proto__":{"error":"x","expires_in":9},"constructor":1,"account_details":{"error":"x"},"access_token":"t1"}'
    const read = readTokenAnswer(answer(more))
    expect(read.accessToken.reveal()).toBe('t1')
    expect(read.expiresIn).toBeUndefined()
  })

  it('is the last of several, as JSON.parse has it, and none where the last is none', () => {
    expect(readTokenAnswer(answer('{"access_token":"t1","access_token":"t2"}')).accessToken.reveal()).toBe('t2')
    expect(failure(answer('{"access_token":"t1","error":null,"error":"invalid_client"}')).code).toBe(
      'credential_rejected',
    )
  })

  it('is not taken from a prototype, and leaves every prototype as it was', () => {
    const before = Reflect.ownKeys(Object.prototype)
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString'])
      expect(failure(answer(`{"${name}":{"access_token":"t1","polluted":true}}`)).code).toBe('vendor_malformed')
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
    'comes with no error where the vendor calls that %s, which every object has from its prototype',
    (name) => {
      const shape = { ...RFC_6749, error: name, envelope: name }
      expect(readTokenAnswer(answer(GOOD), shape).accessToken.reveal()).toBe('t1')
    },
  )

  it('is found under the names of another shape, with what is vended beside it', () => {
    const shape = { ...RFC_6749, accessToken: 'accessToken', expiresIn: 'expiresIn', context: { api_base_url: 'api' } }
    const read = readTokenAnswer(answer({ accessToken: 't1', expiresIn: '60', api: 'https://api', other: 'x' }), shape)
    expect(read).toMatchObject({ expiresIn: '60', context: { api_base_url: 'https://api' } })
    expect(failure(answer(GOOD), shape).code).toBe('vendor_malformed')
  })

  it('has no context that is not text fit for a header', () => {
    const shape = { ...RFC_6749, context: { a: 'a', b: 'b', c: 'c' } }
    expect(readTokenAnswer(answer({ ...GOOD, a: 1, b: 'x\ny', c: '' }), shape).context).toEqual({})
  })

  it('may have 16 KiB and not one byte more', () => {
    const longest = 'a'.repeat(16 * 1024)
    expect(readTokenAnswer(answer({ ...GOOD, access_token: longest })).accessToken.reveal()).toBe(longest)
    expect(failure(answer({ ...GOOD, access_token: `${longest}a` })).code).toBe('vendor_malformed')
  })
})

/** Bodies that hold no token, as they may come with 200. */
const NONSENSE = [
  '<html>Service unavailable</html>',
  '',
  'null',
  '[]',
  '["t1"]',
  '"text"',
  '7',
  '{"access_token":"t1"',
  'access_token=t1&token_type=bearer',
  '{}',
  '{"access_token":""}',
  '{"access_token":123}',
  '{"access_token":null}',
  '{"access_token":{"value":"t1"}}',
  '{"Access_Token":"t1"}',
  '{"access_token":"a b"}',
  '{"access_token":"a\\r\\nx-evil: 1"}',
  '{"access_token":"a\\u0000"}',
  '{"access_token":"tökên"}',
  '{"access_token":"","access_token":null}',
  '{"__proto__":{"access_token":"t1"}}',
  '{"__proto__":{"__proto__":{"access_token":"t1"}}}',
  '{"constructor":{"prototype":{"access_token":"t1"}}}',
  '{"toString":"t1","valueOf":"t1"}',
  '{"access_token":{"__proto__":"t1","toString":"t1"}}',
  '{"access_token":["t1"]}',
  '{"access_token":true}',
  '{"access_token":"\\ud800"}',
  '{"data":{"access_token":"t1"}}',
  '[{"access_token":"t1"}]',
  '{"access_token":"t1"}{}',
  '{"access_token":"t1",}',
  "{'access_token':'t1'}",
  '<token><access_token>t1</access_token></token>',
  'data: {"access_token":"t1"}',
  ')]}\',\n{"access_token":"t1"}',
  '['.repeat(60),
]

function isJson(body: string): boolean {
  try {
    JSON.parse(body)
    return true
  } catch {
    return false
  }
}

describe('an answer of 200 that makes no sense', () => {
  afterAll(() => figure('no-echo', `${NONSENSE.length + REFUSALS.length} fixed answers`))

  it.each(NONSENSE)('is no token: %s', (body) => {
    const error = failure(answer(body))
    expect(error.code).toBe('vendor_malformed')
    const seen = `the vendor answered 200 (application/json, ${body.length} characters), without a token that can be used`
    const changed = "; the answer's shape has changed: access_token is not as documented"
    const isObject = body.startsWith('{') && isJson(body)
    expect(error.message).toBe(isObject ? seen + changed : seen)
  })
})

const REFUSALS: readonly (readonly [status: number, error: unknown, code: FailureCode])[] = [
  [401, 'invalid_client', 'credential_rejected'],
  [400, 'invalid_client', 'credential_rejected'],
  [200, 'invalid_client', 'credential_rejected'],
  [500, 'invalid_client', 'credential_rejected'],
  [401, 'unauthorized_client', 'credential_rejected'],
  [401, 'unauthorized client', 'credential_rejected'],
  [401, undefined, 'credential_rejected'],
  [403, undefined, 'credential_rejected'],
  [401, 'something new', 'credential_rejected'],
  [400, 'invalid_grant', 'grant_rejected'],
  [200, 'invalid_grant', 'grant_rejected'],
  [400, 'unsupported_grant_type', 'configuration'],
  [400, 'invalid_scope', 'configuration'],
  [400, 'invalid_request', 'configuration'],
  [400, undefined, 'configuration'],
  [200, 'Error message', 'configuration'],
  [200, { code: 1 }, 'configuration'],
  [200, '', 'configuration'],
  [200, 'constructor', 'configuration'],
  [404, undefined, 'configuration'],
  [410, undefined, 'configuration'],
  [302, undefined, 'configuration'],
  [307, undefined, 'configuration'],
  [401, 'too_many_failed_logins', 'vendor_locked_out'],
  [429, 'too_many_failed_logins', 'vendor_locked_out'],
  [429, undefined, 'vendor_throttled'],
  [429, 'too_many_requests', 'vendor_throttled'],
  [408, undefined, 'vendor_unavailable'],
  [425, undefined, 'vendor_unavailable'],
  [500, undefined, 'vendor_unavailable'],
  [502, undefined, 'vendor_unavailable'],
  [503, undefined, 'vendor_unavailable'],
  [504, undefined, 'vendor_unavailable'],
  [500, 'server_error', 'vendor_unavailable'],
  [400, 'temporarily_unavailable', 'vendor_unavailable'],
  [700, undefined, 'vendor_malformed'],
]

describe('a refusal', () => {
  it.each(REFUSALS)('of %i with %j means %s', (status, error, code) => {
    expect(failure(answer({ error, error_description: 'canary' }, status)).code).toBe(code)
  })

  it('counts even when a token comes with it', () => {
    expect(failure(answer({ ...GOOD, error: 'invalid_client' })).code).toBe('credential_rejected')
    expect(failure(answer({ ...GOOD, error: 'Error message' })).code).toBe('configuration')
  })

  it('is none when the error is null', () => {
    expect(readTokenAnswer(answer({ ...GOOD, error: null })).accessToken.reveal()).toBe('t1')
  })

  it('is read from the status when the body is a page', () => {
    const page = answer('<html>canary</html>', 404, { contentType: 'text/html' })
    expect(failure(page)).toMatchObject({
      code: 'configuration',
      message: 'the vendor answered 404 (text/html, 19 characters)',
    })
    expect(failure({ ...page, status: 401 }).code).toBe('credential_rejected')
    expect(failure({ ...page, status: 503 }).code).toBe('vendor_unavailable')
  })

  it('is never a token', () => {
    for (const status of [199, 300, 304, 400, 401, 500])
      expect(failure(answer(GOOD, status))).toBeInstanceOf(VendingError)
  })

  it('says how long to wait when the vendor did', () => {
    const wait = { retryAfterSeconds: 120 }
    expect(failure(answer({}, 429, wait))).toMatchObject({ code: 'vendor_throttled', ...wait })
    expect(failure(answer({}, 503, wait))).toMatchObject({ code: 'vendor_throttled', ...wait })
    expect(failure(answer({ error: 'server_error' }, 503, wait))).toMatchObject({ code: 'vendor_throttled', ...wait })
    expect(failure(answer({}, 429)).retryAfterSeconds).toBeUndefined()
    expect(failure(answer({}, 500, wait))).toMatchObject({ code: 'vendor_unavailable', retryAfterSeconds: undefined })
  })

  it.each([
    [undefined, 300],
    [10, 300],
    [300, 300],
    [600, 600],
  ])('a lock-out of %s s lasts %i s', (wait, seconds) => {
    const more = wait === undefined ? {} : { retryAfterSeconds: wait }
    const error = failure(answer({ error: 'too_many_failed_logins' }, 403, more))
    expect(error).toMatchObject({ code: 'vendor_locked_out', retryAfterSeconds: seconds })
  })

  it('is read from the envelope of a vendor that has one', () => {
    const shape = { ...RFC_6749, envelope: 'meta' }
    const wrapped = (status: string) => ({ meta: { status, message: 'canary' }, response: null })
    expect(failure(answer(wrapped('too_many_failed_logins'), 401), shape).code).toBe('vendor_locked_out')
    expect(failure(answer(wrapped('invalid_client')), shape).code).toBe('credential_rejected')
    expect(failure(answer(wrapped('ok')), shape).code).toBe('vendor_malformed')
    expect(readTokenAnswer(answer({ ...GOOD, ...wrapped('ok') }), shape).accessToken.reveal()).toBe('t1')
  })

  it('may mean something else with one vendor, who also knows what to do', () => {
    const shape: TokenShape = {
      ...RFC_6749,
      means: { 400: 'credential_rejected', invalid_grant: 'credential_rejected' },
      advice: { credential_rejected: 'copy a new secret' },
    }
    expect(failure(answer({ error: 'invalid_grant' }, 400), shape)).toMatchObject({
      code: 'credential_rejected',
      message: 'the vendor answered 400 (application/json, 25 characters); error invalid_grant; copy a new secret',
    })
    expect(failure(answer({}, 400), shape).code).toBe('credential_rejected')
    expect(failure(answer({ error: 'invalid_scope' }, 400), shape).code).toBe('configuration')
  })

  it.each([
    answer({ error: 'canary', error_description: 'canary' }, 400),
    answer({ error: 'invalid_client', error_description: 'canary' }, 401),
    answer({ canary: 'canary' }),
    answer('{"canary', 200),
    answer({ ...GOOD, token_type: 'canary', access_token: 'canary' }),
  ])('repeats nothing of what the vendor wrote (%#)', (given) => {
    expectNoTrace(failure(given), 'canary')
  })
})

describe('an answer of an odd kind', () => {
  const form = 'access_token=t1&expires_in=3600&scope=repo%2Cgist&token_type=bearer'
  const odd = (body: unknown, contentType = 'application/json', shape?: TokenShape) =>
    readTokenAnswer(answer(body, 200, { contentType }), shape)

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'text/html'])('may be a form of type %s', (type) => {
    const read = odd(form, type)
    expect(read.accessToken.reveal()).toBe('t1')
    expect(read).toMatchObject({ expiresIn: '3600', scope: 'repo,gist' })
  })

  it.each(['application/json', 'application/problem+json', 'no content type', 'another content type'])(
    'is no form of type %s',
    (contentType) => {
      expect(failure(answer(form, 200, { contentType })).code).toBe('vendor_malformed')
    },
  )

  it.each([
    'access_token=canary&access_token=t2',
    'access_token=canary&scope=a&scope=b',
    'token=canary&scope=a',
    '<a href="?access_token=canary">',
    'access_token=canary expires_in=60',
    'access_token=canary\n',
    'access_token=t%0d%0a1',
    'access_token=a+b',
    'access_token',
    '&access_token=canary',
    'access_token=',
    '__proto__=canary&constructor=canary',
  ])('is no form that gives a token: %j', (body) => {
    const error = failure(answer(body, 200, { contentType: 'text/plain' }))
    expect(error.code).toBe('vendor_malformed')
    expectNoTrace(error, 'canary')
  })

  it('may be a form that refuses, with any status', () => {
    const refusal = 'error=invalid_grant&error_description=canary+text'
    for (const status of [200, 400])
      expect(failure(answer(refusal, status, { contentType: 'text/html' }))).toMatchObject({
        code: 'grant_rejected',
        message: expect.not.stringContaining('canary'),
      })
  })

  it('may be a form with names of its own', () => {
    const shape = { ...RFC_6749, accessToken: 'token' }
    expect(odd('token=t1', 'text/plain', shape).accessToken.reveal()).toBe('t1')
    expect(failure(answer('access_token=t1', 200, { contentType: 'text/plain' }), shape).code).toBe('vendor_malformed')
  })

  it('may have its scope as a list', () => {
    expect(odd({ ...GOOD, scope: ['read', 'write'] }).scope).toBe('read write')
    expect(odd({ ...GOOD, scope: ['read'] }).scope).toBe('read')
  })

  it.each([[[]], [['read', 7]], [['read', null]], [['a\nb']], [[['read']]], [{ 0: 'read' }], ['a'.repeat(2049)]])(
    'has no scope where that is %j',
    (scope) => {
      expect(odd({ ...GOOD, scope })).not.toHaveProperty('scope')
    },
  )

  it('may be of a type that the vendor has for bearer tokens', () => {
    const shape = { ...RFC_6749, tokenTypes: ['bot', 'BearerToken'] }
    for (const token_type of ['bot', 'BOT', 'bearertoken', 'Bearer', undefined])
      expect(odd({ ...GOOD, token_type }, 'application/json', shape).accessToken.reveal()).toBe('t1')
    for (const token_type of ['user', 'bo', 'bott', '', 7]) {
      expect(failure(answer({ ...GOOD, token_type }), shape).code).toBe('configuration')
      expect(failure(answer({ ...GOOD, token_type: 'bot' })).code).toBe('configuration')
    }
  })

  it.each(['DPoP', 'dpop'])(
    'is refused in plain words where its type is %s, whatever a vendor calls it',
    (token_type) => {
      const shape = { ...RFC_6749, tokenTypes: ['DPoP'] }
      for (const error of [failure(answer({ ...GOOD, token_type })), failure(answer({ ...GOOD, token_type }), shape)])
        expect(error).toMatchObject({
          code: 'configuration',
          message:
            'the vendor gave a token that is bound to a key (DPoP, RFC 9449), which is not done here: register the client without it',
        })
    },
  )

  it.each([
    [{ jkt: 'x' }, 'a key (DPoP, RFC 9449)'],
    [{ 'x5t#S256': 'x' }, 'a certificate (mTLS, RFC 8705)'],
  ])('is refused where the token itself says that it is bound: %j', (cnf, words) => {
    const error = failure(answer({ ...GOOD, access_token: jwt({ cnf }) }))
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringContaining(words) })
    expect(odd({ ...GOOD, access_token: jwt({ cnf: { kid: 'x' } }) }).scope).toBeUndefined()
  })
})

describe('a demand that is not met here', () => {
  const CONFIGURATION = [
    'invalid_dpop_proof',
    'use_dpop_nonce',
    'invalid_target',
    'invalid_authorization_details',
    'unmet_authentication_requirements',
    'unsupported_token_type',
  ]
  const CONSENT = [
    'interaction_required',
    'login_required',
    'consent_required',
    'account_selection_required',
    'insufficient_user_authentication',
  ]

  it.each([
    ...CONFIGURATION.map((error) => [error, 'configuration'] as const),
    ...CONSENT.map((error) => [error, 'grant_rejected'] as const),
  ])('%s is named, and means %s, which is not tried again', (error, code) => {
    for (const status of [400, 401, 403]) {
      const refused = failure(answer({ error, error_description: 'canary' }, status))
      expect(refused).toMatchObject({ code, message: expect.stringContaining(`error ${error}`) })
      expectNoTrace(refused, 'canary')
    }
    expect(FAILURES[code].retryable).toBe(false)
  })

  it.each([
    ['use_dpop_nonce', 'DPoP, RFC 9449'],
    ['invalid_dpop_proof', 'register the client without it'],
    ['invalid_target', 'RFC 8707'],
    ['invalid_authorization_details', 'RFC 9396'],
    ['insufficient_user_authentication', 'RFC 9470'],
    ['consent_required', 'a person to log in or to consent'],
  ])('%s is explained: %s', (error, words) => {
    expect(failure(answer({ error }, 400)).message).toContain(words)
  })

  it('may mean something else with one vendor, whose advice follows', () => {
    const shape: TokenShape = {
      ...RFC_6749,
      means: { consent_required: 'credential_rejected' },
      advice: { credential_rejected: 'have it approved' },
    }
    expect(failure(answer({ error: 'consent_required' }, 400), shape)).toMatchObject({
      code: 'credential_rejected',
      message: expect.stringMatching(/; error consent_required; .*; have it approved$/),
    })
  })

  it('may be an error of one vendor alone, which is named because its shape does', () => {
    const shape: TokenShape = { ...RFC_6749, means: { bad_verification_code: 'grant_rejected' } }
    const refused = answer({ error: 'bad_verification_code' })
    expect(failure(refused, shape)).toMatchObject({
      code: 'grant_rejected',
      message: expect.stringContaining('error bad_verification_code'),
    })
    expect(failure(refused)).toMatchObject({ code: 'configuration' })
    expect(failure(refused).message).not.toContain('bad_verification_code')
  })
})
