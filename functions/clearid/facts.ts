import type { VendorFacts } from '../kit/vendor.ts'

const HOUR_SECONDS = 60 * 60

export const facts = {
  id: 'clearid',
  title: 'Genetec ClearID',
  hosts: ['clearid.io'],
  // ClearID developer guide, 2026-11: a token lives an hour at most and is kept in memory only ("Using access tokens
  // with API calls"); a new one is requested after half of its life ("Authenticate with client secret").
  tokens: { storage: 'memory', maxLifeSeconds: HOUR_SECONDS, defaultLifeSeconds: HOUR_SECONDS, refreshAfter: 0.5 },
  rotation: {
    credential: 'key file',
    before: [
      'In the ClearID portal, open Administration, API integrations, and the integration.',
      'Generate a key and confirm. The old one stops working at once, for every application that has it.',
      'Download the authentication key.',
    ],
    after: ['Delete the downloaded file.'],
  },
} as const satisfies VendorFacts
