import type { CatalogueEntry } from './entry.ts'

export const shopify: CatalogueEntry = {
  id: 'shopify',
  title: 'Shopify',
  hosts: ['myshopify.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://{shop}.myshopify.com/admin/oauth/access_token',
  maxLifeSeconds: 86400,
  apiBaseUrl: 'https://{shop}.myshopify.com/admin',
  credentials: {
    labels: { shop: 'shop: the part before .myshopify.com' },
    steps: [
      'In the Dev Dashboard create an app, select its access scopes and release a version.',
      'Install the app on a store of your own organization.',
      'Under Settings copy the client ID and client secret.',
    ],
  },

  documents: 'https://shopify.dev/docs/apps/build/authentication-authorization/client-credentials-grant',
  alsoRead: [
    'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant',
    'https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets',
  ],
  readOn: '2026-11-22',
  quirk: 'The answer has no token_type, and the API takes the token in the header X-Shopify-Access-Token.',
  notCovered: ['stores of other organizations, which want a consent or a token exchange'],
  tried: 'never at the vendor',
}
