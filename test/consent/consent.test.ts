import { remove } from '../../functions/api/remove.ts'
import { disable, revoke } from '../../functions/api/revoke.ts'
import { beginConsent, type ConsentRuntime, finishConsent } from '../../functions/consent/consent.ts'
import { codeChallengeOf } from '../../functions/consent/pkce.ts'
import type { Consent, ConsentStore } from '../../functions/consent/store.ts'
import { vend } from '../../functions/core/vend.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Authorization, Vendor } from '../../functions/kit/vendor.ts'
import { json } from '../support/fake-vendor.ts'
import { fakeVendor, gives, refuses, The, world } from '../support/world.ts'

const REDIRECT = 'http://127.0.0.1:53682/callback'
const ASKED = { redirectUri: REDIRECT, begunBy: 'arn:aws:iam::000000000000:role/ada' }

/** A vendor that wants consent, and the codes it was sent. */
function consenting(refreshToken: string | undefined = 'r1', more: Pick<Authorization, 'pkce' | 'issuer'> = {}) {
  const fake = fakeVendor({
    policy: { singleUseRefreshToken: true },
    script: (context, held, call) =>
      held
        ? gives({ name: 'refreshed' })(context, held, call)
        : refuses('not_connected', 'nobody has connected it')(context, held, call),
  })
  const exchanged: { code: string; redirectUri: string; codeVerifier?: string }[] = []
  const server = { page: 'https://acme.example/auth', endpoint: 'https://acme.example/token' }
  let fails = false
  let meanwhile = async () => {}
  const authorization: Authorization = {
    ...more,
    url: async (_, { redirectUri = 'https://vend.example/callback', state, codeChallenge }) => {
      const challenge = codeChallenge ? `&code_challenge=${codeChallenge}` : ''
      return new URL(`${server.page}?redirect_uri=${encodeURIComponent(redirectUri)}&state=${state}${challenge}`)
    },
    tokenEndpoint: async () => new URL(server.endpoint),
    exchange: async (_, { code, redirectUri, codeVerifier }, context) => {
      exchanged.push({ code: code.reveal(), redirectUri, ...(codeVerifier && { codeVerifier: codeVerifier.reveal() }) })
      await meanwhile()
      if (fails) return refuses('grant_rejected', 'the code was refused')(context, undefined, 1)
      const issuedAt = context.now()
      return {
        accessToken: {
          value: new Secret(`consented${exchanged.length}`),
          issuedAt,
          expiresAt: secondsAfter(issuedAt, 3600),
          context: {},
        },
        ...(refreshToken && { refreshToken: new Secret(refreshToken) }),
      }
    },
  }
  const vendor: Vendor = { ...fake.vendor, authorization }
  const fail = () => {
    fails = true
  }
  const slowly = (next: typeof meanwhile) => {
    meanwhile = next
  }
  /** A person says yes, and comes back with a code. */
  const connect = async (runtime: ConsentRuntime) => {
    const { state } = await beginConsent(hq(vendor), ASKED, runtime)
    return finishConsent(hq(vendor), { state, code }, runtime)
  }
  return { ...fake, vendor, authorization, connection: hq(vendor), exchanged, server, fail, slowly, connect }
}

const hq = (vendor: Vendor) => ({ vendor, name: The.connection })
const wanted = (vendor: Vendor) => ({ connection: hq(vendor), minTtlSeconds: 0 })
const code = new Secret('code-1')

