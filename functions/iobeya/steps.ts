import type { VendorSteps } from '../kit/vendor.ts'

// iObeya, "Machine to machine requests to the APIs" and "Personal Access Token for APIs", 2026-11. A machine user has the
// permission and the password for these steps only.
export const steps = {
  creation: [
    {
      title: 'personal access token, the easier way (iObeya 4.25 or newer)',
      before: [
        'Log in to iObeya as the user whose rights the token is to have, best a user of its own for the integration; no administrator is needed.',
        'Click the user icon (avatar) in the top bar, choose "Personal access token", and confirm.',
        'Copy the token, and keep it secret.',
      ],
      after: [],
    },
    {
      title: 'token of a machine user',
      before: [
        'As a platform administrator, create a user for the integration, like "MyERP Integration", with your own mail address for now; the token will have exactly the rights of this user.',
        'Where people can log in by SAMLv2 only, there is no local login: create and manage the user in the Active Directory instead.',
        'For a while, give the user the permission "Administrate the platform", and a password so that it can log in locally; a password generator makes a strong one.',
        'Log out of the iObeya administration, and log in to it as this user.',
        'Create an API application: as "Grant type", check "Implicit authorization", and uncheck "Authorization code" and "Refresh token".',
        'Keep the callback URL that iObeya generated; if there is none, make sure that only "Implicit" is checked.',
        'Set the access token validity to 365 days, the longest there is: the token cannot be refreshed.',
        'Save the API application.',
        'Click "Generate the token" and copy the token, which is shown only once; keep it secret.',
      ],
      after: [
        'Log in as a human platform administrator, and uncheck "Administrate the platform" for the machine user.',
        'Give the machine user the permissions it needs in the rooms of the integration, or ask the room administrators to add it to their teams.',
        "Change its mail address: to one that does not exist, an administrator's, or that of a group of administrators.",
        'Optionally, reset its password, so that no local login is possible any more.',
      ],
    },
  ],
  rotation: {
    credential: 'token',
    before: [
      'For a personal access token: log in to iObeya as its user, click the user icon, choose "Personal access token", make a new one and copy it; the other steps are for a machine user.',
      'As a platform administrator, give the machine user the permission "Administrate the platform" for a while, and a password so that it can log in locally; one that comes from the directory (SAMLv2 only) has its password there.',
      'Log out of the iObeya administration, and log in to it as the machine user.',
      'Open its API application: only "Implicit authorization" is checked, "Authorization code" and "Refresh token" are not, and the validity is 365 days; save it.',
      'Click "Generate the token" and copy the token, which is shown only once; the old one may stop working at once.',
    ],
    after: [
      'For a machine user: log in as a human platform administrator, and uncheck "Administrate the platform" for it again.',
      'Optionally, reset its password, so that no local login is possible any more.',
    ],
  },
} as const satisfies VendorSteps
