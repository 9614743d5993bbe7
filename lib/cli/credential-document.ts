import { readFile } from 'node:fs/promises'
import { oneOf, withChoice } from './choice.ts'
import { CommandFailed, EXIT, type Person, type Shell, UsageError } from './command.ts'
import { type CredentialForm, type Field, formOf } from './credential-forms.ts'
import { type OtherSecret, takenOver } from './other-secret.ts'
import { sayCreation } from './steps.ts'
import type { Described } from './vendor-named.ts'

/** Where a credential document comes from. Never from an argument: every process of the computer can read those. */
export interface Source {
  readonly file: string | undefined
  readonly stdin: boolean
  /** A secret that somebody else has made. */
  readonly secret?: OtherSecret | undefined
}

type Document = Readonly<Record<string, unknown>>

/**
 * The credential document of a connection, from a file, from standard input, from another secret, or from the person, who is
 * asked for what it leaves open. Throws UsageError.
 */
export async function credentialDocument(vendor: Described, source: Source, shell: Shell): Promise<Document> {
  const given = await givenDocument(vendor, source, shell)
  return withChoice(formOf(vendor, given), { given }, shell)
}

async function givenDocument(vendor: Described, source: Source, shell: Shell): Promise<Document> {
  if (source.secret) return takenOver(vendor, source.secret, shell)
  if (source.file !== undefined) return readDocument(source.file)
  if (source.stdin) return parseDocument('standard input', await shell.stdin())
  if (!shell.person) throw new UsageError('there is no terminal to ask at: use --from-file or --from-stdin')
  sayCreation(vendor, shell)
  const { file, fields = [] } = await chosenForm(vendor, shell.person, shell.say)
  const made = file === undefined ? {} : await readDocument(await pathGiven(file, shell.person, shell))
  return { ...made, ...(await filledIn(fields, shell.person, shell)) }
}

async function chosenForm({ id, forms }: Described, person: Person, say: Shell['say']): Promise<CredentialForm> {
  const [only, ...more] = forms
  if (!only) throw new UsageError(`what ${id} needs is not known here: use --from-file or --from-stdin`)
  if (more.length === 0) {
    say(only.title)
    return only
  }
  return oneOf(forms, ({ title }) => title, person, say)
}

async function filledIn(fields: readonly Field[], person: Person, shell: Shell): Promise<Document> {
  const document: Record<string, string> = {}
  for (const field of fields) {
    const { label, default: otherwise = '' } = field
    const answer = await answerTo(field, `${label}${otherwise && ` [${otherwise}]`}`, person, shell)
    const text = answer.trim() || otherwise
    if (text) document[field.name] = text
  }
  return document
}

/** What a person types, or what is in the file that they name. */
export async function answerTo(field: Field, label: string, person: Person, shell: Shell): Promise<string> {
  if (field.file) return readText(await pathGiven(`path of the file with the ${label}`, person, shell))
  return field.secret ? person.askSecret(`${label}: `) : person.ask(`${label}: `)
}

export const pathGiven = async (question: string, person: Person, shell: Shell): Promise<string> =>
  expandHome((await person.ask(`${question}: `)).trim(), shell)

const readDocument = async (path: string): Promise<Document> => parseDocument(path, await readText(path))

export const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailed(EXIT.usage, `${path} cannot be read (${error.code})`)
  })

/** The parse error is dropped: it quotes the text. */
export function parseDocument(origin: string, text: string): Document {
  try {
    const document: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return { ...document }
  } catch {}
  throw new CommandFailed(EXIT.usage, `${origin} is not a JSON document`)
}

/** Shells expand `~`, prompts do not. */
const expandHome = (path: string, { environment: { HOME } }: Shell): string =>
  HOME ? path.replace(/^~(?=\/)/, HOME) : path
