import type { VendorFacts } from '../kit/vendor.ts'

const DAY_SECONDS = 24 * 60 * 60

export const facts = {
  id: 'iobeya',
  title: 'iObeya',
  hosts: ['iobeya.com'],
  // A machine user's token lives 365 days at most. A personal access token may live longer: this does not cut down the
  // end that a static token states.
  tokens: { storage: 'table', maxLifeSeconds: 366 * DAY_SECONDS },
} as const satisfies VendorFacts
