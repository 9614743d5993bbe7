import { readFile } from 'node:fs/promises'
import { withChoice } from './choice.ts'
import { CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { expandHome, parseDocument, type Source } from './credential-document.ts'
import { type CredentialForm, credentialForms, type Field } from './credential-forms.ts'
import { endDateGiven, withEnd } from './end-date.ts'
import { vendorNamed } from './vendor-named.ts'

interface Rotation {
  readonly vendor: string
  /** The document that is stored. */
  readonly present: Readonly<Record<string, unknown>>
  readonly source: Source
  /** `YYYY-MM-DD`, or `never`. */
  readonly expires: string | undefined
}

/**
 * Returns the document that replaces the present one: what is secret in it is new, and its end; the rest stays. A file
 * that the vendor's portal has made replaces the whole, but for what a person has said of the one before. Throws
 * UsageError.
 */
export async function rotatedDocument(rotation: Rotation, shell: Shell): Promise<object> {
  const { vendor, present, source } = rotation
  const form = formOf(vendor, present)
  const given = await (source.file !== undefined || source.stdin
    ? fromText(await textOf(source, shell), form, source)
    : fromPerson(form, shell))
  checkShape(form, given)
  const whole = 'file' in form ? await withChoice(vendorNamed(vendor), { given, present }, shell) : given
  const { expires_on: _, ...kept } = 'file' in form ? {} : present
  const end = rotation.expires ?? ('expires_on' in given ? undefined : await askForEnd(form, present, shell))
  return withEnd({ ...kept, ...whole }, end, shell.now())
}

/** The kind of credentials in use: the one whose secrets the document has. */
function formOf(vendor: string, present: Rotation['present']): CredentialForm {
  const forms = Object.hasOwn(credentialForms, vendor) ? (credentialForms[vendor] ?? []) : []
  const form = forms.find((each) => 'file' in each || secretsOf(each).every(({ name }) => name in present)) ?? forms[0]
  if (form) return form
  throw new UsageError(`what ${vendor} needs is not known here`)
}

const secretsOf = (form: CredentialForm): readonly Field[] =>
  'fields' in form ? form.fields.filter(({ secret }) => secret) : []

async function textOf({ file }: Source, shell: Shell): Promise<string> {
  if (file === undefined) return shell.stdin()
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailed(EXIT.usage, `${file} cannot be read (${error.code})`)
  })
}

/** A JSON document, or the bare secret where there is but one. */
function fromText(text: string, form: CredentialForm, { file }: Source): Record<string, unknown> {
  const bare = text.trim()
  const [only, ...more] = secretsOf(form)
  if (only && more.length === 0 && !bare.startsWith('{')) {
    if (bare === '') throw new UsageError(`${file ?? 'standard input'} is empty`)
    return { [only.name]: bare }
  }
  return { ...parseDocument(file ?? 'standard input', text) }
}

async function fromPerson(form: CredentialForm, shell: Shell): Promise<Record<string, unknown>> {
  const { person } = shell
  if (!person) throw new UsageError('there is no terminal to ask at: use --from-file or --from-stdin')
  if ('file' in form) {
    const source = { file: expandHome((await person.ask(`${form.file}: `)).trim(), shell), stdin: false }
    return fromText(await textOf(source, shell), form, source)
  }
  const answers = []
  for (const { name, label } of secretsOf(form)) {
    const text = (await person.askSecret(`new ${label}: `)).trim()
    if (text === '') throw new UsageError(`the new ${label} is empty`)
    answers.push([name, text])
  }
  return Object.fromEntries(answers)
}

/** Throws CommandFailed when a token is not a JWT, where the vendor makes it as one. */
function checkShape(form: CredentialForm, given: Readonly<Record<string, unknown>>): void {
  for (const { name, label, jwt } of secretsOf(form)) {
    const value = given[name]
    if (jwt && name in given && !(typeof value === 'string' && isJwt(value)))
      throw new CommandFailed(EXIT.failed, `the new ${label} is not a JWT: copy the whole of it\nnothing was stored`)
  }
}

/** RFC 7519 section 3, as far as can be seen without its key. People paste the scheme's name along, and quotes. */
function isJwt(pasted: string): boolean {
  const [header, payload, signature, ...more] = pasted.replace(/^["'\s]*(Bearer\s+)?|["'\s]+$/gi, '').split('.')
  return more.length === 0 && [header, payload].every(isJsonObject) && /^[\w-]+$/.test(signature ?? '')
}

function isJsonObject(base64url: string | undefined): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url ?? '', 'base64url').toString())
    return typeof value === 'object' && value !== null
  } catch {
    return false
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
