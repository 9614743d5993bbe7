import { createHash, timingSafeEqual } from 'node:crypto'
import { Secret } from '../../functions/kit/secret.ts'

/** What a person's browser brings back from the vendor (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207). */
export interface ConsentAnswer {
  readonly state: string
  readonly grant: Grant
}
export type Grant =
  /** `iss` is compared by the machine, which knows who it has to be. */
  { readonly code: Secret; readonly iss?: string } | { readonly error: string }

/** RFC 6749 appendix A: what a code and an error may consist of. The lengths are ours. */
const CODE = /^[\x20-\x7e]{1,4096}$/
const ERROR = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,200}$/

/** Returns undefined unless there is one state with one code or one error. With both, the error counts. */
export function readConsentAnswer(parameters: URLSearchParams): ConsentAnswer | undefined {
  const names = ['state', 'code', 'error', 'iss']
  if (names.some((name) => parameters.getAll(name).length > 1)) return undefined
  const [state, code, error, iss] = names.map((name) => parameters.get(name) ?? undefined)
  if (!state) return undefined
  if (error !== undefined) return ERROR.test(error) ? { state, grant: { error } } : undefined
  if (code === undefined || !CODE.test(code)) return undefined
  return { state, grant: { code: new Secret(code), ...(iss !== undefined && { iss }) } }
}

/** Reads an address that a person has pasted: the whole, or what follows its question mark. */
export function readPasted(text: string): ConsentAnswer | undefined {
  const pasted = text.trim().replace(/^["'<]+|["'>]+$/g, '')
  const query = pasted.replace(/^[^?]*\?/, '').replace(/#.*$/, '')
  return readConsentAnswer(new URLSearchParams(query))
}

/** Takes the same time however much of the two is equal. */
export const isState = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
