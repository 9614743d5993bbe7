import type { Rotation } from '../kit/vendor.ts'

/** For both kinds of credentials, which are made in the same place ("OAuth2 authorization", 2026-11). */
export const ROTATION: Rotation = {
  credential: 'client secret or user token',
  before: [
    'Log in to NetRex with an account that has full access, and open the user icon, </> API.',
    'For a user token, make a new one with the same rights and copy it.',
    'For an OAuth2 application, copy a new client secret; if it offers none, make another application and run vendomat connect.',
  ],
  after: ['Delete the old one in NetRex, if it is still there.'],
}
