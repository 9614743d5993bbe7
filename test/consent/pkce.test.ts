import { codeChallengeOf, newCodeVerifier } from '../../functions/consent/pkce.ts'
import { Secret } from '../../functions/kit/secret.ts'

describe('a code verifier', () => {
  it('has 43 characters of 256 random bits (RFC 7636 section 4.1), and is another each time', () => {
    expect(newCodeVerifier().reveal()).toMatch(/^[\w-]{43}$/)
    expect(newCodeVerifier().reveal()).not.toBe(newCodeVerifier().reveal())
  })

  it('has the challenge of the example in RFC 7636, appendix B', () => {
    const verifier = new Secret('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
    expect(codeChallengeOf(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
  })
})
