declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  /** The part of an independent authorization server that the tests use. */
  export default class Provider {
    constructor(issuer: string, configuration: object)
    /** Whether it stands behind a proxy, whose headers say where it is. */
    proxy: boolean
    callback(): RequestListener
  }
}
