import { parse } from 'tldts'
import { vendorUrl } from '../functions/oauth/vendor-url.ts'
import { fault, that } from './faults.ts'

/** A domain that a secret may be sent to. Below a public suffix everybody can have a name. */
export const host = that(
  isCallable,
  'is no host that can be called: write its name alone, like boards.example.com',
).refine((name) => !isPublicSuffix(name), {
  error: fault('is a public suffix, below which everybody can have a name: write your own domain'),
})

function isCallable(name: unknown): boolean {
  if (typeof name !== 'string') return false
  if (isPublicSuffix(name)) return true
  try {
    return vendorUrl(`https://${name}`, [name]).hostname === name
  } catch {
    return false
  }
}

/** Mozilla's list has it too, but below it Shopify answers for all names itself. */
const ANSWERED_BY_ONE = ['myshopify.com']

/** By Mozilla's list, which has those of registries and those of companies that let anybody have a name below theirs. */
function isPublicSuffix(name: unknown): boolean {
  if (ANSWERED_BY_ONE.includes(String(name))) return false
  const { isIcann, isPrivate, publicSuffix } = parse(String(name), { allowPrivateDomains: true })
  return (isIcann || isPrivate) === true && publicSuffix === String(name).toLowerCase()
}
