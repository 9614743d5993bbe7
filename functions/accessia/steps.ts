import type { VendorSteps } from '../kit/vendor.ts'

// docs.accessia.com/integrations, 2026-11.
export const steps = {
  creation: [
    {
      title: 'API integration',
      before: [
        'In the Accessia portal, go to the Integrations tab.',
        'Under "Available integrations", find the API Integration, click "Add", and name the integration.',
        'Copy the Integration ID, the Authentication URL and the Secret, which is shown only once.',
        'Then click "Save": without it the integration does not work.',
        'It has the permissions of a global Event Viewer, who reads; if you need more, talk to your Accessia representative.',
      ],
      after: [],
    },
  ],
  rotation: {
    credential: 'integration secret',
    before: [
      'In the Accessia portal, go to the Integrations tab and open the API integration.',
      'Generate a new Secret: the old one stops working at once.',
      'Copy the Secret, which is shown only once, and then click "Save".',
    ],
    after: [],
  },
} as const satisfies VendorSteps
