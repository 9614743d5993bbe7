import { KeyObject } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { Secret } from './secret.ts'

/** Whether two parsed documents hold the same secrets, whatever else they say. */
export const sameSecrets = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(secretsIn(one, ''), secretsIn(other, ''))

/** The fingerprints of all that is secret, by where it stands. Other members are no concern of a rotation. */
function secretsIn(value: unknown, path: string): readonly string[] {
  if (value instanceof Secret) return [`${path} ${value.fingerprint}`]
  if (value instanceof KeyObject) return secretsIn(asSecret(value), path)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => secretsIn(member, `${path}.${name}`))
}

const asSecret = (key: KeyObject): Secret => new Secret(key.export({ format: 'der', type: 'pkcs8' }).toString('base64'))
