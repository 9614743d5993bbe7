import { VendingError } from '../kit/errors.ts'
import { vendorUrl } from '../oauth/vendor-url.ts'
import type { VendorDescription } from './description.ts'

/** `{tenant}`: a member of the connection's credentials. */
export const PLACEHOLDER = /\{([a-z][a-z0-9_]{0,62})\}/g
const SECRETS = ['client_secret', 'private_key']

/** One label of a host, or one segment of a path: no dot, no slash, nothing that a parser decodes. */
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/
/** One line of visible ASCII: an e-mail address, a list of scopes. */
export const LINE = /^[!-~]([ -~]{0,2046}[!-~])?$/

/** Where a value goes decides what it may be. */
export type Kind = 'label' | 'line'

export const isLabel = (value: string): boolean => LABEL.test(value)

/** The names of the placeholders of a text. */
export const placeholdersIn = (text: string): readonly string[] =>
  [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name)

/** What connections have to say, by the name of the member of their credentials. Throws for a secret, which goes nowhere by name. */
export function placeholdersOf(description: VendorDescription): ReadonlyMap<string, Kind> {
  const [labels, lines] = [urlsOf(description), linesOf(description)].map(
    (texts) => new Set(texts.flatMap(placeholdersIn)),
  )
  const names = [...new Set([...(labels ?? []), ...(lines ?? [])])]
  const secret = names.find((name) => SECRETS.includes(name))
  if (secret) throw new Error(`${description.title}: {${secret}} is a secret, and no placeholder`)
  return new Map(names.map((name) => [name, labels?.has(name) ? 'label' : 'line']))
}

const urlsOf = ({
  tokenEndpoint,
  issuer,
  authorizationEndpoint,
  revocationEndpoint,
  liveness,
  apiBaseUrl,
}: VendorDescription): readonly string[] =>
  [tokenEndpoint, issuer, authorizationEndpoint, revocationEndpoint, liveness, apiBaseUrl].filter(isText)

const linesOf = ({ parameters, authorizationParameters, resource, scope, assertion }: VendorDescription) =>
  [
    ...Object.values({ ...parameters }),
    ...Object.values({ ...authorizationParameters }),
    ...Object.values({ ...assertion?.claims }),
    ...[resource, scope, assertion?.audience, assertion?.subject],
  ].filter(isText)

const isText = (text: string | undefined): text is string => text !== undefined

/** By the name of the placeholder. */
export type Values = Readonly<Record<string, string>>

/** The text with what the connection says. Throws `configuration` where it does not say it. */
export const filledIn = (text: string, values: Values): string =>
  text.replace(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value !== undefined) return value
    throw new VendingError('configuration', `the credentials lack ${name}`)
  })

/** All of them filled in, but for those that come out empty: nobody has to say what is empty where most leave it so. */
export const allFilledIn = (texts: Readonly<Record<string, string | undefined>> = {}, values: Values): Values =>
  Object.fromEntries(
    Object.entries(texts)
      .map(([name, text = '']) => [name, filledIn(text, values)])
      .filter(([, text]) => text !== ''),
  )

/**
 * The URL with what the connection says, as text whose host is in lower case. Throws `configuration` for a value that may not
 * be a part of an address, and where the host is not allowed.
 */
export function filledInUrl(text: string, values: Values, hosts: readonly string[]): string {
  const labels = Object.fromEntries(Object.entries(values).filter(([, value]) => isLabel(value)))
  const url = filledIn(text, labels).replace(/^https:\/\/[^/]*/i, (origin) => origin.toLowerCase())
  vendorUrl(url, hosts)
  return url
}
