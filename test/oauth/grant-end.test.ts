import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import { authorizationCodeGrant, clientCredentialsGrant, refreshTokenGrant } from '../../functions/oauth/grants.ts'
import { RFC_6749, type TokenShape } from '../../functions/oauth/token-answer.ts'
import { contextFor, json, NOW, vendorAnswering } from '../support/fake-vendor.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const url = new URL('https://acme.example/token')
const DAY = 86_400

/** When a grant ends whose renewal is answered with this as well, in seconds from the request. */
async function end(answer: object, shape: TokenShape = RFC_6749) {
  let calls = 0
  const now = () => secondsAfter(NOW, calls++ * 5)
  const vendor = vendorAnswering(json({ access_token: 't1', expires_in: 60, ...answer }))
  const { grantEndsAt } = await refreshTokenGrant({ url, shape }, new Secret('r1'), contextFor(vendor, acme, { now }))
  return grantEndsAt && (grantEndsAt.getTime() - NOW.getTime()) / 1000
}

describe('the end of a grant', () => {
  it.each(['refresh_token_timeout', 'authorization_expires_in', 'refresh_token_expires_in'])(
    'is what %s says, counted from before the request',
    async (name) => {
      expect(await end({ [name]: 30 * DAY })).toBe(30 * DAY)
      expect(await end({ [name]: '2592000' })).toBe(30 * DAY)
    },
  )

  it('is the first of those that an answer states', async () => {
    expect(await end({ refresh_token_timeout: 7 * DAY, authorization_expires_in: 3 * DAY })).toBe(3 * DAY)
    expect(await end({ refresh_token_timeout: 7 * DAY, authorization_expires_in: 30 * DAY })).toBe(7 * DAY)
  })

  it.each(['x_refresh_token_expires_in', 'refresh_expires_in', 'refreshTokenExpiresIn'])(
    'is called %s by a vendor whose shape says so, and by no other',
    async (name) => {
      expect(await end({ [name]: DAY }, { ...RFC_6749, grantExpiresIn: name })).toBe(DAY)
      expect(await end({ [name]: DAY })).toBeUndefined()
    },
  )

  it.each([
    0,
    '0',
    -1,
    '-1',
    null,
    '',
    'never',
    '30 days',
    true,
    [DAY],
    { seconds: DAY },
    1e300,
    '99999999999',
    8.65e12,
    // Beyond the year 9999, which RFC 3339 cannot write.
    252_000_000_000,
    8e12,
  ])('is none where the answer says %j: zero means never, and the rest nothing', async (stated) => {
    expect(await end({ refresh_token_expires_in: stated })).toBeUndefined()
    expect(await end({ refresh_expires_in: stated }, { ...RFC_6749, grantExpiresIn: 'refresh_expires_in' })).toBe(
      undefined,
    )
  })

  it('is what another member says where one says never', async () => {
    expect(await end({ refresh_token_expires_in: 0, authorization_expires_in: DAY })).toBe(DAY)
  })

  it('takes a long life as it is (ten years, as the draft has it)', async () => {
    expect(await end({ authorization_expires_in: 315_569_520 })).toBe(315_569_520)
  })

  it('is none of an answer that says nothing of it', async () => {
    expect(await end({ refresh_token: 'r2' })).toBeUndefined()
  })

  it('comes with the exchange of a code, too', async () => {
    const vendor = vendorAnswering(json({ access_token: 't1', expires_in: 60, refresh_token_expires_in: DAY }))
    const grant = { code: new Secret('c'), redirectUri: 'https://vend.example/callback' }
    const { grantEndsAt } = await authorizationCodeGrant({ url }, grant, contextFor(vendor, acme))
    expect(grantEndsAt).toEqual(secondsAfter(NOW, DAY))
  })

  it('is no concern of a client that acts for itself: nobody has to consent anew', async () => {
    const vendor = vendorAnswering(json({ access_token: 't1', expires_in: 60, refresh_token_expires_in: DAY }))
    expect(await clientCredentialsGrant({ url }, {}, contextFor(vendor, acme))).not.toHaveProperty('grantEndsAt')
  })
})
