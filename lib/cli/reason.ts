import * as z from 'zod/mini'

/** What node adds to an error of the network: on the error itself, its cause, or the first of several addresses tried. */
const thrown = z.object({
  name: z.optional(z.string()),
  // A DOMException has a number here.
  code: z.catch(z.optional(z.string().check(z.regex(/^[A-Z][A-Z0-9_]+$/))), undefined),
  address: z.optional(z.string()),
  port: z.optional(z.number()),
  hostname: z.optional(z.string()),
})
const within = z.object({ errors: z.optional(z.array(z.unknown())), cause: z.optional(z.unknown()) })

/**
 * Why nobody answered, as `ECONNREFUSED 127.0.0.1:8787`. fetch itself says no more than `fetch failed`. What has no code is
 * named by its kind, `TimeoutError`; its message is dropped, since nobody knows what is in it.
 */
export function reasonOf(error: unknown): string {
  const { name, code, address, port, hostname } = thrown.safeParse(error).data ?? {}
  if (code !== undefined && address !== undefined) return `${code} ${placeOf(address, port)}`
  if (code !== undefined && hostname !== undefined) return `${code} ${hostname}`
  const { errors: [first] = [], cause } = within.safeParse(error).data ?? {}
  const inner = first ?? cause
  return inner === undefined ? (code ?? name ?? 'unknown') : reasonOf(inner)
}

const placeOf = (address: string, port: number | undefined): string =>
  `${address.includes(':') ? `[${address}]` : address}${port === undefined ? '' : `:${port}`}`
