import type { Shell } from './command.ts'
import type { Described } from './vendor-named.ts'
import { wrap } from './wrap.ts'

type Creation = Described['creation'][number]

/** How the credentials of a vendor are made, for who has none yet. */
export function sayCreation({ title, creation }: Pick<Described, 'title' | 'creation'>, shell: Shell): void {
  const ways = creation.map((way) => `${nameOf(way)}:\n${numbered(way.before, shell)}\n`)
  if (ways.length > 0) shell.say([`If you have no credentials of ${title} yet\n`, ...ways].join('\n'))
}

/** What is left to do when they have worked; '' if nothing. In which way they were made is not known here. */
export function stepsAfterCreation({ creation }: Pick<Described, 'creation'>, shell: Shell): string {
  const ways = creation.filter(({ after }) => after.length > 0)
  const only = ({ title }: Creation) => (creation.length > 1 ? `, for the ${title}` : '')
  return ways.map((way) => `Then${only(way)}:\n${numbered(way.after, shell)}`).join('\n')
}

/** For who connects again: the credentials are there, and somebody has to say yes. */
export function sayConsent({ consent }: Described, shell: Shell): void {
  for (const step of consent) shell.say(wrapped(' ', step, shell.display.columns))
}

const nameOf = ({ title }: Creation): string => `${title.charAt(0).toUpperCase()}${title.slice(1)}`

export function sayRotation({ rotation: { credential, before } }: Pick<Described, 'rotation'>, shell: Shell): void {
  shell.say(`To make a new ${credential}:\n${numbered(before, shell)}`)
}

/** What is left to do when the new one has worked; '' if nothing, as where what is secret stayed as it was. */
export function stepsAfterRotation(
  { rotation: { after } }: Pick<Described, 'rotation'>,
  sameSecrets: boolean | undefined,
  shell: Shell,
): string {
  return after.length > 0 && !sameSecrets ? `Then:\n${numbered(after, shell)}` : ''
}

const numbered = (steps: readonly string[], { display: { columns } }: Shell): string =>
  steps.map((step, index) => wrapped(`${index + 1}.`.padStart(4), step, columns)).join('\n')

/** `text` behind `mark`, in lines of at most so many columns where the terminal has that many. */
export function wrapped(mark: string, text: string, columns = Number.POSITIVE_INFINITY): string {
  const [first = '', ...more] = wrap(text, columns - mark.length - 1)
  const indent = ' '.repeat(mark.length)
  return [`${mark} ${first}`, ...more.map((line) => `${indent} ${line}`)].join('\n')
}
