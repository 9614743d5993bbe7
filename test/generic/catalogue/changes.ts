import type { CatalogueEntry } from '../../../functions/generic/catalogue/entry.ts'

interface Change {
  readonly what: string
  readonly changed: CatalogueEntry
}

const OTHER = {
  clientAuthentication: {
    client_secret_basic: 'client_secret_post',
    client_secret_post: 'client_secret_basic',
    private_key_jwt: 'client_secret_post',
    none: 'client_secret_post',
  },
  send: { form: 'json', json: 'form' },
  pkce: { S256: 'none', none: 'S256' },
} as const

/** The entry with one member otherwise, or left out: each is something that the vendor's documents would contradict. */
export function changesOf(entry: CatalogueEntry): readonly Change[] {
  const { clientAuthentication, send = 'form', pkce = 'S256', grant } = entry
  const endpoints = (['tokenEndpoint', 'authorizationEndpoint', 'revocationEndpoint', 'apiBaseUrl'] as const).flatMap(
    (name) =>
      entry[name] === undefined
        ? []
        : [{ what: `another ${name}`, changed: { ...entry, [name]: `${entry[name]}/other` } }],
  )
  const absent = (
    [
      'parameters',
      'authorizationParameters',
      'resource',
      'scope',
      'scopeSeparator',
      'assertion',
      'answer',
      'defaultLifeSeconds',
    ] as const
  ).flatMap((name) => {
    const { [name]: left, ...changed } = entry
    return left === undefined ? [] : [{ what: `no ${name}`, changed }]
  })
  return [
    ...endpoints,
    ...absent,
    {
      what: 'another client authentication',
      changed: { ...entry, clientAuthentication: OTHER.clientAuthentication[clientAuthentication] },
    },
    { what: 'another content type', changed: { ...entry, send: OTHER.send[send] } },
    ...(grant === 'authorization_code'
      ? [{ what: 'PKCE otherwise', changed: { ...entry, pkce: OTHER.pkce[pkce] } }]
      : []),
  ]
}
