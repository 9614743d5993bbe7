import type { VendorDescription } from './description.ts'

interface Given {
  readonly id: string
  readonly description: VendorDescription
}

/** The id and the description that a function was given. Throws for anything else. */
export function givenVendor(given: unknown): Given {
  if (!isDescribed(given)) throw new Error('what this function was given describes no vendor: deploy the stack again')
  const { id, ...description } = given
  return { id, description }
}

/** The stack has checked it when it was made (lib/description-schema.ts): this is whether it is one at all. */
function isDescribed(given: unknown): given is VendorDescription & { readonly id: string } {
  if (typeof given !== 'object' || given === null) return false
  const { id, title, hosts, grant }: { id?: unknown; title?: unknown; hosts?: unknown; grant?: unknown } = given
  return [id, title, grant].every((text) => typeof text === 'string' && text !== '') && Array.isArray(hosts)
}
