import type { CatalogueEntry } from './entry.ts'

export const discord: CatalogueEntry = {
  id: 'discord',
  title: 'Discord',
  hosts: ['discord.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://discord.com/api/oauth2/token',
  authorizationEndpoint: 'https://discord.com/oauth2/authorize',
  revocationEndpoint: 'https://discord.com/api/oauth2/token/revoke',
  scope: 'identify',
  pkce: 'none',
  maxLifeSeconds: 604800,
  apiBaseUrl: 'https://discord.com/api/v10',
  credentials: {
    steps: [
      'In the Discord Developer Portal create an application.',
      'On the OAuth2 page add the redirect and copy the client ID and client secret.',
    ],
  },

  documents: 'https://docs.discord.com/developers/topics/oauth2',
  alsoRead: [
    'https://github.com/discord/discord-api-docs/blob/main/developers/topics/oauth2.mdx',
    'https://docs.discord.com/developers/discord-social-sdk/development-guides/account-linking-with-discord',
  ],
  readOn: '2026-11-22',
  quirk: 'A revoked token takes every access and refresh token of that authorization with it.',
  notCovered: [
    'a look at the token, at /oauth2/@me',
    'bot tokens, which do not end',
    'the client credentials grant, which gives a token of the owner of the bot',
    'the implicit grant',
  ],
  tried: 'never at the vendor',
}
