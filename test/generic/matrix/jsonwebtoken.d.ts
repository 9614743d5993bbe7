declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  interface Claims {
    readonly iss?: string
    readonly jti?: string
    readonly exp?: number
  }
  interface Options {
    readonly algorithms: readonly string[]
    readonly issuer: string
    readonly subject: string
    readonly audience: string
  }
  /** What the tests use of an independent implementation of JWT. */
  const jwt: {
    verify(token: string, key: KeyObject, options: Options): Claims | string
  }
  export default jwt
}
