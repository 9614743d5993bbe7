import { verify } from 'node:crypto'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Context, Vendor } from '../../functions/kit/vendor.ts'
import { describedSamples, KEY, publicKey, zenith } from '../support/described-samples.ts'
import {
  contextFor,
  expectNoTrace,
  failureOf,
  html,
  json,
  NOW,
  type Step,
  vendorAnswering,
} from '../support/fake-vendor.ts'

const granted = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 }
const document = { tenant: 'hq', client_id: 'c:1', client_secret: 's 1' }
const keyed = { tenant: 'hq', client_id: 'c1', private_key: KEY }
const TOKEN_ENDPOINT = 'https://hq.zenith.example/oauth2/token'
const basic = `Basic ${Buffer.from('c%3A1:s+1').toString('base64')}`
const consented = {
  ...zenith,
  grant: 'authorization_code',
  authorizationEndpoint: 'https://{tenant}.zenith.example/oauth2/authorize',
} as const satisfies VendorDescription

const made = (changes: Partial<VendorDescription> = {}): Vendor => describedVendor('zenith', { ...zenith, ...changes })
const madeConsented = (changes: Partial<VendorDescription> = {}): Vendor => made({ ...consented, ...changes })

interface Call {
  readonly credentials?: object
  readonly held?: string
  readonly changes?: Partial<Context>
}

async function issue(vendor: Vendor, { credentials = document, held, changes }: Call = {}, ...script: Step[]) {
  const fake = vendorAnswering(...(script.length > 0 ? script : [json(granted)]))
  const context = contextFor(fake, vendor, changes)
  const issued = await vendor.issue(credentials, held === undefined ? undefined : new Secret(held), context)
  fake.done()
  return { issued, request: fake.requests.at(-1), requests: fake.requests }
}

const formOf = (request: { readonly body: string } | undefined) =>
  Object.fromEntries(new URLSearchParams(request?.body))

/** The header and the claims of an assertion that the key has signed. */
function opened(jwt = '') {
  const [header = '', claims = '', signature = ''] = jwt.split('.')
  const isSigned = verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
  expect(isSigned).toBe(true)
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  return { header: read(header), claims: read(claims) }
}

const exchange = async (vendor: Vendor, credentials: object = document, ...script: Step[]) => {
  const fake = vendorAnswering(...(script.length > 0 ? script : [json({ ...granted, refresh_token: 'r1' })]))
  const grant = {
    code: new Secret('code-1'),
    redirectUri: 'https://vend.example/callback',
    codeVerifier: new Secret('verifier-1'),
  }
  const issued = await vendor.authorization?.exchange(credentials, grant, contextFor(fake, vendor))
  return { issued, request: fake.requests.at(-1) }
}

