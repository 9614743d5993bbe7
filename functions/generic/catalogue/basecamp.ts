import type { CatalogueEntry } from './entry.ts'

export const basecamp: CatalogueEntry = {
  id: 'basecamp',
  title: 'Basecamp',
  hosts: ['37signals.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://launchpad.37signals.com/authorization/token',
  authorizationEndpoint: 'https://launchpad.37signals.com/authorization/new',
  pkce: 'none',
  maxLifeSeconds: 1209600,
  liveness: 'https://launchpad.37signals.com/authorization.json',
  credentials: {
    steps: [
      'On launchpad.37signals.com/integrations register an app with its redirect URI.',
      'Copy the client ID and client secret.',
    ],
  },

  documents: 'https://github.com/basecamp/bc3-api/blob/master/sections/authentication.md',
  readOn: '2026-11-22',
  quirk:
    'There are no scopes, and the address of the API, which has the account in it, comes from https://launchpad.37signals.com/authorization.json and not with the token.',
  notCovered: [
    'the choice of an account, which callers make',
    'the legacy parameters type=web_server and type=refresh',
  ],
  tried: 'never at the vendor',
}
