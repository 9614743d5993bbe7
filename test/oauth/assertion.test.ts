import { generateKeyPairSync } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { secondsAfter } from '../../functions/kit/time.ts'
import { type Assertion, signAssertion } from '../../functions/oauth/assertion.ts'
import { NOW } from '../support/fake-vendor.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = { algorithm: 'ES256', privateKey, kid: 'k1' } as const
const audience = 'https://acme.example/token'
const clock = NOW.getTime() / 1000

async function signed(changes: Partial<Assertion> = {}, now = NOW) {
  const token = (await signAssertion({ issuer: 'c1', audience, ...changes }, key, now)).reveal()
  const { payload } = await jwtVerify(token, publicKey, { currentDate: now })
  return { payload, header: decodeProtectedHeader(token) }
}

it('says who made it, for whom, to whom, and when it ends (RFC 7523 section 3)', async () => {
  const { payload, header } = await signed()
  expect(header).toEqual({ alg: 'ES256', kid: 'k1', typ: 'JWT' })
  expect(payload).toEqual({
    iss: 'c1',
    sub: 'c1',
    aud: audience,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    iat: clock - 10,
    exp: clock + 170,
  })
})

it('may be for somebody else, and say more', async () => {
  const { payload } = await signed({ subject: 'ada@acme.example', claims: { scope: 'read', nbf: clock } })
  expect(payload).toMatchObject({ iss: 'c1', sub: 'ada@acme.example', scope: 'read', nbf: clock })
})

it('lets no further claim take the place of one of these', async () => {
  const claims = { iss: 'x', sub: 'x', aud: 'x', jti: 'x', iat: 1, exp: clock + 99_999 }
  const { payload } = await signed({ claims })
  expect(payload).toMatchObject({ iss: 'c1', sub: 'c1', aud: audience, iat: clock - 10, exp: clock + 170 })
  expect(payload.jti).not.toBe('x')
})

it.each([60, 3600])('lives %i s in all, as vendors measure it', async (lifeSeconds) => {
  const { payload } = await signed({ lifeSeconds })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(lifeSeconds)
})

it('is made as of the time that it is given, to the second before', async () => {
  expect((await signed({}, new Date(NOW.getTime() + 999))).payload.iat).toBe(clock - 10)
  expect((await signed({}, secondsAfter(NOW, 1))).payload.iat).toBe(clock - 9)
})

it('has another jti each time', async () => {
  expect((await signed()).payload.jti).not.toBe((await signed()).payload.jti)
})
