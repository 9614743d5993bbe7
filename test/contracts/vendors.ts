import { VendingError } from '../../functions/kit/errors.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { TablePolicy } from '../../functions/kit/token.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'

export const now = new Date('2026-11-21T12:00:00Z')
export const later = (seconds: number): Date => secondsAfter(now, seconds)

export const policy: TablePolicy = { storage: 'table', maxLifeSeconds: 3600 }

const vendor = (id: string, tokens: Vendor['tokens']): Vendor => ({
  id,
  title: id,
  hosts: [`${id}.example`],
  tokens,
  rotation: { credential: 'password', before: ['Make a new password.'], after: [] },
  validate: () => {},
  hasSameSecrets: () => undefined,
  issue: () => Promise.reject(new VendingError('internal', 'no contract of a store calls a vendor')),
})

/** Two vendors, whose rows must never meet, and one whose tokens are not to be stored. */
export const acme = vendor('acme', policy)
export const apex = vendor('apex', policy)
export const mnemo = vendor('mnemo', { storage: 'memory', maxLifeSeconds: 3600 })

export const hq = { vendor: acme, name: 'hq' }
