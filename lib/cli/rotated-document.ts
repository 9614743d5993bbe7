import { withChoice } from './choice.ts'
import { CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { answerTo, parseDocument, pathGiven, readText, type Source } from './credential-document.ts'
import { type CredentialForm, formOf, secretsOf } from './credential-forms.ts'
import { endDateGiven, withEnd } from './end-date.ts'
import { claimsOf } from './pasted-jwt.ts'
import type { Described } from './vendor-named.ts'

type Document = Readonly<Record<string, unknown>>

interface Rotation {
  readonly vendor: Described
  /** The document that is stored. */
  readonly present: Readonly<Record<string, unknown>>
  readonly source: Source
  /** `YYYY-MM-DD`, or `never`. */
  readonly expires: string | undefined
}

/**
 * Returns the document that replaces the present one: what is secret in it is new, and its end; the rest stays. A file
 * that the vendor's portal has made replaces the whole, but for what it does not have and what a person has said of the one
 * before. Throws UsageError.
 */
export async function rotatedDocument(rotation: Rotation, shell: Shell): Promise<Document> {
  const { vendor, present, source } = rotation
  const form = formOf(vendor, present)
  if (!form) throw new UsageError(`what ${vendor.id} needs is not known here`)
  const given = await (source.file !== undefined || source.stdin
    ? fromText(await textOf(source, shell), form, source)
    : fromPerson(form, shell))
  checkShape(form, given)
  const isFile = form.file !== undefined
  const whole = isFile ? await withChoice(form, { given, present }, shell) : given
  const beside = form.fields?.map(({ name }) => name) ?? []
  const { expires_on: _, ...kept } = isFile ? only(beside, present) : present
  const end = rotation.expires ?? ('expires_on' in given ? undefined : await askForEnd(form, present, shell))
  return withEnd({ ...kept, ...whole }, end, shell.now())
}

const only = (names: readonly string[], document: Document): Document =>
  Object.fromEntries(Object.entries(document).filter(([name]) => names.includes(name)))

const textOf = ({ file }: Source, shell: Shell): Promise<string> =>
  file === undefined ? shell.stdin() : readText(file)

/** A JSON document, or the bare secret where there is but one. */
function fromText(text: string, form: CredentialForm, { file }: Source): Record<string, unknown> {
  const bare = text.trim()
  const [secret, ...more] = secretsOf(form)
  const isOnly = secret !== undefined && more.length === 0
  if (isOnly && !bare.startsWith('{')) {
    if (bare === '') throw new UsageError(`${file ?? 'standard input'} is empty`)
    return { [secret.name]: bare }
  }
  const document = parseDocument(file ?? 'standard input', text)
  // A key as a JWK (RFC 7517) is a JSON document itself.
  return isOnly && secret.file && 'kty' in document ? { [secret.name]: bare } : { ...document }
}

async function fromPerson(form: CredentialForm, shell: Shell): Promise<Record<string, unknown>> {
  const { person } = shell
  if (!person) throw new UsageError('there is no terminal to ask at: use --from-file or --from-stdin')
  if (form.file !== undefined) {
    const source = { file: await pathGiven(form.file, person, shell), stdin: false }
    return fromText(await textOf(source, shell), form, source)
  }
  const answers = []
  for (const field of secretsOf(form)) {
    const text = (await answerTo(field, `new ${field.label}`, person, shell)).trim()
    if (text === '') throw new UsageError(`the new ${field.label} is empty`)
    answers.push([field.name, text])
  }
  return Object.fromEntries(answers)
}

/** Throws CommandFailed when a token is not a JWT, where the vendor makes it as one. */
function checkShape(form: CredentialForm, given: Readonly<Record<string, unknown>>): void {
  for (const { name, label, jwt } of secretsOf(form)) {
    const value = given[name]
    if (jwt && name in given && !claimsOf(value))
      throw new CommandFailed(EXIT.failed, `the new ${label} is not a JWT: copy the whole of it\nnothing was stored`)
  }
}

/** The end in the present document is not that of the new secret. A JWT states its own. */
async function askForEnd(form: CredentialForm, present: Rotation['present'], { person, now }: Shell) {
  if (present.expires_on === undefined || secretsOf(form).some(({ jwt }) => jwt)) return undefined
  if (!person) {
    const old = `the present one ends on ${String(present.expires_on)}`
    throw new UsageError(`${old}: say when the new one does, with --expires YYYY-MM-DD or --expires never`)
  }
  return endDateGiven((await person.ask('its last day as YYYY-MM-DD, or never: ')).trim(), now())
}
