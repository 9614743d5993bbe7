import type { CatalogueEntry } from './entry.ts'

export const github: CatalogueEntry = {
  id: 'github',
  title: 'GitHub App',
  hosts: ['github.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  authorizationEndpoint: 'https://github.com/login/oauth/authorize',
  tokenEndpoint: 'https://github.com/login/oauth/access_token',
  answer: {
    grantExpiresIn: 'refresh_token_expires_in',
    errors: {
      incorrect_client_credentials: 'credential_rejected',
      redirect_uri_mismatch: 'configuration',
      bad_verification_code: 'grant_rejected',
      bad_refresh_token: 'grant_rejected',
      unverified_user_email: 'grant_rejected',
    },
  },
  maxLifeSeconds: 28_800,
  liveness: 'https://api.github.com/user',
  apiBaseUrl: 'https://api.github.com',
  credentials: {
    steps: [
      'Under Developer settings, GitHub Apps, register an app, with the callback URL that is shown here.',
      'Under Optional features leave "User-to-server token expiration" on: without it there is no refresh token.',
      'Copy the client ID, which is not the App ID, and generate a client secret.',
      'Install the app where it is to work.',
    ],
  },

  documents:
    'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app',
  alsoRead: [
    'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
    'https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors',
    'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
  ],
  readOn: '2026-11-22',
  quirk: 'Refusals are answers of 200, and each answer is a form unless JSON is asked for, which is done.',
  notCovered: [
    'tokens of an installation, which the app signs for',
    'OAuth apps, whose tokens do not expire',
    'the device flow',
    'GitHub Enterprise Server',
    'revoking at the vendor, which is no RFC 7009 there',
  ],
  tried: 'never at the vendor',
}
