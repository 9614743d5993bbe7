import { Secret } from '../../functions/kit/secret.ts'
import { importedToken } from '../../functions/oauth/imported-token.ts'
import { jwt, NOW } from '../support/fake-vendor.ts'

const used = { api_base_url: 'https://acme.example' }
const policy = { storage: 'table', maxLifeSeconds: 86_400, defaultLifeSeconds: 3600 } as const
const context = { now: () => NOW, policy }
const seconds = NOW.getTime() / 1000
const lifeOf = (value: string, expiresIn?: number) => {
  const { accessToken } = importedToken({ accessToken: new Secret(value), expiresIn }, used, context)
  return (accessToken.expiresAt.getTime() - NOW.getTime()) / 1000
}

describe('an imported access token', () => {
  it('lives as long as the team says, or as it says itself, whichever is less', () => {
    expect(lifeOf('opaque', 600)).toBe(600)
    expect(lifeOf(jwt({ exp: seconds + 500 }))).toBe(500)
    expect(lifeOf(jwt({ exp: seconds + 500 }), 600)).toBe(500)
    expect(lifeOf(jwt({ exp: seconds + 500 }), 400)).toBe(400)
  })

  it('counts from now, whenever it was made, and is cut down to the longest life of the vendor', () => {
    expect(lifeOf(jwt({ iat: seconds - 3600, exp: seconds + 60 }))).toBe(60)
    expect(lifeOf('opaque', 86_401)).toBe(86_400)
  })

  it('has what callers need beside it', () => {
    const { accessToken } = importedToken({ accessToken: new Secret('opaque'), expiresIn: 600 }, used, context)
    expect([accessToken.context, accessToken.issuedAt]).toEqual([used, NOW])
  })

  it.each([
    ['that nobody knows the end of', 'opaque', undefined],
    ['whose claims have no end', jwt({ iat: seconds }), undefined],
  ])('%s is refused, and no life assumed', (_, value, expiresIn) => {
    expect(() => lifeOf(value, expiresIn)).toThrow('say it with expires_in')
  })

  it.each([
    ['has ended', jwt({ exp: seconds - 1 }), undefined],
    ['ends just now', jwt({ exp: seconds + 1 }), undefined],
    ['has ended, whatever the team says', jwt({ exp: seconds - 1 }), 3600],
  ])('that %s is refused', (_, value, expiresIn) => {
    expect(() => lifeOf(value, expiresIn)).toThrow('has ended, or nearly so')
  })
})
