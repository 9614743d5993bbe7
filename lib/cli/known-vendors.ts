import { facts as accelo } from '../../functions/accelo/facts.ts'
import { forms as acceloForms } from '../../functions/accelo/forms.ts'
import { steps as acceloSteps } from '../../functions/accelo/steps.ts'
import { facts as accessia } from '../../functions/accessia/facts.ts'
import { forms as accessiaForms } from '../../functions/accessia/forms.ts'
import { steps as accessiaSteps } from '../../functions/accessia/steps.ts'
import { facts as clearid } from '../../functions/clearid/facts.ts'
import { forms as clearidForms } from '../../functions/clearid/forms.ts'
import { steps as clearidSteps } from '../../functions/clearid/steps.ts'
import type { CatalogueEntry } from '../../functions/generic/catalogue/entry.ts'
import { catalogue } from '../../functions/generic/catalogue/index.ts'
import { formsOf } from '../../functions/generic/forms.ts'
import { stepsOf } from '../../functions/generic/steps.ts'
import { facts as iobeya } from '../../functions/iobeya/facts.ts'
import { forms as iobeyaForms } from '../../functions/iobeya/forms.ts'
import { steps as iobeyaSteps } from '../../functions/iobeya/steps.ts'
import type { CredentialForm } from '../../functions/kit/form.ts'
import type { Creation, VendorFacts, VendorSteps } from '../../functions/kit/vendor.ts'
import { facts as netrex } from '../../functions/netrex/facts.ts'
import { forms as netrexForms } from '../../functions/netrex/forms.ts'
import { steps as netrexSteps } from '../../functions/netrex/steps.ts'

/** A vendor that there is without a deployment: one with code of its own, or an entry of the catalogue. */
export interface KnownVendor {
  readonly id: string
  readonly title: string
  readonly hosts: readonly string[]
  readonly made_of: 'code' | 'description'
  /** 'client_credentials' */
  readonly grant: string
  /** How a token is obtained, a phrase each. */
  readonly obtained: readonly string[]
  readonly forms: readonly CredentialForm[]
  readonly creation: readonly Creation[]
  readonly documents: readonly string[]
  /** The day, or the month. */
  readonly read_on: string
  readonly quirk?: string
  /** Left out where nobody has written it down. */
  readonly not_covered?: readonly string[]
  readonly tried: CatalogueEntry['tried']
}

/** What the code of a vendor does, in words: that is not read from it. */
type InWords = Pick<KnownVendor, 'grant' | 'obtained' | 'documents' | 'quirk'>

interface Coded {
  readonly facts: VendorFacts
  readonly forms: readonly CredentialForm[]
  readonly steps: VendorSteps
}

const codedVendor = ({ facts: { id, title, hosts }, forms, steps }: Coded, words: InWords): KnownVendor => ({
  id,
  title,
  hosts,
  made_of: 'code',
  forms,
  creation: steps.creation ?? [],
  read_on: '2026-11',
  tried: 'never at the vendor',
  ...words,
})

const coded: readonly KnownVendor[] = [
  codedVendor(
    { facts: accelo, forms: acceloForms, steps: acceloSteps },
    {
      grant: 'client_credentials',
      obtained: ['client credentials (RFC 6749 section 4.4)', 'client id and secret in the header'],
      documents: ['https://api.accelo.com/docs/'],
      quirk: 'Each deployment is a host of its own, and scopes have commas between them.',
    },
  ),
  codedVendor(
    { facts: accessia, forms: accessiaForms, steps: accessiaSteps },
    {
      grant: 'exchange',
      obtained: ['a JWT that the secret of the integration signs is exchanged', 'a refresh token renews it'],
      documents: ['https://docs.accessia.com/integrations'],
      quirk: 'The answer says where the API is.',
    },
  ),
  codedVendor(
    { facts: clearid, forms: clearidForms, steps: clearidSteps },
    {
      grant: 'jwt_bearer',
      obtained: [
        'an assertion that the key of the file signs (RFC 7523 section 2.1)',
        'or client credentials, where it has no key',
      ],
      documents: [
        'https://developer.genetec.com/r/en-us/sample/clearid-developer-guide/authentication-for-the-clearid-api',
      ],
      quirk: 'Tokens are never written down.',
    },
  ),
  codedVendor(
    { facts: iobeya, forms: iobeyaForms, steps: iobeyaSteps },
    {
      grant: 'static token',
      obtained: ['a person makes the token, for a year', 'it is vended as it is'],
      documents: ['https://center.iobeya.com/integration-articles/personal-access-token-for-apis'],
      quirk: 'Nothing renews it: people are reminded of its end.',
    },
  ),
  codedVendor(
    { facts: netrex, forms: netrexForms, steps: netrexSteps },
    {
      grant: 'authorization_code',
      obtained: ['a person consents once, then refresh tokens (RFC 6749 sections 4.1 and 6)', 'or a token of a user'],
      documents: ['https://survilla.atlassian.net/wiki/spaces/KCA/pages/206831815/OAuth2+authorization'],
      quirk: 'Its secrets go out in the query, because nothing else is documented.',
    },
  ),
]

const GRANTS = {
  client_credentials: 'client credentials (RFC 6749 section 4.4)',
  authorization_code: 'a person consents once, then refresh tokens (RFC 6749 sections 4.1 and 6)',
  jwt_bearer: 'an assertion that the key of the connection signs (RFC 7523 section 2.1)',
} as const satisfies Record<CatalogueEntry['grant'], string>

const AUTHENTICATIONS = {
  client_secret_basic: 'client id and secret in the header',
  client_secret_post: 'client id and secret among the parameters',
  private_key_jwt: 'the client signs an assertion in place of a secret (RFC 7523 section 2.2)',
  none: 'no client secret',
} as const satisfies Record<CatalogueEntry['clientAuthentication'], string>

const described = (entry: CatalogueEntry): KnownVendor => ({
  id: entry.id,
  title: entry.title,
  hosts: entry.hosts,
  made_of: 'description',
  grant: entry.grant,
  obtained: [GRANTS[entry.grant], AUTHENTICATIONS[entry.clientAuthentication], ...endsOf(entry)],
  forms: formsOf(entry),
  creation: stepsOf(entry).creation ?? [],
  documents: [entry.documents, ...(entry.alsoRead ?? [])],
  read_on: entry.readOn,
  ...(entry.quirk !== undefined && { quirk: entry.quirk }),
  not_covered: entry.notCovered,
  tried: entry.tried,
})

const endsOf = ({ grantDays: { idle, most } = {} }: CatalogueEntry): readonly string[] => [
  ...(idle === undefined ? [] : [`a person connects again after ${idle} days without use`]),
  ...(most === undefined ? [] : [`a person connects again after ${most} days in all`]),
]

export const knownVendors: readonly KnownVendor[] = [...coded, ...catalogue.map(described)].toSorted((one, other) =>
  one.id < other.id ? -1 : 1,
)
