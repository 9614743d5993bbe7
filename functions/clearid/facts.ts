import type { VendorFacts } from '../kit/vendor.ts'

const HOUR_SECONDS = 60 * 60

export const facts = {
  id: 'clearid',
  title: 'Genetec ClearID',
  hosts: ['clearid.io'],
  // ClearID developer guide, 2026-11: a token lives an hour at most and is kept in memory only ("Using access tokens
  // with API calls"); a new one is requested after half of its life ("Authenticate with client secret").
  tokens: { storage: 'memory', maxLifeSeconds: HOUR_SECONDS, defaultLifeSeconds: HOUR_SECONDS, refreshAfter: 0.5 },
} as const satisfies VendorFacts