describe.each(describedSamples)('$grant with $clientAuthentication', (sample) => {
  const { grant, clientAuthentication: way, vendor, held } = sample
  const call = { credentials: sample.document, ...(held && { held: held.reveal() }) }

  it('asks for a token with its grant, and proves the client that way and no other', async () => {
    const { request } = await issue(vendor, call)
    const { grant_type, client_id, client_secret, client_assertion_type, client_assertion, assertion, ...rest } =
      formOf(request)
    expect(request?.url).toBe(TOKEN_ENDPOINT)
    expect(request?.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect(grant_type).toBe(
      {
        client_credentials: 'client_credentials',
        authorization_code: 'refresh_token',
        jwt_bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      }[grant],
    )
    const inHeader = way === 'client_secret_basic'
    const isAnonymous = grant === 'jwt_bearer' && way === 'none'
    expect(request?.headers.get('authorization') !== null).toBe(inHeader)
    expect(client_id).toBe(inHeader || isAnonymous ? undefined : 'c1')
    expect(client_secret).toBe(way === 'client_secret_post' ? sample.document.client_secret : undefined)
    expect(client_assertion_type !== undefined).toBe(way === 'private_key_jwt')
    const proof = { iss: 'c1', sub: 'c1', aud: TOKEN_ENDPOINT }
    if (way === 'private_key_jwt') expect(opened(client_assertion).claims).toMatchObject(proof)
    else expect(client_assertion).toBeUndefined()
    if (grant === 'jwt_bearer') expect(opened(assertion).claims).toMatchObject(proof)
    else expect(assertion).toBeUndefined()
    expect(rest).toEqual(held ? { refresh_token: held.reveal() } : {})
  })

  it('takes a token back with the same proof', async () => {
    const fake = vendorAnswering(html(200, ''))
    await vendor.revocation?.revoke(sample.document, new Secret('token-1'), contextFor(fake, vendor))
    const [request] = fake.requests
    const { token, client_id, ...rest } = formOf(request)
    expect([request?.url, token]).toEqual(['https://hq.zenith.example/oauth2/revoke', 'token-1'])
    expect(request?.headers.get('authorization') !== null).toBe(way === 'client_secret_basic')
    expect(client_id).toBe(
      way === 'client_secret_basic' || (grant === 'jwt_bearer' && way === 'none') ? undefined : 'c1',
    )
    const proofs = {
      client_secret_post: ['client_secret'],
      private_key_jwt: ['client_assertion_type', 'client_assertion'],
    }
    expect(Object.keys(rest)).toEqual(Object.hasOwn(proofs, way) ? proofs[way as keyof typeof proofs] : [])
  })

  it('ends the grant by its refresh token where a person has consented, else the token alone', () => {
    const { ends, takes } = vendor.revocation ?? {}
    expect([ends, takes]).toEqual(grant === 'authorization_code' ? ['grant', 'refresh token'] : ['token', undefined])
  })
})

describe('a request for a token', () => {
  it('has the id and the secret form-encoded in its header', async () => {
    const { request } = await issue(made())
    expect(request?.headers.get('authorization')).toBe(basic)
  })

  it("has the description's parameters, also in place of one of the grant's own, but never of the client's", async () => {
    const parameters = { grant_type: 'account_credentials', account_id: '{account}', client_id: 'other' }
    const vendor = made({ parameters, clientAuthentication: 'client_secret_post' })
    const { request } = await issue(vendor, { credentials: { ...document, account: 'a@b' } })
    expect(formOf(request)).toEqual({
      ...{ grant_type: 'account_credentials', account_id: 'a@b' },
      ...{ client_id: 'c:1', client_secret: 's 1' },
    })
  })

  it('says what the token is for (RFC 8707) and which scope it is to have', async () => {
    const vendor = made({ resource: 'https://{tenant}.zenith.example/api', scope: 'read' })
    const { request, issued } = await issue(vendor)
    expect(formOf(request)).toMatchObject({ resource: 'https://hq.zenith.example/api', scope: 'read' })
    expect(issued.accessToken.scope).toBe('read')
  })

  it('goes out as JSON where the vendor wants that', async () => {
    const vendor = made({ send: 'json', clientAuthentication: 'client_secret_post' })
    const { request } = await issue(vendor)
    expect(request?.headers.get('content-type')).toMatch(/^application\/json/)
    expect(JSON.parse(request?.body ?? '')).toEqual({
      ...{ grant_type: 'client_credentials', client_id: 'c:1', client_secret: 's 1' },
    })
  })
})

describe('an assertion', () => {
  const assertion = {
    audience: 'https://{region}.zenith.example',
    subject: '{who}',
    claims: { scope: '{scope}', iss: 'other' },
    lifeSeconds: 60,
  }
  const credentials = { ...keyed, region: 'eu', who: 'ada@zenith.example', scope: 'read write', key_id: 'k1' }

  it('that is the grant says what the description says, and the scope only there', async () => {
    const vendor = made({ grant: 'jwt_bearer', clientAuthentication: 'none', assertion })
    const { request } = await issue(vendor, { credentials })
    const { assertion: jwt, ...rest } = formOf(request)
    const { header, claims } = opened(jwt)
    expect(rest).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' })
    expect(header).toMatchObject({ alg: 'RS256', kid: 'k1' })
    const { iat, exp, jti, ...said } = claims
    expect(said).toEqual({
      ...{ iss: 'c1', sub: 'ada@zenith.example', aud: 'https://eu.zenith.example', scope: 'read write' },
    })
    expect(jti).toMatch(/^[0-9a-f-]{36}$/)
    expect(exp - iat).toBe(60)
    expect(exp * 1000).toBeGreaterThan(NOW.getTime())
  })

  it('that is the grant is for nobody where the subject may be empty and is', async () => {
    const description = { assertion: { subject: '{who}' }, credentials: { defaults: { who: '' } } }
    const vendor = made({ grant: 'jwt_bearer', clientAuthentication: 'none', ...description })
    const { request } = await issue(vendor, { credentials: keyed })
    expect(opened(formOf(request).assertion).claims).not.toHaveProperty('sub')
    const { request: other } = await issue(vendor, { credentials: { ...keyed, who: 'ada' } })
    expect(opened(formOf(other).assertion).claims).toMatchObject({ sub: 'ada' })
  })

  it('that is the grant leaves the scope to a parameter where no claim has it', async () => {
    const vendor = made({ grant: 'jwt_bearer', clientAuthentication: 'none' })
    const { request } = await issue(vendor, { credentials: { ...keyed, scope: 'read' } })
    expect(formOf(request)).toMatchObject({ scope: 'read' })
    expect(opened(formOf(request).assertion).claims).not.toHaveProperty('scope')
  })

  it('that proves the client is about the client, with the claims that the description says', async () => {
    const vendor = made({ clientAuthentication: 'private_key_jwt', assertion })
    const { request } = await issue(vendor, { credentials: { ...credentials, certificate_thumbprint: 'dGh1bWI' } })
    const { header, claims } = opened(formOf(request).client_assertion)
    expect(header).toMatchObject({ kid: 'k1', 'x5t#S256': 'dGh1bWI' })
    expect(claims).toMatchObject({ iss: 'c1', sub: 'c1', aud: 'https://eu.zenith.example', scope: 'read write' })
    expect(formOf(request).scope).toBe('read write')
  })

  it('is one of two where the client proves itself as well: only the grant has a subject and claims', async () => {
    const vendor = made({ grant: 'jwt_bearer', clientAuthentication: 'private_key_jwt', assertion })
    const { request } = await issue(vendor, { credentials })
    const [grant, client] = [formOf(request).assertion, formOf(request).client_assertion].map(
      (jwt) => opened(jwt).claims,
    )
    expect(grant).toMatchObject({ sub: 'ada@zenith.example', scope: 'read write' })
    expect(client).toMatchObject({ iss: 'c1', sub: 'c1', aud: 'https://eu.zenith.example' })
    expect(client).not.toHaveProperty('scope')
    expect(client.jti).not.toBe(grant.jti)
  })

  it('comes with the name of its client where the description says so, at the revocation endpoint as well', async () => {
    const revocationEndpoint = 'https://hq.zenith.example/revoke'
    const bearer = { grant: 'jwt_bearer', clientAuthentication: 'none', revocationEndpoint } as const
    const named = async (parameters: Record<string, string>) => {
      const vendor = made({ ...bearer, parameters })
      const fake = vendorAnswering(json(granted), html(200, ''))
      await vendor.issue(keyed, undefined, contextFor(fake, vendor))
      await vendor.revocation?.revoke(keyed, new Secret('token-1'), contextFor(fake, vendor))
      return fake.requests.map((request) => formOf(request).client_id)
    }
    expect(await named({ client_id: '{client_id}' })).toEqual(['c1', 'c1'])
    expect(await named({ client_id: 'app-of-{tenant}' })).toEqual(['app-of-hq', 'app-of-hq'])
    expect(await named({ api: 'v1' })).toEqual([undefined, undefined])
  })

  it('is made anew by the clock of a vendor that refuses the time on it', async () => {
    const date = secondsAfter(NOW, -3600)
    const late = json({ error: 'invalid_grant' }, 400, { date: date.toUTCString() })
    const vendor = made({ grant: 'jwt_bearer', clientAuthentication: 'none' })
    const { requests } = await issue(vendor, { credentials: keyed }, late, json(granted))
    const [first, second] = requests.map((request) => opened(formOf(request).assertion).claims)
    expect(first.iat - second.iat).toBe(3600)
    expect(first.jti).not.toBe(second.jti)
  })
})

it.each([made, madeConsented])(
  'an address that may not be called is found before anything is spent (%#)',
  async (make) => {
    const vendor = make({ apiBaseUrl: 'https://{tenant}.elsewhere.example' })
    const fake = vendorAnswering()
    const error = await failureOf(vendor.issue(document, new Secret('r1'), contextFor(fake, vendor)))
    expect(error).toMatchObject({ code: 'configuration' })
    expect(fake.requests).toHaveLength(0)
  },
)

describe('a token', () => {
  it('comes with the base of the API, and with what the answer has beside it', async () => {
    const vendor = made({ answer: { context: { account: 'acct', organisation: 'org' } } })
    const { issued } = await issue(vendor, {}, json({ ...granted, acct: 'urn:acme:a/1', other: 'x' }))
    const api_base_url = 'https://hq.zenith.example/api'
    expect(issued.accessToken.context).toEqual({ api_base_url, account: 'urn:acme:a/1' })
    expect(issued.accessToken).toMatchObject({ issuedAt: NOW, expiresAt: secondsAfter(NOW, 3600) })
    expect(issued.warnings).toEqual([])
  })

  it('comes with addresses of the answer where the token may be sent there', async () => {
    const vendor = made({ answer: { context: { api_base_url: 'instance_url', shard: 'shard' } } })
    const answer = { ...granted, instance_url: 'https://EU.zenith.example/x/', shard: 'https://eu.zenith.example' }
    const { issued } = await issue(vendor, {}, json(answer))
    expect(issued.accessToken.context).toEqual({
      api_base_url: 'https://eu.zenith.example/x',
      shard: 'https://eu.zenith.example',
    })
  })

  it.each([
    ['api_base_url', 'https://evil.example/canary'],
    ['api_base_url', 'http://hq.zenith.example'],
    ['api_base_url', 'evil.example'],
    ['api_base_url', 'https://hq.zenith.example@evil.example'],
    ['instance_url', 'hq.zenith.example.evil.example'],
    ['anything', 'https://evil.example/canary'],
    ['anything', '//evil.example'],
    ['anything', ' https://evil.example'],
    ['anything', 'ftp://evil.example'],
    ['anything', 'HTTPS:/evil.example'],
    ['anything', 'https:\\\\evil.example'],
    ['anything', '/\\evil.example'],
    ['anything', 'https:evil.example'],
    ['anything', 'HTTP:evil.example/api'],
    ['anything', 'wss:evil.example'],
  ])('comes without %s where the answer says %j, and with a warning that does not repeat it', async (name, value) => {
    const vendor = made({ answer: { context: { [name]: 'there' } } })
    const { issued } = await issue(vendor, {}, json({ ...granted, there: value }))
    expect(issued.accessToken.context).toEqual({ api_base_url: 'https://hq.zenith.example/api' })
    expect(issued.warnings).toMatchObject([{ code: 'address_left_out', detail: expect.stringContaining(name) }])
    expect(JSON.stringify(issued.warnings)).not.toMatch(/evil|canary|http/)
  })

  it("is read by the vendor's own names", async () => {
    const members = { access_token: 'token', expires_in: 'ttl', scope: 'scopes', refresh_token: 'renewal' }
    const vendor = madeConsented({ answer: { members, tokenTypes: ['bot'] } })
    const answer = { token: 'token-1', token_type: 'bot', ttl: 60, scopes: 'read', renewal: 'r2' }
    const { issued } = await issue(vendor, { held: 'r1' }, json(answer))
    expect(issued).toMatchObject({ accessToken: { scope: 'read', expiresAt: secondsAfter(NOW, 60) } })
    expect([issued.accessToken.value.reveal(), issued.refreshToken?.reveal()]).toEqual(['token-1', 'r2'])
  })

  it('that nobody has consented to brings no refresh token along, and none is kept', async () => {
    const kept: string[] = []
    const received = (token: Secret) => kept.push(token.reveal())
    for (const vendor of [made(), made({ grant: 'jwt_bearer' })]) {
      const answer = json({ ...granted, refresh_token: 'r1', refresh_token_expires_in: 60 })
      const { issued } = await issue(vendor, { credentials: { ...document, ...keyed }, changes: { received } }, answer)
      expect(issued).not.toHaveProperty('refreshToken')
      expect(issued).not.toHaveProperty('grantEndsAt')
    }
    expect(kept).toEqual([])
  })
})

describe('a refusal', () => {
  const refused = (vendor: Vendor, step: Step, call: Call = {}) => failureOf(issue(vendor, call, step))

  it.each([
    [made(), {}, 400, 'invalid_grant', 'credential_rejected'],
    [
      made({ grant: 'jwt_bearer' }),
      { credentials: { ...document, ...keyed } },
      400,
      'invalid_grant',
      'credential_rejected',
    ],
    [madeConsented(), { held: 'r1' }, 400, 'invalid_grant', 'grant_rejected'],
    [madeConsented(), { held: 'r1' }, 401, 'invalid_client', 'credential_rejected'],
  ] as const)('is about what the grant is made of (%#)', async (vendor, call, status, error, code) => {
    expect(await refused(vendor, json({ error }, status), call)).toMatchObject({ code })
  })

  it('says in words what a person does about it, and names the vendor', async () => {
    const of = async (error: string) => String(await refused(madeConsented(), json({ error }, 400), { held: 'r1' }))
    expect(await of('invalid_client')).toContain('check the client id and the client secret, and')
    expect(await of('invalid_client')).toContain('at Zenith')
    expect(await of('invalid_grant')).toContain('a person has to connect the account at Zenith again')
    expect(await of('invalid_scope')).toContain('check the scope')
    const vendor = made({ clientAuthentication: 'private_key_jwt' })
    const error = await refused(vendor, json({ error: 'invalid_client' }, 401), { credentials: keyed })
    expect(String(error)).toContain('check the client id and the private key, and')
  })

  it('with an error or a status of its own means what the description says', async () => {
    const errors = { token_dead: 'grant_rejected', 410: 'grant_rejected', invalid_grant: 'configuration' } as const
    const vendor = madeConsented({ answer: { errors } })
    const code = async (step: Step) => refused(vendor, step, { held: 'r1' })
    expect(await code(json({ error: 'token_dead' }))).toMatchObject({ code: 'grant_rejected' })
    expect(await code(html(410))).toMatchObject({ code: 'grant_rejected' })
    expect(await code(json({ error: 'invalid_grant' }, 400))).toMatchObject({ code: 'configuration' })
    expect(await code(json({ error: 'constructor' }, 400))).toMatchObject({ code: 'configuration' })
    expect(await code(html(401))).toMatchObject({ code: 'credential_rejected' })
  })
})

describe('a consent', () => {
  const begin = async (vendor: Vendor, credentials: object = document, redirectUri?: string) => {
    const request = {
      state: 'state-1',
      codeChallenge: 'challenge-1',
      ...(redirectUri !== undefined && { redirectUri }),
    }
    return vendor.authorization?.url(credentials, request, contextFor(vendorAnswering(), vendor))
  }

  it('is for who has a grant of a person, and for nobody else', () => {
    expect(madeConsented().authorization).toBeDefined()
    expect(made().authorization).toBeUndefined()
    expect(made({ grant: 'jwt_bearer' }).authorization).toBeUndefined()
  })

  it('begins at the page of the connection, bound to who asked, with the parameters of the vendor', async () => {
    const vendor = madeConsented({
      resource: 'https://{tenant}.zenith.example/api',
      authorizationParameters: { access_type: 'offline', login_hint: '{who}', state: 'mine', client_id: 'mine' },
      scope: 'read write',
    })
    const url = await begin(vendor, { ...document, who: 'ada@zenith.example' }, 'http://127.0.0.1:8363/callback')
    expect(`${url?.origin}${url?.pathname}`).toBe('https://hq.zenith.example/oauth2/authorize')
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      ...{ response_type: 'code', client_id: 'c:1', redirect_uri: 'http://127.0.0.1:8363/callback' },
      ...{ scope: 'read write', state: 'state-1', code_challenge: 'challenge-1', code_challenge_method: 'S256' },
      ...{ resource: 'https://hq.zenith.example/api', access_type: 'offline', login_hint: 'ada@zenith.example' },
    })
  })

  it('comes back to the registered address if the credentials have one, and to some address at any rate', async () => {
    const vendor = madeConsented()
    const redirect_uri = 'https://vend.example/callback'
    const url = await begin(vendor, { ...document, redirect_uri }, 'http://127.0.0.1:8363/callback')
    expect(url?.searchParams.get('redirect_uri')).toBe(redirect_uri)
    await expect(begin(vendor)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('add a redirect URL of the application at Zenith'),
    })
  })

  it('is bound to a code verifier unless the vendor knows of none', () => {
    expect(madeConsented().authorization?.pkce).toBe('S256')
    expect(madeConsented({ pkce: 'S256' }).authorization?.pkce).toBe('S256')
    expect(madeConsented({ pkce: 'none' }).authorization?.pkce).toBeUndefined()
  })

  it('ends with the exchange of the code, once, at the token endpoint', async () => {
    const vendor = madeConsented({ parameters: { audience: 'api' } })
    const { issued, request } = await exchange(vendor)
    expect(request?.url).toBe(TOKEN_ENDPOINT)
    expect(request?.headers.get('authorization')).toBe(basic)
    expect(formOf(request)).toEqual({
      ...{ grant_type: 'authorization_code', code: 'code-1', redirect_uri: 'https://vend.example/callback' },
      ...{ code_verifier: 'verifier-1', audience: 'api' },
    })
    expect(issued?.refreshToken?.reveal()).toBe('r1')
    expect(issued?.warnings).toEqual([])
    const context = contextFor(vendorAnswering(), vendor)
    expect((await vendor.authorization?.tokenEndpoint(document, context))?.href).toBe(TOKEN_ENDPOINT)
  })

  it('that gave no refresh token says that access ends with the token', async () => {
    const { issued } = await exchange(madeConsented(), document, json(granted))
    expect(issued?.warnings).toMatchObject([
      { code: 'one_time_access', detail: expect.stringContaining('Zenith gave') },
    ])
  })

  it('is wanted where there is no refresh token', async () => {
    const fake = vendorAnswering()
    const vendor = madeConsented()
    const error = await failureOf(vendor.issue(document, undefined, contextFor(fake, vendor)))
    expect(error).toMatchObject({ code: 'not_connected', message: expect.stringContaining('Zenith') })
    expect(fake.requests).toHaveLength(0)
  })
})

