import type { VendorSteps } from '../kit/vendor.ts'
import { hasKey, hasSecret } from './credentials.ts'
import type { VendorDescription } from './description.ts'
import { credentialOf } from './forms.ts'

const GRANTS = {
  client_credentials: 'client credentials',
  authorization_code: 'authorization code',
  jwt_bearer: 'JWT bearer',
} as const satisfies Record<VendorDescription['grant'], string>

/** What a person does at the vendor: as the description says it, else as the grant wants it everywhere. */
export function stepsOf(description: VendorDescription): VendorSteps {
  const { title, grant, credentials: { steps } = {} } = description
  return {
    creation: [{ title: 'application', before: steps ?? creationOf(description), after: afterOf(description) }],
    ...(grant === 'authorization_code' && {
      consent: [
        `When the browser opens, log in to ${title} with the account whose data callers are to see: they may do what it may, as far as the scope goes.`,
      ],
    }),
    rotation: rotationOf(description),
  }
}

function creationOf(description: VendorDescription): readonly string[] {
  const { title, grant } = description
  return [
    `Log in to ${title} as somebody who may register applications${whereIn(description)}.`,
    `Register an application for this integration alone, with the grant "${GRANTS[grant]}" and no more rights than callers need.`,
    ...(grant === 'authorization_code'
      ? ['Among its redirect URLs enter exactly the address that this command prints first.']
      : []),
    ...(hasKey(description)
      ? ['Make a key pair, register its public half, and have the file with the private key at hand (PEM or JWK).']
      : []),
    hasSecret(description) ? 'Copy the client id and the client secret.' : 'Copy the client id.',
  ]
}

function rotationOf(description: VendorDescription): VendorSteps['rotation'] {
  const { title } = description
  const credential = credentialOf(description)
  if (!hasSecret(description) && !hasKey(description)) {
    const before = ['This client has no secret: to use another client, run vendomat connect.']
    return { credential, before, after: [] }
  }
  return {
    credential,
    before: [
      `Log in to ${title} as somebody who may change the application${whereIn(description)}.`,
      `Make a new ${credential}, and leave the old one as it is.`,
    ],
    after: [
      `Make sure that nobody uses the old ${credential} any more, and delete it at ${title}.`,
      ...afterOf(description),
    ],
  }
}

const afterOf = (description: VendorDescription): readonly string[] =>
  hasKey(description) ? ['Delete the file with the private key.'] : []

const whereIn = ({ documents }: VendorDescription): string => (documents === undefined ? '' : ` (where: ${documents})`)
