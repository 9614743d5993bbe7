import type { Rotation } from '../core/vendor.ts'

/** Of either kind of credentials: both are made at the same place (vendors.md 4.1). */
export const ROTATION: Rotation = {
  credential: 'client secret or user token',
  before: [
    'Log in to NetRex with an account that has full access, and open the user icon, </> API.',
    'Make a new user token with the same rights, or a new client secret of the OAuth2 application, and copy it.',
  ],
  after: ['Delete the old one in NetRex, if it is still there.'],
}