describe('a consent', () => {
  it('that was begun and finished connects the connection', async () => {
    const { process, clock } = world()
    const { vendor, exchanged, calls } = consenting()
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({
      code: 'not_connected',
    })
    const { authorizationUrl, state } = await beginConsent(hq(vendor), ASKED, process())
    expect(new URL(authorizationUrl).searchParams.get('state')).toBe(state)
    expect(state).toMatch(/^[\w-]{43}$/)
    await finishConsent(hq(vendor), { state, code }, process())
    expect(exchanged).toEqual([{ code: 'code-1', redirectUri: REDIRECT }])
    const vended = await vend(wanted(vendor), process())
    expect([vended.source, vended.token.accessToken.value.reveal()]).toEqual(['cache', 'consented1'])
    clock.advance(3600)
    await vend(wanted(vendor), process())
    expect(calls.at(-1)?.refreshToken).toBe('r1')
  })

  it('with a state that is wrong, of another connection or expired leads to no exchange', async () => {
    const { process, clock, secrets } = world()
    secrets.replace('acme/other', { password: 'p1' })
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    const invalid = { code: 'authorization_invalid' }
    await expect(finishConsent(hq(vendor), { state: 'x'.repeat(43), code }, process())).rejects.toMatchObject(invalid)
    await expect(finishConsent({ vendor, name: 'other' }, { state, code }, process())).rejects.toMatchObject(invalid)
    clock.advance(600)
    await expect(finishConsent(hq(vendor), { state, code }, process())).rejects.toMatchObject(invalid)
    expect(exchanged).toEqual([])
  })

  it('is exchanged once, however often it is finished', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => finishConsent(hq(vendor), { state, code }, process())),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(exchanged).toHaveLength(1)
  })

  it('is one of three: the oldest is over when a fourth is begun', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const begun = []
    for (let count = 0; count < 4; count++) begun.push(await beginConsent(hq(vendor), ASKED, process()))
    const finish = ({ state }: { readonly state: string }) => finishConsent(hq(vendor), { state, code }, process())
    const [oldest, ...newer] = begun
    await expect(oldest && finish(oldest)).rejects.toMatchObject({ code: 'authorization_invalid' })
    for (const one of newer) await finish(one)
    expect(exchanged).toHaveLength(3)
  })

  it('that was begun before a revoke leads to no exchange', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    await revoke(hq(vendor), process())
    const invalid = { code: 'authorization_invalid', message: expect.stringContaining('was revoked after') }
    await expect(finishConsent(hq(vendor), { state, code }, process())).rejects.toMatchObject(invalid)
    expect(exchanged).toEqual([])
  })

  it('of a vendor that does not say who it is comes back from its own server, where that is said', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const back = async (iss: string) => {
      const { state } = await beginConsent(hq(vendor), ASKED, process())
      return finishConsent(hq(vendor), { state, code, iss }, process())
    }
    for (const iss of ['https://evil.example', 'https://acme.example.evil.example', 'http://acme.example', ''])
      await expect(back(iss)).rejects.toMatchObject({ code: 'authorization_invalid' })
    expect(exchanged).toEqual([])
    for (const iss of ['https://acme.example', 'https://acme.example/tenant']) await back(iss)
    expect(exchanged).toHaveLength(2)
  })

  it.each<'page' | 'endpoint'>(['page', 'endpoint'])(
    'whose credentials have come to lead to another %s leads to no exchange',
    async (member) => {
      const { process } = world()
      const { vendor, exchanged, server } = consenting()
      const { state } = await beginConsent(hq(vendor), ASKED, process())
      server[member] = 'https://eu.acme.example/elsewhere'
      const invalid = { code: 'authorization_invalid', message: expect.stringContaining('lead elsewhere') }
      await expect(finishConsent(hq(vendor), { state, code }, process())).rejects.toMatchObject(invalid)
      expect(exchanged).toEqual([])
    },
  )

  it('that was denied is over, whatever came beside the error', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    const denied = finishConsent(hq(vendor), { state, code, error: 'access_denied' }, process())
    await expect(denied).rejects.toMatchObject({ code: 'authorization_denied' })
    const again = finishConsent(hq(vendor), { state, code }, process())
    await expect(again).rejects.toMatchObject({ code: 'authorization_invalid' })
    expect(exchanged).toEqual([])
  })

  it('whose code is refused leaves the grant of before as it was', async () => {
    const { process, tokens } = world()
    const { vendor, fail } = consenting()
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    await finishConsent(hq(vendor), { state, code }, process())
    const second = await beginConsent(hq(vendor), ASKED, process())
    fail()
    const refused = finishConsent(hq(vendor), { state: second.state, code }, process())
    await expect(refused).rejects.toMatchObject({ code: 'grant_rejected' })
    const { state: row } = await tokens.read(hq(vendor))
    expect([row.status, row.failure]).toEqual(['active', undefined])
    expect((await vend(wanted(vendor), process())).token.accessToken.value.reveal()).toBe('consented1')
  })

  it('that gives no refresh token ends with its token, and forgets the grant of before', async () => {
    const { process, clock } = world()
    const first = consenting('r1')
    const begun = await beginConsent(hq(first.vendor), ASKED, process())
    await finishConsent(hq(first.vendor), { state: begun.state, code }, process())
    const { vendor, calls } = consenting('')
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    await finishConsent(hq(vendor), { state, code }, process())
    clock.advance(3539)
    expect((await vend(wanted(vendor), process())).token.accessToken.value.reveal()).toBe('consented1')
    clock.advance(1)
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({
      code: 'not_connected',
    })
    expect(calls.every(({ refreshToken }) => refreshToken === undefined)).toBe(true)
  })

  it('revives a connection whose grant was dead', async () => {
    const { process, clock } = world()
    const { vendor, will, connect } = consenting()
    await connect(process())
    will(refuses('grant_rejected', 'the vendor refused the refresh token'))
    clock.advance(3600)
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'grant_rejected' })
    await connect(process())
    expect((await vend(wanted(vendor), process())).source).toBe('cache')
  })

  it('revives a connection that was revoked', async () => {
    const { process } = world()
    const { vendor, connect } = consenting()
    await revoke(hq(vendor), process())
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'grant_revoked' })
    await connect(process())
    expect((await vend(wanted(vendor), process())).source).toBe('cache')
  })

  it('is not exchanged while somebody holds the lease, whose refresh token is not sent a second time', async () => {
    const { process, clock } = world()
    const { vendor, calls, will, exchanged, connect } = consenting()
    await connect(process())
    clock.advance(3600)
    will(async (...given) => {
      await clock.sleep(2)
      return gives({ name: 'refreshed', refreshToken: 's' })(...given)
    })
    const renewal = vend(wanted(vendor), process())
    await clock.sleep(1)
    await expect(connect(process())).rejects.toMatchObject({ code: 'busy' })
    expect(exchanged).toHaveLength(1)
    expect((await renewal).token.accessToken.value.reveal()).toBe('refreshed1')
    await connect(process())
    expect(exchanged).toHaveLength(2)
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual(['r1'])
  })

  it('holds the lease itself, so that nobody sends the refresh token of the grant before meanwhile', async () => {
    const { process, clock } = world()
    const { vendor, calls, slowly, connect } = consenting()
    await connect(process())
    clock.advance(3600)
    slowly(() => clock.sleep(2))
    const consent = connect(process())
    await clock.sleep(1)
    expect((await vend(wanted(vendor), process())).token.accessToken.value.reveal()).toBe('consented2')
    await consent
    expect(calls).toEqual([])
  })

  it('that ends after the connection was disabled enables nothing and hands out nothing, but its grant is kept', async () => {
    const { process, clock, tokens } = world()
    const { vendor, calls, slowly, connect } = consenting()
    slowly(() => clock.sleep(2))
    const outcome = expect(connect(process())).rejects.toMatchObject({ code: 'busy' })
    await clock.sleep(1)
    await disable(hq(vendor), process())
    await outcome
    const row = await tokens.read(hq(vendor))
    expect([row.state.status, row.token]).toEqual(['disabled', undefined])
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'connection_disabled' })
    await tokens.enable(hq(vendor))
    expect((await vend(wanted(vendor), process())).source).toBe('vendor')
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual(['r1'])
  })

  it('that ends after a revoke leaves nothing behind', async () => {
    const { process, clock, tokens } = world()
    const { vendor, calls, slowly, connect } = consenting()
    slowly(() => clock.sleep(2))
    const outcome = expect(connect(process())).rejects.toMatchObject({ code: 'busy' })
    await clock.sleep(1)
    await revoke(hq(vendor), process())
    await outcome
    await expect(vend(wanted(vendor), process())).rejects.toMatchObject({ code: 'grant_revoked' })
    expect((await tokens.read(hq(vendor))).token).toBeUndefined()
    expect(calls).toEqual([])
  })

  it('puts its connection on the list, also one that was removed', async () => {
    const { process, directory, secrets } = world()
    const { vendor, connection, connect } = consenting()
    await connect(process())
    expect(await directory.page(vendor)).toEqual([connection])
    secrets.remove('acme/hq')
    await remove(connection, process())
    expect(await directory.page(vendor)).toEqual([])

    secrets.replace('acme/hq', { password: 'p2' })
    await connect(process())
    expect(await directory.page(vendor)).toEqual([connection])
    expect((await vend(wanted(vendor), process())).source).toBe('cache')
  })

  it('that cannot be begun leaves no trace of its connection', async () => {
    const { process, tokens } = world()
    const { vendor, authorization } = consenting()
    const url = () => {
      throw new VendingError('bad_request', 'this address does not fit')
    }
    const refusing: Vendor = { ...vendor, authorization: { ...authorization, url } }
    await expect(beginConsent(hq(refusing), ASKED, process())).rejects.toMatchObject({ code: 'bad_request' })
    expect((await tokens.read(hq(vendor))).exists).toBe(false)
  })

  it('is neither begun nor finished on a disabled connection', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    await disable(hq(vendor), process())
    const disabled = { code: 'connection_disabled' }
    await expect(beginConsent(hq(vendor), ASKED, process())).rejects.toMatchObject(disabled)
    await expect(finishConsent(hq(vendor), { state, code }, process())).rejects.toMatchObject(disabled)
    expect(exchanged).toEqual([])
  })

  it('of a vendor without PKCE has neither challenge nor verifier', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { authorizationUrl, state } = await beginConsent(hq(vendor), ASKED, process())
    await finishConsent(hq(vendor), { state, code }, process())
    expect(authorizationUrl).not.toContain('code_challenge')
    expect(exchanged).toEqual([{ code: 'code-1', redirectUri: REDIRECT }])
  })

  it.each([
    'https://evil.example/callback',
    'http://127.0.0.1.evil.example:1/',
    'http://10.0.0.1:1/',
    'javascript:alert(1)',
    'http://127.0.0.1/',
  ])('is not begun towards %s', async (redirectUri) => {
    const { vendor } = consenting()
    await expect(beginConsent(hq(vendor), { ...ASKED, redirectUri }, world().process())).rejects.toMatchObject({
      code: 'bad_request',
    })
  })

  it('is not begun where the vendor needs none', async () => {
    const { vendor } = fakeVendor()
    await expect(beginConsent(hq(vendor), ASKED, world().process())).rejects.toMatchObject({
      code: 'bad_request',
    })
  })
})

