import type { CatalogueEntry } from './entry.ts'

export const servicenow: CatalogueEntry = {
  id: 'servicenow',
  title: 'ServiceNow',
  hosts: ['service-now.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_post',
  tokenEndpoint: 'https://{instance}.service-now.com/oauth_token.do',
  answer: { errors: { server_error: 'credential_rejected' } },
  maxLifeSeconds: 86400,
  apiBaseUrl: 'https://{instance}.service-now.com/api/now',
  credentials: {
    labels: { instance: 'instance: the part before .service-now.com' },
    steps: [
      'In the Machine Identity Console, under Inbound integrations, create one of the kind OAuth Client credential grant.',
      'Copy its client ID and client secret.',
      'Where the instance refuses them, see that its system property glide.oauth.inbound.client.credential.grant_type.enabled is true.',
    ],
  },

  documents:
    'https://www.servicenow.com/docs/r/platform-security/authentication/client-credentials-grant-workflow.html',
  alsoRead: [
    'https://www.servicenow.com/docs/r/platform-security/authentication/configure-an-oauth-client-credential-grant.html',
    'https://www.servicenow.com/docs/r/platform-security/authentication/r_OAuthAPIRequestParameters.html',
    'https://www.servicenow.com/docs/r/api-reference/rest-api-explorer/r_RESTOAuthExample.html',
    'https://github.com/ServiceNow/ServiceNowDocs/blob/australia/markdown/it-operations-management/event-management/datadog-oauth-authentication.md',
  ],
  readOn: '2026-11-22',
  quirk:
    'Refused credentials are called server_error, and a request made during the life of a token, 1,800 seconds unless an admin says otherwise, may be answered with the same token again.',
  notCovered: [
    'users who consent',
    'the password grant',
    'JWT bearer and mTLS',
    'revocation, which takes the token in the query',
    'instances with a domain of their own',
  ],
  tried: 'never at the vendor',
}
