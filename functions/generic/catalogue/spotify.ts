import type { CatalogueEntry } from './entry.ts'

export const spotify: CatalogueEntry = {
  id: 'spotify',
  title: 'Spotify',
  hosts: ['spotify.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://accounts.spotify.com/api/token',
  maxLifeSeconds: 3600,
  apiBaseUrl: 'https://api.spotify.com/v1',
  credentials: {
    steps: [
      'In the Spotify developer dashboard create an app.',
      'In its settings copy the client ID and client secret.',
    ],
  },

  documents: 'https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow',
  alsoRead: ['https://github.com/spotify/web-api-examples/blob/master/authorization/client_credentials/app.js'],
  readOn: '2026-11-22',
  quirk: 'The token reads the catalogue and nothing of a user.',
  notCovered: ['users who consent, with or without PKCE'],
  tried: 'never at the vendor',
}
