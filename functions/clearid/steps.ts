import type { VendorSteps } from '../kit/vendor.ts'

// ClearID developer guide, "Authentication for the ClearID API", 2026-11.
export const steps = {
  creation: [
    {
      title: 'API integration',
      before: [
        'In the ClearID portal, open Administration, API integrations, and click "Add API integration".',
        'Enter a name and a description, and save.',
        'Select the integration, click "Generate key", and confirm.',
        'Click "Download authentication key": the file can be had at this moment only.',
      ],
      after: ['Delete the downloaded file.'],
    },
  ],
  rotation: {
    credential: 'key file',
    before: [
      'In the ClearID portal, open Administration, API integrations, and select the integration.',
      'Click "Generate key", and confirm: the old key stops working at once, for every application that has it.',
      'Click "Download authentication key": the file can be had at this moment only.',
    ],
    after: ['Delete the downloaded file.'],
  },
} as const satisfies VendorSteps
