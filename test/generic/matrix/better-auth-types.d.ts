// What the tests use of an independent authorization server. Its own types do not hold with exactOptionalPropertyTypes.

declare module 'better-auth' {
  import type { Plugin } from '@better-auth/oauth-provider'

  export interface Auth {
    readonly api: {
      adminCreateOAuthClient(request: { readonly headers: Headers; readonly body: object }): Promise<object>
      getOAuthServerConfig(): Promise<object>
    }
  }
  export function betterAuth(options: { readonly plugins: readonly Plugin[]; readonly [option: string]: unknown }): Auth
}

declare module 'better-auth/api' {
  import type { Endpoint, EndpointContext } from '@better-auth/oauth-provider'

  export function createAuthEndpoint(
    path: string,
    options: { readonly method: 'GET' },
    answer: (context: EndpointContext) => Promise<object>,
  ): Endpoint
}

declare module 'better-auth/adapters/memory' {
  export function memoryAdapter(tables: Record<string, object[]>): object
}

declare module 'better-auth/node' {
  import type { RequestListener } from 'node:http'
  import type { Auth } from 'better-auth'

  export function toNodeHandler(auth: Auth): RequestListener
}

declare module 'better-auth/plugins/jwt' {
  import type { Plugin } from '@better-auth/oauth-provider'

  export function jwt(): Plugin
}

declare module '@better-auth/oauth-provider' {
  export interface Endpoint {
    readonly path: string
  }
  export interface Plugin {
    readonly id: string
    readonly endpoints?: Readonly<Record<string, Endpoint>>
  }
  export interface EndpointContext {
    readonly headers?: Headers
    readonly body: Readonly<Record<string, string | undefined>>
    error(status: 'BAD_REQUEST', body: object): Error
  }
  interface Client {
    readonly clientId: string
  }
  interface Api {
    authenticateClient(wants: {
      readonly requireCredentials: boolean
    }): Promise<{ readonly clientId: string; readonly client: Client }>
    issueTokens(tokens: {
      readonly client: Client
      readonly scopes: readonly string[]
      readonly resources?: readonly string[]
    }): Promise<object>
    requireActiveAccessToken(token: string): Promise<object>
  }
  type GrantHandler = (asked: { readonly ctx: EndpointContext; readonly provider: Api }) => Promise<object>
  interface Options {
    readonly extensions: readonly { readonly grants: Readonly<Record<string, GrantHandler>> }[]
    readonly [option: string]: unknown
  }
  export function oauthProvider(options: Options): Plugin & { readonly options: Options }
  export function getOAuthProviderApi(context: EndpointContext, options: Options): Api
}
