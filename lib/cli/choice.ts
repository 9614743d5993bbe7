import type { Person, Shell } from './command.ts'
import { type CredentialForm, isGiven } from './credential-forms.ts'

type Document = Readonly<Record<string, unknown>>

/**
 * The document with what it leaves open said in it: as in the document that it replaces, else by the person. Where there
 * is nobody to ask it stays as it is, and what the vendor then does is a warning of the first token.
 */
export async function withChoice(
  form: CredentialForm | undefined,
  { given, present = {} }: { readonly given: Document; readonly present?: Document },
  { person, say }: Shell,
): Promise<Document> {
  const choice = form?.choice
  if (!choice || given[choice.member] !== undefined) return given
  const { open, member, options } = choice
  if (!options.every(({ value }) => isGiven(given[value]))) return given
  const before = options.find(({ value }) => value === present[member])
  if (before) {
    say(`${open}; used is, as before, ${before.means}`)
    return { ...given, [member]: before.value }
  }
  if (!person) return given
  say(`${open}; which is to be used?`)
  const { value } = await oneOf(options, ({ means }) => means, person, say)
  return { ...given, [member]: value }
}

/** Has the person choose by number, and asks until it is one of them. */
export async function oneOf<T>(
  options: readonly T[],
  title: (option: T) => string,
  person: Person,
  say: Shell['say'],
): Promise<T> {
  say(options.map((option, index) => `  ${index + 1}  ${title(option)}`).join('\n'))
  for (;;) {
    const option = options[Number(await person.ask(`which one, 1 to ${options.length}? `)) - 1]
    if (option !== undefined) return option
  }
}
