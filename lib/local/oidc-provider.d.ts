declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  /** The part of an independent authorization server that a laptop and the tests use. */
  export default class Provider {
    constructor(issuer: string, configuration: object)
    /** Whether it stands behind a proxy, whose headers say where it is. */
    proxy: boolean
    callback(): RequestListener
    registerGrantType(
      name: string,
      handler: (context: KoaContext) => Promise<void>,
      parameters: readonly string[],
    ): void
    readonly OIDCContext: { prototype: { clientJwtAuthExpectedAudience(): ReadonlySet<string> } }
    readonly Interaction: { find(uid: string): Promise<Interaction | undefined> }
    readonly Grant: new (of: {
      accountId: string
      clientId: string
    }) => Grant
    readonly ClientCredentials: new (of: {
      client: Client
      scope?: string | undefined
    }) => Token
  }

  export interface Client {
    readonly clientId: string
  }

  export interface KoaContext {
    readonly oidc: {
      readonly client: Client
      readonly params: Readonly<Record<string, unknown>>
      /** What is exchanged, where that is what is asked for. */
      readonly authorizationCode?: { readonly scope?: string }
      readonly refreshToken?: { readonly scope?: string }
    }
    body: unknown
    type: string
  }

  interface Interaction {
    readonly params: Readonly<Record<string, unknown>>
    result: object
    persist(): Promise<string>
  }

  interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  interface Token {
    readonly expiration: number
    /** The resource that it is for. */
    aud?: string
    save(): Promise<string>
  }

  type Refusal = new (description?: string) => Error
  export const errors: {
    readonly [name in 'InvalidClientAuth' | 'InvalidGrant' | 'InvalidScope' | 'InvalidTarget']: Refusal
  }
}