describe('an issuer', () => {
  const issuer = 'https://{tenant}.zenith.example'
  const metadata = {
    issuer: 'https://hq.zenith.example',
    token_endpoint: 'https://hq.zenith.example/found/token',
    authorization_endpoint: 'https://hq.zenith.example/found/authorize',
    revocation_endpoint: 'https://hq.zenith.example/found/revoke',
    authorization_response_iss_parameter_supported: true,
  }
  /** Answers with metadata and with tokens. */
  const server = (said: object = metadata) => {
    const requests: string[] = []
    const http: typeof fetch = async (input) => {
      const url = String(input instanceof Request ? input.url : input)
      requests.push(url)
      return url.includes('/.well-known/') ? json(said) : json(granted)
    }
    return { http, requests, called: () => requests.filter((url) => !url.includes('/.well-known/')) }
  }
  const discovered = (changes: Partial<VendorDescription> = {}) => {
    const { tokenEndpoint: _, authorizationEndpoint: __, ...rest } = { ...consented, issuer, ...changes }
    return describedVendor('zenith', { ...rest, ...changes })
  }

  it('says where tokens come from, where people consent, and where tokens are taken back', async () => {
    const { http, called } = server()
    const vendor = discovered()
    const context = contextFor({ http }, vendor)
    await vendor.issue(document, new Secret('r1'), context)
    await vendor.revocation?.revoke(document, new Secret('r1'), context)
    expect(called()).toEqual(['https://hq.zenith.example/found/token', 'https://hq.zenith.example/found/revoke'])
    const request = { redirectUri: 'http://127.0.0.1/', state: 's' }
    const page = await vendor.authorization?.url(document, request, context)
    expect(page?.href).toMatch(/^https:\/\/hq\.zenith\.example\/found\/authorize\?/)
  })

  it('is not asked for what the description says itself', async () => {
    const { http, requests } = server()
    const vendor = discovered({ tokenEndpoint: zenith.tokenEndpoint })
    await vendor.issue(document, new Secret('r1'), contextFor({ http }, vendor))
    expect(requests).toEqual([TOKEN_ENDPOINT])
  })

  it('is whom a client proves itself to, at each of its endpoints; a grant is for the token endpoint as before', async () => {
    const assertions: Record<string, unknown>[] = []
    const http: typeof fetch = async (_input, init) => {
      const { assertion, client_assertion } = Object.fromEntries(new URLSearchParams(String(init?.body)))
      assertions.push({
        client: opened(client_assertion).claims.aud,
        ...(assertion && { grant: opened(assertion).claims.aud }),
      })
      return json(granted)
    }
    const revocationEndpoint = 'https://hq.zenith.example/revoke'
    const proves = { issuer, clientAuthentication: 'private_key_jwt', revocationEndpoint } as const
    const vendors = [
      made(proves),
      made({ ...proves, grant: 'jwt_bearer' }),
      made({ ...proves, assertion: { audience: 'https://other.example' } }),
    ]
    for (const vendor of vendors) {
      await vendor.issue({ ...keyed, tenant: 'HQ' }, undefined, contextFor({ http }, vendor))
      await vendor.revocation?.revoke({ ...keyed, tenant: 'HQ' }, new Secret('token-1'), contextFor({ http }, vendor))
    }
    const [server, other] = [{ client: 'https://hq.zenith.example' }, { client: 'https://other.example' }]
    expect(assertions).toEqual([server, server, { ...server, grant: TOKEN_ENDPOINT }, server, other, other])
  })

  it('is named the same whatever case a person has written the host in', async () => {
    const { http, called } = server()
    const vendor = discovered()
    await vendor.issue({ ...document, tenant: 'HQ' }, new Secret('r1'), contextFor({ http }, vendor))
    expect(called()).toHaveLength(1)
  })

  it('has to say that it was it who sent the person back, where its metadata promise that (RFC 9207)', async () => {
    const issuerOf = async (said: object) => {
      const vendor = discovered()
      return vendor.authorization?.issuer?.(document, contextFor(server(said), vendor))
    }
    expect(await issuerOf(metadata)).toBe('https://hq.zenith.example')
    expect(await issuerOf({ ...metadata, authorization_response_iss_parameter_supported: false })).toBeUndefined()
    expect(madeConsented().authorization?.issuer).toBeUndefined()
  })

  it.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['a token endpoint elsewhere', { token_endpoint: 'https://evil.example/token' }],
  ])('whose metadata are of %s gets no secret', async (_, change) => {
    const { http, called } = server({ ...metadata, ...change })
    const vendor = discovered()
    const error = await failureOf(vendor.issue(document, new Secret('r1'), contextFor({ http }, vendor)))
    expect(error).toMatchObject({ code: 'configuration' })
    expect(called()).toEqual([])
  })

  it('that has no revocation endpoint takes nothing back, and the failure says so', async () => {
    const { revocation_endpoint: _, ...said } = metadata
    const { http, called } = server(said)
    const vendor = discovered()
    const revoking = vendor.revocation?.revoke(document, new Secret('r1'), contextFor({ http }, vendor))
    await expect(revoking).rejects.toMatchObject({ message: expect.stringContaining('no revocation endpoint') })
    expect(called()).toEqual([])
    expect(made().revocation).toBeUndefined()
  })
})

