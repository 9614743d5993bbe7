import type { CatalogueEntry } from './entry.ts'

export const twitch: CatalogueEntry = {
  id: 'twitch',
  title: 'Twitch',
  hosts: ['twitch.tv'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://id.twitch.tv/oauth2/token',
  authorizationEndpoint: 'https://id.twitch.tv/oauth2/authorize',
  pkce: 'none',
  answer: { errors: { '400': 'grant_rejected', '401': 'grant_rejected' } },
  maxLifeSeconds: 5184000,
  apiBaseUrl: 'https://api.twitch.tv/helix',
  credentials: {
    steps: [
      'In the Twitch developer console register an application with its OAuth redirect URL.',
      'Copy the client ID and generate a client secret.',
    ],
  },

  documents: 'https://dev.twitch.tv/docs/authentication/refresh-tokens/',
  alsoRead: [
    'https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/',
    'https://github.com/twitchdev/twitch-cli/blob/main/internal/login/login.go',
  ],
  readOn: '2026-11-22',
  quirk:
    'The scope of an answer may be a list; the API wants the client ID in the header Client-Id beside the token, and a token can end before its time.',
  notCovered: [
    'app access tokens',
    'the check of a token, whose authorization scheme is OAuth in place of Bearer',
    'revocation, which takes no secret',
    'the device grant',
  ],
  tried: 'never at the vendor',
}
