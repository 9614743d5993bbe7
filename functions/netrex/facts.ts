import type { VendorFacts } from '../kit/vendor.ts'

const HOUR_SECONDS = 60 * 60

export const facts = {
  id: 'netrex',
  title: 'NetRex',
  // Resellers run hosts of their own: a deployment adds those it uses.
  hosts: ['system2.netrex.cz', 'cloud.camstreamer.com'],
  // NetRex documents no lifetimes but the hour of its example: of a longer life we use a day.
  tokens: {
    storage: 'table',
    maxLifeSeconds: 24 * HOUR_SECONDS,
    defaultLifeSeconds: HOUR_SECONDS,
    singleUseRefreshToken: true,
  },
} as const satisfies VendorFacts
