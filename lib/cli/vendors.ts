import { didYouMean } from '../did-you-mean.ts'
import { CommandFailed, command, EXIT, type Result, type Shell } from './command.ts'
import { type KnownVendor, knownVendors } from './known-vendors.ts'
import { wrapped } from './steps.ts'
import { type Row, renderTable } from './table.ts'

const HEAD = ['ID', 'TITLE', 'GRANT', 'MADE OF', 'READ ON']

export const vendors = command({
  about: `Lists the vendors that there are without writing any: those with code of their
own, and the catalogue. READ ON is when their documents were read.

With one match, or an id, it explains that vendor: how a token is obtained, what
the secret holds, what a person does, which documents say so, and what of them
is not done. It needs no machine and no credentials; which vendors a machine
has, VENDOMAT_VENDORS says. Any other API with OAuth 2.0 is a description in the
settings: "A vendor in ten lines of settings" in lib/README.md.

Exits with 6 when none matches.`,
  takes: { '[text]': 'a part of an id, of a title or of a grant' },
  outputs: { text: 'a table, or one of them explained', json: 'all that is known of those that match' },
  examples: ['vendomat vendors', 'vendomat vendors jwt_bearer', 'vendomat vendors zoom'],

  async run({ text = '' }, { display }): Promise<Result> {
    const found = matching(text)
    const [only] = found
    if (!only) throw new CommandFailed(EXIT.notFound, noneFor(text))
    const lines = found.length === 1 ? explained(only, display) : tableOf(found, display)
    return { text: lines.join('\n'), json: { vendors: found } }
  },
})

/** An id goes before a part of one. */
function matching(text: string): readonly KnownVendor[] {
  const wanted = text.trim().toLowerCase()
  const exact = knownVendors.filter(({ id }) => id === wanted)
  if (exact.length > 0) return exact
  return knownVendors.filter(({ id, title, grant }) =>
    [id, title, grant].some((part) => part.toLowerCase().includes(wanted)),
  )
}

function noneFor(text: string): string {
  const meant = didYouMean(
    text,
    knownVendors.map(({ id }) => id),
  )
  return `no vendor has "${printable(text)}" in its id, title or grant${meant}
settings describe any other API with OAuth 2.0: lib/README.md, "A vendor in ten lines of settings"`
}

const printable = (text: string): string => text.replaceAll(/\p{C}+/gu, ' ')

const tableOf = (found: readonly KnownVendor[], display: Shell['display']): string[] =>
  renderTable(
    HEAD,
    found.map(
      ({ id, title, grant, made_of, read_on }): Row => ({
        cells: [id, title, grant, made_of, read_on].map((text) => ({ text })),
      }),
    ),
    display,
  )

interface Part {
  readonly label: string
  readonly lines: readonly string[]
  /** They are done one after the other. */
  readonly areSteps?: true
}

function explained(vendor: KnownVendor, { columns }: Shell['display']): string[] {
  const { id, title, obtained, forms, creation, documents, read_on, quirk, not_covered = [], tried } = vendor
  const parts: readonly Part[] = [
    { label: 'a token', lines: obtained },
    ...forms.map((form) => ({ label: oneOf('the secret', form, forms), lines: membersOf(form) })),
    ...creation.map((way) => ({
      label: oneOf('to make it', way, creation),
      lines: way.before,
      areSteps: true as const,
    })),
    { label: `documents, read ${/-..-/.test(read_on) ? 'on' : 'in'} ${read_on}`, lines: documents },
    { label: 'quirk', lines: quirk === undefined ? [] : [quirk] },
    { label: 'not covered', lines: not_covered },
    { label: 'tried', lines: [tried] },
    { label: 'settings, with the other vendors that you use', lines: [`vendors: ['${id}']`] },
    { label: 'then', lines: [`npx vendomat connect ${id} <connection>`] },
  ]
  return [`${title} (${id})`, ...parts.filter(({ lines }) => lines.length > 0).flatMap((part) => drawn(part, columns))]
}

/** With its title where there are several. */
const oneOf = (label: string, { title }: { readonly title: string }, all: readonly unknown[]): string =>
  all.length > 1 ? `${label}: ${title}` : label

function drawn({ label, lines, areSteps }: Part, columns: number | undefined): string[] {
  const marks = lines.map((_, at) => (areSteps ? `${at + 1}.`.padStart(4) : lines.length > 1 ? ' -' : ' '))
  return ['', label, ...lines.map((line, at) => wrapped(marks[at] ?? '', line, columns))]
}

/** A member in a line: its name, what it is, and whether it has to be there. */
function membersOf(form: KnownVendor['forms'][number]): string[] {
  const fields = 'fields' in form && form.fields ? form.fields : []
  const members = fields.map(({ name, label, secret, optional, default: usual }) => {
    const notes = [
      ...(secret ? ['secret'] : []),
      ...(optional || usual === '' ? ['may be left out'] : []),
      ...(usual ? [`default ${usual}`] : []),
    ]
    return `${name}: ${label}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
  })
  return [...('file' in form && form.file ? [form.file] : []), ...members]
}
