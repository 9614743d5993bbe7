import { readFile } from 'node:fs/promises'
import { oneOf, withChoice } from './choice.ts'
import { CommandFailed, EXIT, type Person, type Shell, UsageError } from './command.ts'
import { type CredentialForm, credentialForms, type Field } from './credential-forms.ts'
import { sayCreation } from './steps.ts'
import { vendorNamed } from './vendor-named.ts'

/** Where a credential document comes from. Never from an argument: every process of the computer can read those. */
export interface Source {
  readonly file: string | undefined
  readonly stdin: boolean
}

/**
 * The credential document of a connection, from a file, from standard input, or from the person, who is asked for what it
 * leaves open. Throws UsageError.
 */
export async function credentialDocument(vendor: string, source: Source, shell: Shell): Promise<object> {
  return withChoice(vendorNamed(vendor), { given: await givenDocument(vendor, source, shell) }, shell)
}

async function givenDocument(vendor: string, source: Source, shell: Shell): Promise<object> {
  if (source.file !== undefined) return readDocument(source.file)
  if (source.stdin) return parseDocument('standard input', await shell.stdin())
  if (!shell.person) throw new UsageError('there is no terminal to ask at: use --from-file or --from-stdin')
  sayCreation(vendorNamed(vendor), shell)
  const form = await chosenForm(vendor, shell.person, shell.say)
  if ('file' in form) return readDocument(expandHome((await shell.person.ask(`${form.file}: `)).trim(), shell))
  return filledIn(form.fields, shell.person)
}

async function chosenForm(vendor: string, person: Person, say: Shell['say']): Promise<CredentialForm> {
  const forms = Object.hasOwn(credentialForms, vendor) ? (credentialForms[vendor] ?? []) : []
  const [only, ...more] = forms
  if (!only) throw new UsageError(`what ${vendor} needs is not known here: use --from-file or --from-stdin`)
  if (more.length === 0) {
    say(only.title)
    return only
  }
  return oneOf(forms, ({ title }) => title, person, say)
}

async function filledIn(fields: readonly Field[], person: Person): Promise<object> {
  const document: Record<string, string> = {}
  for (const { name, label, secret, otherwise = '' } of fields) {
    const question = `${label}${otherwise && ` [${otherwise}]`}: `
    const answer = await (secret ? person.askSecret(question) : person.ask(question))
    const text = answer.trim() || otherwise
    if (text) document[name] = text
  }
  return document
}

async function readDocument(path: string): Promise<object> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailed(EXIT.usage, `${path} cannot be read (${error.code})`)
  })
  return parseDocument(path, text)
}

/** The parse error is dropped: it quotes the text. */
export function parseDocument(origin: string, text: string): object {
  try {
    const document: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document
  } catch {}
  throw new CommandFailed(EXIT.usage, `${origin} is not a JSON document`)
}

/** Shells expand `~`, prompts do not. */
export const expandHome = (path: string, { environment: { HOME } }: Shell): string =>
  HOME ? path.replace(/^~(?=\/)/, HOME) : path
