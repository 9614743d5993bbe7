import { readFile } from 'node:fs/promises'
import { withChoice } from './choice.ts'
import { CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { expandHome, parseDocument, type Source } from './credential-document.ts'
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
 * that the vendor's portal has made replaces the whole, but for what a person has said of the one before. Throws
 * UsageError.
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
  const { expires_on: _, ...kept } = isFile ? {} : present
  const end = rotation.expires ?? ('expires_on' in given ? undefined : await askForEnd(form, present, shell))
  return withEnd({ ...kept, ...whole }, end, shell.now())
}

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
  if (form.file !== undefined) {
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
