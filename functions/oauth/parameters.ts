import { Secret } from '../kit/secret.ts'

/** What a request says, by name. Undefined is left out; a secret is shown to the vendor only. */
export type Parameters = Readonly<Record<string, string | Secret | undefined>>

export const formOf = (parameters: Parameters): URLSearchParams => new URLSearchParams(entriesOf(parameters))

export const jsonOf = (parameters: Parameters): string => JSON.stringify(Object.fromEntries(entriesOf(parameters)))

/**
 * The URL with a query. `encodeURIComponent`, because URLSearchParams makes `+` of a space, which outside of a form is
 * a plus sign to those who read RFC 3986 to the letter.
 */
export function withQuery(url: URL, parameters: Parameters): URL {
  const query = entriesOf(parameters).map((pair) => pair.map(encodeURIComponent).join('='))
  return new URL(`${url.origin}${url.pathname}?${query.join('&')}`)
}

const entriesOf = (parameters: Parameters): [string, string][] =>
  Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)]]))

const textOf = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value)
