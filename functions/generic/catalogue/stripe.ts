import type { CatalogueEntry } from './entry.ts'

export const stripe: CatalogueEntry = {
  id: 'stripe',
  title: 'Stripe Connect',
  hosts: ['stripe.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://connect.stripe.com/oauth/token',
  authorizationEndpoint: 'https://connect.stripe.com/oauth/authorize',
  pkce: 'none',
  refreshTokens: 'keep',
  answer: { context: { stripe_user_id: 'stripe_user_id' } },
  maxLifeSeconds: 2592000,
  defaultLifeSeconds: 2592000,
  apiBaseUrl: 'https://api.stripe.com/v1',
  credentials: {
    steps: [
      'In the application settings of Stripe Connect add the redirect URI and copy the client ID.',
      'The client secret is a secret API key of the platform: its mode, live or test, becomes that of the token.',
    ],
  },

  documents: 'https://github.com/stripe/stripe-node/blob/master/src/resources/OAuth.ts',
  readOn: '2026-11-22',
  quirk:
    'An access token is a key of the connected account that does not end, so it is renewed with the refresh token every 30 days; the client ID is sent beside the secret, which the documents do not show.',
  notCovered: [
    'deauthorization of an account',
    'Express accounts, which consent at another address',
    'apps of the Stripe marketplace',
  ],
  tried: 'never at the vendor',
}
