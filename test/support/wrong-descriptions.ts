import type { VendorDescription } from '../../functions/generic/description.ts'

/** One that fits. */
export const ZOOM = {
  title: 'Zoom',
  hosts: ['zoom.us'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://zoom.us/oauth/token',
} as const satisfies VendorDescription

/** One where a person says yes. */
export const BOX = {
  title: 'Box',
  hosts: ['box.com'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  authorizationEndpoint: 'https://account.box.com/api/oauth2/authorize',
  tokenEndpoint: 'https://api.box.com/oauth2/token',
} as const satisfies VendorDescription

/** Another. */
export const PAYPAL = {
  title: 'PayPal',
  hosts: ['paypal.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://api-m.paypal.com/v1/oauth2/token',
} as const satisfies VendorDescription

/** One that signs. */
export const SIGNED = { ...ZOOM, clientAuthentication: 'private_key_jwt' } as const satisfies VendorDescription

const { tokenEndpoint: _, ...NOWHERE } = ZOOM
const { authorizationEndpoint: __, ...UNASKED } = BOX

/** What people write and what synth says of it: the member, and what is wrong with it. */
export const WRONG: readonly (readonly [what: string, description: object, fault: string])[] = [
  ['no way to a token', NOWHERE, 'tokenEndpoint: is not there, and neither is issuer'],
  [
    'http',
    { ...ZOOM, tokenEndpoint: 'http://zoom.us/oauth/token' },
    "tokenEndpoint: 'http://zoom.us/oauth/token' is http",
  ],
  [
    'another host',
    { ...ZOOM, revocationEndpoint: 'https://zoom.example/revoke' },
    "revocationEndpoint: 'https://zoom.example/revoke' is at none of hosts, which are zoom.us",
  ],
  ['a public suffix', { ...ZOOM, hosts: ['com'] }, "hosts[0]: 'com' is a public suffix"],
  [
    'a port',
    { ...ZOOM, tokenEndpoint: 'https://zoom.us:8443/oauth/token' },
    "tokenEndpoint: 'https://zoom.us:8443/oauth/token' has a port",
  ],
  [
    'a query',
    { ...ZOOM, tokenEndpoint: 'https://zoom.us/oauth/token?region=eu' },
    "tokenEndpoint: 'https://zoom.us/oauth/token?region=eu' has a query: write it as parameters",
  ],
  [
    'an address of a computer',
    { ...ZOOM, tokenEndpoint: 'https://192.0.2.7/oauth/token' },
    "tokenEndpoint: 'https://192.0.2.7/oauth/token' is at an IP address",
  ],
  [
    'a placeholder for the whole host',
    { ...ZOOM, tokenEndpoint: 'https://{domain}/oauth/token' },
    "tokenEndpoint: 'https://{domain}/oauth/token' has a placeholder that may lead to any host: after it has to come one of hosts, as in {tenant}.zoom.us",
  ],
  [
    'a label that no dot ends',
    { ...ZOOM, tokenEndpoint: 'https://{tenant}zoom.us/oauth/token' },
    "tokenEndpoint: 'https://{tenant}zoom.us/oauth/token' has a placeholder that may lead to any host",
  ],
  [
    'a placeholder for a secret',
    { ...ZOOM, parameters: { account: '{client_secret}' } },
    "parameters.account: '{client_secret}' has the placeholder {client_secret}, which is called like a secret",
  ],
  [
    'a client without a secret',
    { ...ZOOM, clientAuthentication: 'none' },
    "clientAuthentication: 'none' does not go with client_credentials",
  ],
  ['nowhere to say yes', UNASKED, 'authorizationEndpoint: is not there, and neither is issuer'],
  [
    'a grant that is not written down',
    { ...BOX, keep: 'memory' },
    "keep: 'memory' does not go with authorization_code",
  ],
  ['PKCE without a consent', { ...ZOOM, pkce: 'S256' }, 'pkce: is for authorization_code alone'],
  [
    'a signature that nobody makes',
    { ...ZOOM, assertion: { algorithm: 'ES256' } },
    'assertion: is for jwt_bearer and private_key_jwt alone',
  ],
  [
    'a class that there is not',
    { ...ZOOM, answer: { errors: { inactive_client: 'credentials_rejected' } } },
    "answer.errors.inactive_client: 'credentials_rejected' is none of credential_rejected, grant_rejected, configuration, vendor_unavailable, vendor_throttled; did you mean credential_rejected?",
  ],
  [
    'a secret',
    { ...ZOOM, parameters: { client_secret: 'q3dT6-canary' } },
    'parameters.client_secret: looks like a secret',
  ],
  [
    'a name that there is not',
    { ...ZOOM, tokenEndPoint: 'x' },
    'tokenEndPoint: there is no such name; did you mean tokenEndpoint?',
  ],
  [
    'another grant',
    { ...ZOOM, grant: 'client_credential' },
    "grant: 'client_credential' is none of client_credentials, authorization_code, jwt_bearer; did you mean client_credentials?",
  ],
  [
    'a refresh token by its own name beside the token',
    { ...BOX, answer: { members: { refresh_token: 'renewal' }, context: { account: 'renewal' } } },
    "answer.context.account: 'renewal' is the refresh_token of this description, which is not vended beside the token",
  ],
  [
    'a secret of a file by another name',
    {
      ...ZOOM,
      parameters: { account: '{account}' },
      credentials: { file: { label: 'file', members: { account: 'client_secret' } } },
    },
    "credentials.file.members.account: 'client_secret' is called like a secret, and account goes where others read it",
  ],
]
