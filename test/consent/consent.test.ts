import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import { Secret } from '../../functions/core/secret.ts'
import { secondsAfter } from '../../functions/core/token.ts'
import { vend } from '../../functions/core/vend.ts'
import type { Authorization, Vendor } from '../../functions/core/vendor.ts'
import { fakeVendor, gives, refuses, The, world } from '../support/world.ts'

const REDIRECT = 'http://127.0.0.1:53682/callback'

/** A vendor that wants consent, and what it was asked to exchange. */
function consenting(refreshToken: string | undefined = 'r1') {
  const fake = fakeVendor({
    policy: { rotates: true },
    script: (context, held, call) =>
      held
        ? gives({ name: 'refreshed' })(context, held, call)
        : refuses('not_connected', 'nobody has connected it')(context, held, call),
  })
  const exchanged: { code: string; redirectUri: string }[] = []
  let fails = false
  const authorization: Authorization = {
    url: (_, { redirectUri = 'https://vend.example/callback', state }) =>
      new URL(`https://acme.example/auth?redirect_uri=${encodeURIComponent(redirectUri)}&state=${state}`),
    exchange: async (_, { code, redirectUri }, context) => {
      exchanged.push({ code: code.reveal(), redirectUri })
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
  return { vendor, exchanged, calls: fake.calls, fail }
}

const connection = The.connection
const code = new Secret('code-1')

describe('a consent', () => {
  it('that was begun and finished connects the connection', async () => {
    const { process, clock } = world()
    const { vendor, exchanged, calls } = consenting()
    await expect(vend({ vendor, connection, minTtlSeconds: 0 }, process())).rejects.toMatchObject({
      code: 'not_connected',
    })
    const { authorizationUrl, state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    expect(new URL(authorizationUrl).searchParams.get('state')).toBe(state)
    expect(state).toMatch(/^[\w-]{43}$/)
    await finishConsent({ vendor, connection }, { state, code }, process())
    expect(exchanged).toEqual([{ code: 'code-1', redirectUri: REDIRECT }])
    const vended = await vend({ vendor, connection, minTtlSeconds: 0 }, process())
    expect([vended.source, vended.token.accessToken.value.reveal()]).toEqual(['cache', 'consented1'])
    clock.advance(3600)
    await vend({ vendor, connection, minTtlSeconds: 0 }, process())
    expect(calls.at(-1)?.refreshToken).toBe('r1')
  })

  it('C72 with a state that is wrong, of another connection or expired leads to no exchange', async () => {
    const { process, clock, secrets } = world()
    secrets.replace('acme/other', { password: 'p1' })
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    const invalid = { code: 'authorization_invalid' }
    await expect(
      finishConsent({ vendor, connection }, { state: 'x'.repeat(43), code }, process()),
    ).rejects.toMatchObject(invalid)
    await expect(finishConsent({ vendor, connection: 'other' }, { state, code }, process())).rejects.toMatchObject(
      invalid,
    )
    clock.advance(600)
    await expect(finishConsent({ vendor, connection }, { state, code }, process())).rejects.toMatchObject(invalid)
    expect(exchanged).toEqual([])
  })

  it('C74 is exchanged once, however often it is finished', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => finishConsent({ vendor, connection }, { state, code }, process())),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(exchanged).toHaveLength(1)
  })

  it('C73 that was denied is over, whatever came beside the error', async () => {
    const { process } = world()
    const { vendor, exchanged } = consenting()
    const { state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    const denied = finishConsent({ vendor, connection }, { state, code, error: 'access_denied' }, process())
    await expect(denied).rejects.toMatchObject({ code: 'authorization_denied' })
    const again = finishConsent({ vendor, connection }, { state, code }, process())
    await expect(again).rejects.toMatchObject({ code: 'authorization_invalid' })
    expect(exchanged).toEqual([])
  })

  it('whose code is refused leaves the grant of before as it was', async () => {
    const { process, store } = world()
    const { vendor, fail } = consenting()
    const { state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    await finishConsent({ vendor, connection }, { state, code }, process())
    const second = await beginConsent({ vendor, connection }, REDIRECT, process())
    fail()
    const refused = finishConsent({ vendor, connection }, { state: second.state, code }, process())
    await expect(refused).rejects.toMatchObject({ code: 'grant_rejected' })
    const { state: row } = await store.read('acme#hq')
    expect([row.status, row.failure]).toEqual(['active', undefined])
    expect((await vend({ vendor, connection, minTtlSeconds: 0 }, process())).token.accessToken.value.reveal()).toBe(
      'consented1',
    )
  })

  it('C68 that gives no refresh token ends with its token, and forgets the grant of before', async () => {
    const { process, clock } = world()
    const first = consenting('r1')
    const begun = await beginConsent({ vendor: first.vendor, connection }, REDIRECT, process())
    await finishConsent({ vendor: first.vendor, connection }, { state: begun.state, code }, process())
    const { vendor, calls } = consenting('')
    const { state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    await finishConsent({ vendor, connection }, { state, code }, process())
    clock.advance(3600)
    await expect(vend({ vendor, connection, minTtlSeconds: 0 }, process())).rejects.toMatchObject({
      code: 'not_connected',
    })
    expect(calls.every(({ refreshToken }) => refreshToken === undefined)).toBe(true)
  })

  it('revives a connection whose grant was dead', async () => {
    const { process, store } = world()
    const { vendor } = consenting()
    await store.revoke('acme#hq', { status: 'reconnect' })
    await expect(vend({ vendor, connection, minTtlSeconds: 0 }, process())).rejects.toMatchObject({
      code: 'grant_rejected',
    })
    const { state } = await beginConsent({ vendor, connection }, REDIRECT, process())
    await finishConsent({ vendor, connection }, { state, code }, process())
    expect((await vend({ vendor, connection, minTtlSeconds: 0 }, process())).source).toBe('cache')
  })

  it.each([
    'https://evil.example/callback',
    'http://127.0.0.1.evil.example:1/',
    'http://10.0.0.1:1/',
    'javascript:alert(1)',
    'http://127.0.0.1/',
  ])('is not begun towards %s', async (redirectUri) => {
    const { vendor } = consenting()
    await expect(beginConsent({ vendor, connection }, redirectUri, world().process())).rejects.toMatchObject({
      code: 'bad_request',
    })
  })

  it('is not asked of anybody where the vendor needs none', async () => {
    const { vendor } = fakeVendor()
    await expect(beginConsent({ vendor, connection }, REDIRECT, world().process())).rejects.toMatchObject({
      code: 'bad_request',
    })
  })
})
