import { newRsaKey } from '../../functions/simulation/rs512.ts'

/** The `key` of a ClearID file, made anew. */
export function clearidKey() {
  const { n, e, d, p, q, dp, dq, qi } = newRsaKey(2048).export({ format: 'jwk' })
  const parts = { modulus: n, exponent: e, d, p, q, dp, dq, inverseQ: qi }
  return { kid: '66666666-7777-4888-8999-000000000000:acme', keyType: 'RSA', algorithm: 'RS512', ...parts }
}
