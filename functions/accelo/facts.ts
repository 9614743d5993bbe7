import type { VendorFacts } from '../kit/vendor.ts'

const DAY_SECONDS = 24 * 60 * 60

export const facts = {
  id: 'accelo',
  title: 'Accelo',
  hosts: ['api.accelo.com'],
  tokens: { storage: 'table', maxLifeSeconds: 30 * DAY_SECONDS },
} as const satisfies VendorFacts