describe('a check of a token', () => {
  const vendor = made({ liveness: 'https://{tenant}.zenith.example/me' })
  const token = { value: new Secret('token-1'), issuedAt: NOW, expiresAt: secondsAfter(NOW, 60), context: {} }
  const check = async (step: Step) => {
    const fake = vendorAnswering(step)
    const found = await vendor.liveness?.(document, token, contextFor(fake, vendor))
    return { found, request: fake.requests[0] }
  }

  it('reads what the description says, with the token', async () => {
    const { found, request } = await check(json({}))
    expect(found).toBe('alive')
    expect(request).toMatchObject({ method: 'GET', url: 'https://hq.zenith.example/me', redirect: 'manual' })
    expect(request?.headers.get('authorization')).toBe('Bearer token-1')
  })

  it.each([
    [json({}, 401), 'refused'],
    [json({}, 403), 'limited'],
    [html(200), 'login page'],
  ])('says what the vendor says (%#)', async (step, found) => {
    expect((await check(step)).found).toBe(found)
  })

  it('says nothing of a token while the vendor does not answer, and there is none where none is described', async () => {
    const error = await failureOf(check(json({}, 500)))
    expect(error).toMatchObject({ code: 'vendor_unavailable' })
    expectNoTrace(error, 'token-1')
    expect(made().liveness).toBeUndefined()
  })
})

it('says what it was made of', () => {
  expect(made().description).toEqual({ id: 'zenith', ...zenith })
})
