import type { CatalogueEntry } from './entry.ts'

export const databricks: CatalogueEntry = {
  id: 'databricks',
  title: 'Databricks',
  hosts: ['cloud.databricks.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://{workspace}.cloud.databricks.com/oidc/v1/token',
  scope: 'all-apis',
  maxLifeSeconds: 3600,
  apiBaseUrl: 'https://{workspace}.cloud.databricks.com/api',
  credentials: {
    labels: { workspace: 'workspace: the first part of its URL, like dbc-a1b2345c-d6e7' },
    steps: [
      'In Databricks add a service principal and assign it to the workspace.',
      'On its tab Secrets generate an OAuth secret, and copy the client ID and the secret.',
    ],
  },

  documents: 'https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m',
  alsoRead: [
    'https://docs.databricks.com/aws/en/dev-tools/auth/oauth-authorization-details',
    'https://github.com/databricks/databricks-sdk-py/blob/main/databricks/sdk/oauth.py',
    'https://github.com/databricks/databricks-sdk-py/blob/main/databricks/sdk/credentials_provider.py',
  ],
  readOn: '2026-11-22',
  quirk: 'Each workspace is an authorization server of its own, and an OAuth secret ends after two years at most.',
  notCovered: [
    'workspaces on Azure and Google Cloud, which have other domains',
    'tokens of the account instead of a workspace',
    'authorization_details',
    'users who consent',
  ],
  tried: 'never at the vendor',
}
