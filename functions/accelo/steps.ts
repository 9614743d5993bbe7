import type { VendorSteps } from '../kit/vendor.ts'

// Accelo, "Service Applications" (its API wiki) and API documentation, Introduction, 2026-11.
export const steps = {
  creation: [
    {
      title: 'Service application',
      before: [
        'Log in to Accelo as the person who is to own the application: it acts for its owner with full permissions, so its client secret is worth as much as that account.',
        'Open Configuration, API, and register an application of the type Service.',
        'Copy the client id and the client secret.',
        'The deployment is the name in front of .accelo.com in the address of your Accelo.',
      ],
      after: [],
    },
  ],
  rotation: {
    credential: 'client secret',
    before: [
      'In Accelo, open Configuration, API, and the Service application.',
      'Make a new client secret; if it offers none, register another application of the type Service.',
      'Copy the client secret, and the client id if it is another one.',
    ],
    after: ['Make sure that nobody uses the old client secret any more.'],
  },
} as const satisfies VendorSteps
