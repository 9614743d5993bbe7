import { createHash, timingSafeEqual } from 'node:crypto'
import { Secret } from '../../functions/kit/secret.ts'

/** What a person's browser brings back from the vendor (RFC 6749 sections 4.1.2 and 4.1.2.1). */
export interface ConsentAnswer {
  readonly state: string
  readonly grant: Grant
}
export type Grant = { readonly code: Secret } | { readonly error: string }

/** RFC 6749 appendix A: what a code and an error may consist of. The lengths are ours. */
const CODE = /^[\x20-\x7e]{1,4096}$/
const ERROR = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,200}$/

/** Returns undefined unless there is one state with one code or one error. With both, the error counts. */
export function readConsentAnswer(parameters: URLSearchParams): ConsentAnswer | undefined {
  const [[state, ...states], [code, ...codes], [error, ...errors]] = ['state', 'code', 'error'].map((name) =>
    parameters.getAll(name),
  ) as [string[], string[], string[]] // a map over three gives three
  if (!state || states.length > 0 || codes.length > 0 || errors.length > 0) return undefined
  if (error !== undefined) return ERROR.test(error) ? { state, grant: { error } } : undefined
  return code !== undefined && CODE.test(code) ? { state, grant: { code: new Secret(code) } } : undefined
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
