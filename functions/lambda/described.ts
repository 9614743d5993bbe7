import { ENV } from '../environment.ts'

/** What the stack says of the vendor that this function serves, which has no code of its own. Throws when it says nothing. */
export function givenDescription(environment: Readonly<Record<string, string | undefined>> = process.env): unknown {
  const text = environment[ENV.description]
  if (!text) throw new Error(`the environment lacks ${ENV.description}, which says what vendor this function serves`)
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${ENV.description} is not JSON`)
  }
}