describe('a consent of a vendor that says who it is (RFC 9207)', () => {
  const acme = 'https://acme.example/tenant'
  const finish = async (iss: string | undefined, issuer: string | undefined = acme) => {
    const { process } = world()
    const { vendor, exchanged } = consenting('r1', { issuer: async () => issuer })
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    return { exchanged, finished: finishConsent(hq(vendor), { state, code, iss }, process()) }
  }

  it.each([
    ['another server', 'https://evil.example'],
    ['its server and another path', 'https://acme.example'],
    ['what is longer', `${acme}/`],
    ['what is written otherwise', 'https://ACME.example/tenant'],
    ['nobody', undefined],
  ])('and that comes back from %s leads to no exchange', async (_, iss) => {
    const { exchanged, finished } = await finish(iss)
    const invalid = { code: 'authorization_invalid', message: expect.stringContaining('another server than') }
    await expect(finished).rejects.toMatchObject(invalid)
    expect(exchanged).toEqual([])
  })

  it('and that comes back from there is exchanged', async () => {
    const { exchanged, finished } = await finish(acme)
    await finished
    expect(exchanged).toHaveLength(1)
  })

  it('in settings that have come to name another leads to no exchange', async () => {
    const { process } = world()
    let issuer = acme
    const { vendor, exchanged } = consenting('r1', { issuer: async () => issuer })
    const { state } = await beginConsent(hq(vendor), ASKED, process())
    issuer = 'https://acme.example/other'
    for (const iss of [acme, issuer])
      await expect(finishConsent(hq(vendor), { state, code, iss }, process())).rejects.toMatchObject({
        code: 'authorization_invalid',
      })
    expect(exchanged).toEqual([])
  })
})

