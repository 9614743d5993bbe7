import { type CredentialForm, endField, type Field } from '../kit/form.ts'
import { hasKey, hasSecret, ownMembers } from './credentials.ts'
import type { VendorDescription } from './description.ts'
import { placeholdersOf } from './placeholders.ts'

const TITLES = {
  client_credentials: 'application',
  authorization_code: 'application: you will be asked for consent in the browser',
  jwt_bearer: 'application with a key',
} as const satisfies Record<VendorDescription['grant'], string>

/** Few vendors know a key by its certificate: asked for where the description has words for it. */
const THUMBPRINT = 'certificate_thumbprint'

export function formsOf(description: VendorDescription): readonly CredentialForm[] {
  const { credentials: { file } = {} } = description
  const title = TITLES[description.grant]
  if (!file) return [{ title, fields: fieldsOf(description) }]
  const beside = fieldsOf(description).filter(({ name }) => !Object.hasOwn(file.members, name))
  return [{ title, file: file.label, fields: beside }]
}

function fieldsOf(description: VendorDescription): readonly Field[] {
  const { grant, scope, credentials: { labels = {}, defaults = {} } = {} } = description
  const placeholders = placeholdersOf(description)
  const field = (name: string, label = name.replaceAll('_', ' ')): Field => ({
    name,
    label: Object.hasOwn(labels, name) ? `${labels[name]}` : label,
  })
  const mayLack = (one: Field): Field => (placeholders.has(one.name) ? one : { ...one, optional: true })
  const usual = (one: Field, value: string | undefined): Field => {
    if (value === undefined) return one
    return value === '' ? { ...one, optional: true } : { ...one, default: value }
  }
  return [
    ...ownMembers(description).map((name) =>
      usual(field(name), Object.hasOwn(defaults, name) ? defaults[name] : undefined),
    ),
    field('client_id'),
    ...(hasSecret(description) ? [{ ...field('client_secret'), secret: true }] : []),
    ...(hasKey(description)
      ? [
          { ...field('private_key', 'private key (PEM or JWK)'), secret: true, file: true },
          mayLack(field('key_id', 'key id, if the vendor gave the key one')),
          ...(Object.hasOwn(labels, THUMBPRINT) ? [mayLack(field(THUMBPRINT))] : []),
        ]
      : []),
    scope === undefined ? mayLack(field('scope')) : usual(field('scope'), scope),
    ...(grant === 'authorization_code'
      ? [
          {
            ...field('redirect_uri', 'registered redirect URL; leave empty for an address of this computer'),
            optional: true,
          },
        ]
      : []),
    ...(hasSecret(description) || hasKey(description) ? [endField(credentialOf(description))] : []),
  ]
}

/** What it is that a person replaces. */
export function credentialOf(description: VendorDescription): string {
  if (description.credentials?.file) return 'key file'
  const secrets = [hasKey(description) && 'private key', hasSecret(description) && 'client secret'].filter(Boolean)
  return secrets.join(' and ') || 'client id'
}
