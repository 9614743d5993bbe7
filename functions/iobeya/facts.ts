import type { Rotation, VendorFacts } from '../kit/vendor.ts'

const DAY_SECONDS = 24 * 60 * 60

// iObeya, "Machine to machine requests to the APIs", 2026-11. The token has the rights of the machine user, who needs
// the permission for these steps only.
const ROTATION: Rotation = {
  credential: 'token',
  before: [
    'As a platform administrator, give the machine user the permission "Administrate the platform" for a while.',
    'Log in to iObeya as the machine user.',
    'Open its API application: grant type Implicit only, validity 365 days.',
    'Generate the token and copy it: it is shown once.',
  ],
  after: ['Take the permission "Administrate the platform" away from the machine user again.'],
}

export const facts = {
  id: 'iobeya',
  title: 'iObeya',
  hosts: ['iobeya.com'],
  // A machine user's token lives 365 days at most. A personal access token may live longer: this does not cut down the
  // end that a static token states.
  tokens: { storage: 'table', maxLifeSeconds: 366 * DAY_SECONDS },
  rotation: ROTATION,
} as const satisfies VendorFacts
