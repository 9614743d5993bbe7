import type { VendorFacts } from '../kit/vendor.ts'

const DAY_SECONDS = 24 * 60 * 60

export const facts = {
  id: 'accelo',
  title: 'Accelo',
  hosts: ['api.accelo.com'],
  tokens: { storage: 'table', maxLifeSeconds: 30 * DAY_SECONDS },
  rotation: {
    credential: 'client secret',
    before: [
      'In Accelo, open Configuration, API, and the Service application.',
      'Make a new client secret; if it offers none, register another application of the type Service.',
      'Copy the client secret, and the client id if it is another one.',
    ],
    after: ['Make sure that nobody uses the old client secret any more.'],
  },
} as const satisfies VendorFacts
