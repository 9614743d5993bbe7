import { betterAuth } from './better-auth.ts'
import { jmondi } from './jmondi.ts'
import { nodeOauth } from './node-oauth.ts'
import { oidcProvider } from './oidc-provider.ts'
import type { Server } from './server.ts'

export const SERVERS: readonly Server[] = [oidcProvider, betterAuth, nodeOauth, jmondi]
