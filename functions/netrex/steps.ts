import type { VendorSteps } from '../kit/vendor.ts'

const API_MENU =
  'Log in to NetRex (or Survilla, or CamStreamer) with an account that has full access, click the user icon in the upper right corner, then "</> API".'

const CONSENT =
  'When the browser opens, log in with the account whose data callers are to see: they see what it may see, and everything only with an account that has full access.'

// "OAuth2 authorization" and the pages beside it, 2026-11. Both kinds of credentials are made in the same place.
export const steps = {
  creation: [
    {
      title: 'OAuth2 application',
      before: [
        API_MENU,
        'Click "OAuth2 Application" and create one for this integration alone: any name, any description, and in the list of redirect URLs exactly the address that this command prints first.',
        'Copy the client_id and the client_secret.',
        CONSENT,
      ],
      after: [],
    },
    {
      title: 'user token, the simplest way, which NetRex recommends for most uses',
      before: [API_MENU, 'Create an API token, choose its access rights, and copy it.'],
      after: [],
    },
  ],
  consent: [CONSENT],
  rotation: {
    credential: 'client secret or user token',
    before: [
      API_MENU,
      'For a user token, make a new one with the same rights and copy it.',
      'For an OAuth2 application, copy a new client_secret; if it offers none, make another application with the same redirect URLs, and run vendomat connect.',
    ],
    after: ['Delete the old one in NetRex, if it is still there.'],
  },
} as const satisfies VendorSteps
