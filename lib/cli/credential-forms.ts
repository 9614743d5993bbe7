import { CommandFailed, EXIT } from './command.ts'
import { claimsOf } from './pasted-jwt.ts'
import type { Described } from './vendor-named.ts'

export type CredentialForm = Described['forms'][number]
export type Field = NonNullable<CredentialForm['fields']>[number]
type Document = Readonly<Record<string, unknown>>

export const secretsOf = ({ fields = [] }: CredentialForm): readonly Field[] => fields.filter(({ secret }) => secret)

/** The kind of credentials that a document is: the one whose secrets it has. Undefined where the vendor names no kinds. */
export function formOf({ forms }: Described, document: Document): CredentialForm | undefined {
  const has = (form: CredentialForm) => form.file !== undefined || secretsOf(form).every(({ name }) => name in document)
  // A token is used as it is, whatever stands beside it.
  const [first] = forms
  return forms.find((form) => form.is_token && has(form)) ?? forms.find(has) ?? first
}

/** Whether a person has to say yes at the vendor before there is a token. */
export const needsConsent = ({ needs_consent }: Described, form: CredentialForm | undefined): boolean =>
  needs_consent && !form?.is_token

/** Members that a person has to give. The vendor's own schema, which only the machine has, checks the rest. */
export const missingIn = ({ fields = [] }: CredentialForm, document: Document): readonly string[] =>
  fields
    .filter((field) => !field.optional && field.default === undefined && !isGiven(document[field.name]))
    .map(({ name }) => name)

/** Throws CommandFailed before anything is stored. */
export function checkWhole({ title }: Described, form: CredentialForm | undefined, document: Document): void {
  const missing = form ? missingIn(form, document) : []
  if (missing.length === 0) return
  const what = missing.map((name) => `${name} is missing${nearly(name, document)}`).join('; ')
  throw new CommandFailed(EXIT.failed, `the ${title} credentials do not fit: ${what}\nnothing was stored`)
}

/** `clientId` and `client-id` for client_id. */
function nearly(name: string, document: Document): string {
  const letters = (text: string) => text.replaceAll(/[-_ ]/g, '').toLowerCase()
  const theirs = Object.keys(document).find((one) => one !== name && letters(one) === letters(name))
  return theirs === undefined ? '' : `: rename ${theirs} to it`
}

export const isGiven = (value: unknown): boolean =>
  typeof value === 'string' ? value.trim() !== '' : value !== undefined && value !== null

/** Whether the credentials are a token that says itself when it ends. */
export const statesItsEnd = (form: CredentialForm | undefined, document: Document): boolean =>
  form?.is_token === true && secretsOf(form).some(({ name }) => typeof claimsOf(document[name])?.exp === 'number')