describe('a consent of a vendor with PKCE', () => {
  const withPkce = () => consenting('r1', { pkce: 'S256' })
  const challengeIn = (url: string) => new URL(url).searchParams.get('code_challenge')

  it('sends the challenge ahead, and the verifier with the code', async () => {
    const { process } = world()
    const { vendor, exchanged } = withPkce()
    const { authorizationUrl, state } = await beginConsent(hq(vendor), ASKED, process())
    expect(authorizationUrl).not.toContain('verifier')
    await finishConsent(hq(vendor), { state, code }, process())
    const [{ codeVerifier = '' } = {}] = exchanged
    expect(codeVerifier).toMatch(/^[\w-]{43}$/)
    expect(challengeIn(authorizationUrl)).toBe(codeChallengeOf(new Secret(codeVerifier)))
  })

  it('has a verifier of its own', async () => {
    const { process } = world()
    const { vendor, exchanged, connect } = withPkce()
    await connect(process())
    await connect(process())
    expect(new Set(exchanged.map(({ codeVerifier }) => codeVerifier)).size).toBe(2)
    const begun = [await beginConsent(hq(vendor), ASKED, process()), await beginConsent(hq(vendor), ASKED, process())]
    expect(new Set(begun.map(({ authorizationUrl }) => challengeIn(authorizationUrl))).size).toBe(2)
  })

  it.each<[string, Pick<Consent, 'codeVerifier'>, string]>([
    ['has lost its verifier', {}, 'the code verifier of acme/hq is lost'],
    ['has the verifier of another', { codeVerifier: new Secret('v'.repeat(43)) }, 'lead elsewhere'],
  ])('whose record %s leads to no exchange', async (_, change, words) => {
    const { process, consents } = world()
    const { vendor, exchanged } = withPkce()
    const runtime = process()
    const { state } = await beginConsent(hq(vendor), ASKED, runtime)
    const endConsent: ConsentStore['endConsent'] = async (...asked) => {
      const consent = await consents.endConsent(...asked)
      if (!consent) return undefined
      const { codeVerifier: _, ...rest } = consent
      return { ...rest, ...change }
    }
    const damaged = { ...runtime, consents: { ...consents, endConsent } }
    const invalid = { code: 'authorization_invalid', message: expect.stringContaining(words) }
    await expect(finishConsent(hq(vendor), { state, code }, damaged)).rejects.toMatchObject(invalid)
    expect(exchanged).toEqual([])
  })
})

