/** A member of a credential document that a person fills in. */
export interface Field {
  readonly name: string
  readonly label: string
  /** It is not shown while it is typed. */
  readonly secret?: true
  /** The vendor makes it as a JWT (RFC 7519). */
  readonly jwt?: true
  /** The value for an empty answer. @default an empty answer leaves the member out */
  readonly otherwise?: string
}

/** One kind of credentials: members to fill in, or a file that the vendor's portal makes. */
export type CredentialForm =
  | { readonly title: string; readonly fields: readonly Field[] }
  | { readonly title: string; readonly file: string }

/** For credentials that do not state their own end. */
const EXPIRES_ON = (what: string): Field => ({
  name: 'expires_on',
  label: `last day of the ${what} as YYYY-MM-DD; leave empty when it has none`,
})
const NETREX_HOST: Field = { name: 'host', label: 'host, like system2.netrex.cz' }

/** The forms of each vendor. The vendor's own schema checks the answers. */
export const credentialForms: Readonly<Record<string, readonly CredentialForm[]>> = {
  accelo: [
    {
      title: 'Service application',
      fields: [
        { name: 'deployment', label: 'deployment, the name in front of .accelo.com' },
        { name: 'client_id', label: 'client id' },
        { name: 'client_secret', label: 'client secret', secret: true },
        { name: 'scope', label: 'scope', otherwise: 'read(all)' },
        EXPIRES_ON('client secret'),
      ],
    },
  ],
  accessia: [
    {
      title: 'API integration',
      fields: [
        { name: 'authentication_url', label: 'authentication URL' },
        { name: 'integration_id', label: 'integration id' },
        { name: 'secret', label: 'secret', secret: true },
        EXPIRES_ON('secret'),
      ],
    },
  ],
  clearid: [{ title: 'API integration', file: 'path of the authentication key file that ClearID let you download' }],
  iobeya: [
    {
      title: 'token',
      fields: [
        { name: 'api_url', label: 'API address, like https://acme.api.iobeya.com' },
        { name: 'token', label: 'token', secret: true, jwt: true },
        { name: 'expires_on', label: 'its last day as YYYY-MM-DD; leave empty when the token says it itself (a JWT)' },
      ],
    },
  ],
  netrex: [
    {
      title: 'OAuth2 application: you will be asked for consent in the browser',
      fields: [
        NETREX_HOST,
        { name: 'client_id', label: 'client id' },
        { name: 'client_secret', label: 'client secret', secret: true },
        { name: 'scope', label: 'scope', otherwise: 'read' },
        { name: 'redirect_uri', label: 'registered redirect URL; leave empty for an address of this computer' },
        EXPIRES_ON('client secret'),
      ],
    },
    {
      title: 'user token',
      fields: [NETREX_HOST, { name: 'user_token', label: 'user token', secret: true }, EXPIRES_ON('user token')],
    },
  ],
}
