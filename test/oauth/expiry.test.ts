import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import type { TokenPolicy } from '../../functions/kit/token.ts'
import { expiryOf } from '../../functions/oauth/expiry.ts'
import { jwt, NOW } from '../support/fake-vendor.ts'

const policy: TokenPolicy = { storage: 'table', maxLifeSeconds: 86_400, defaultLifeSeconds: 1800 }
const now = NOW.getTime() / 1000

interface Given {
  readonly stated?: unknown
  readonly claims?: object
  readonly sentAt?: Date
  readonly policy?: Partial<TokenPolicy>
}

const expiry = ({ stated, claims, sentAt = NOW, policy: changes }: Given) =>
  expiryOf({
    stated,
    token: new Secret(claims ? jwt(claims) : 'opaque'),
    sentAt,
    policy: { ...policy, ...changes },
  })

const life = (given: Given) => secondsBetween(given.sentAt ?? NOW, expiry(given).expiresAt)
const codes = (given: Given) => expiry(given).warnings.map(({ code }) => code)

describe('a stated lifetime', () => {
  it.each([
    [3600, 3600],
    ['3600', 3600],
    ['0003600', 3600],
    [0.5, 0.5],
  ])('of %j counts %d s from before the request', (stated, seconds) => {
    expect(life({ stated })).toBe(seconds)
    expect(codes({ stated })).toEqual([])
  })

  it.each([
    '3600s',
    ' 3600',
    '3600 ',
    '0x10',
    '1e3',
    '',
    '+60',
    '60.5',
    '99999999999',
    true,
    [3600],
    {},
    null,
    undefined,
    Infinity,
    NaN,
  ])('of %j is not used: the documented one is, with a warning', (stated) => {
    expect(life({ stated })).toBe(1800)
    expect(codes({ stated })).toEqual(['lifetime_assumed'])
  })

  it.each([0, -1, '0', '-1', '000', -0.5])('of %j is nonsense', (stated) => {
    expect(() => expiry({ stated })).toThrow(expect.objectContaining({ code: 'vendor_malformed' }))
    expect(() => expiry({ stated, claims: { exp: now + 900 } })).toThrow(
      expect.objectContaining({ code: 'vendor_malformed' }),
    )
  })

  it.each([86_401, '2592000', 1e300, '9999999999'])('of %j is cut down to the longest there is', (stated) => {
    expect(life({ stated })).toBe(86_400)
    expect(life({ stated, policy: { maxLifeSeconds: 3600 } })).toBe(3600)
  })
})

describe('a token that says itself when it ends', () => {
  it.each([undefined, null, '3600s'])('ends then when the answer states %j', (stated) => {
    expect(life({ stated, claims: { exp: now + 900 } })).toBe(900)
    expect(codes({ stated, claims: { exp: now + 900 } })).toEqual([])
  })

  it('ends at the earlier of the two', () => {
    expect(life({ stated: 3600, claims: { exp: now + 600 } })).toBe(600)
    expect(life({ stated: 600, claims: { exp: now + 3600 } })).toBe(600)
  })

  it('lives no longer than stated when our clock is behind', () => {
    const sentAt = secondsAfter(NOW, -600)
    expect(life({ stated: 3600, claims: { exp: now + 3600 }, sentAt })).toBe(3600)
    expect(life({ claims: { iat: now, exp: now + 3600 }, sentAt })).toBe(3600)
  })

  it('counts its own life from the request when it seems to have ended on arrival', () => {
    const sentAt = secondsAfter(NOW, 7200)
    expect(life({ stated: 3600, claims: { exp: now + 3600 }, sentAt })).toBe(3600)
    expect(life({ claims: { iat: now, exp: now + 3600 }, sentAt })).toBe(3600)
    expect(codes({ claims: { iat: now, exp: now + 3600 }, sentAt })).toEqual(['clocks_differ'])
  })

  it('is nonsense when it seems to have ended and nothing says how long it lives', () => {
    for (const claims of [{ exp: now - 1 }, { exp: now }, { exp: now + 0.9 }, { exp: now - 9, iat: now }, { exp: 0 }])
      expect(() => expiry({ claims })).toThrow(expect.objectContaining({ code: 'vendor_malformed' }))
  })

  it('ends at the whole second before a fraction', () => {
    const sentAt = new Date(NOW.getTime() + 123)
    expect(expiry({ claims: { exp: now + 900.9 }, sentAt }).expiresAt).toEqual(secondsAfter(NOW, 900))
  })

  it('is cut down to the longest life there is', () => {
    expect(life({ claims: { exp: now + 864_000 } })).toBe(86_400)
  })

  it('is taken for one that says nothing when its exp is no number', () => {
    expect(codes({ claims: { exp: '1700000000' } })).toEqual(['lifetime_assumed'])
  })
})

describe('no lifetime at all', () => {
  it('is nonsense from a vendor that documents none', () => {
    const { defaultLifeSeconds: _, ...none } = policy
    expect(() => expiryOf({ stated: undefined, token: new Secret('opaque'), sentAt: NOW, policy: none })).toThrow(
      expect.objectContaining({ code: 'vendor_malformed' }),
    )
  })

  it('is the documented one, cut down to the longest there is', () => {
    expect(life({ policy: { defaultLifeSeconds: 99_999 } })).toBe(86_400)
  })
})