describe('a consent of a described vendor', () => {
  const issuer = 'https://hq.zenith.example'
  const vendor = describedVendor('zenith', {
    ...{ title: 'Zenith', hosts: ['zenith.example'], grant: 'authorization_code' },
    ...{ clientAuthentication: 'client_secret_post', issuer: 'https://{tenant}.zenith.example' },
  })
  const connection = { vendor, name: 'main' }
  const sent: URLSearchParams[] = []
  const http: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    if (request.method === 'POST') sent.push(new URLSearchParams(await request.text()))
    const found = {
      issuer,
      token_endpoint: `${issuer}/token`,
      authorization_endpoint: `${issuer}/authorize`,
      authorization_response_iss_parameter_supported: true,
    }
    const granted = { access_token: 'AT1', token_type: 'Bearer', expires_in: 3600, refresh_token: 'RT1' }
    return json(request.method === 'POST' ? granted : found)
  }

  it('goes by what its issuer says of itself, with PKCE, and comes back from there or not at all', async () => {
    const { process, secrets } = world({ http })
    secrets.replace('zenith/main', { tenant: 'hq', client_id: 'c1', client_secret: 's1' })
    const begin = () => beginConsent(connection, ASKED, process())
    const lost = await begin()
    const invalid = { code: 'authorization_invalid' }
    await expect(finishConsent(connection, { state: lost.state, code }, process())).rejects.toMatchObject(invalid)
    expect(sent).toEqual([])
    const { authorizationUrl, state } = await begin()
    await finishConsent(connection, { state, code, iss: issuer }, process())
    const page = new URL(authorizationUrl)
    expect(page.origin + page.pathname).toBe(`${issuer}/authorize`)
    expect(page.searchParams.get('code_challenge')).toBe(
      codeChallengeOf(new Secret(sent[0]?.get('code_verifier') ?? '')),
    )
  })
})
