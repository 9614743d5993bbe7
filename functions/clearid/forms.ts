import type { CredentialForm } from '../kit/form.ts'

export const forms: readonly CredentialForm[] = [
  {
    title: 'API integration',
    file: 'path of the authentication key file that ClearID let you download',
    choice: {
      open: 'the file holds a key and a client secret',
      member: 'authenticate_with',
      options: [
        { value: 'key', means: 'the key: it signs, and nothing secret is sent' },
        { value: 'clientSecret', means: 'the client secret: it is sent with each request for a token' },
      ],
    },
  },
]
