import type { Notice } from './kinds.ts'
import { oneLine, type Place, readOn, type Words, wordsOf } from './words.ts'

export interface Mail {
  readonly subject: string
  readonly body: string
}

/** SNS refuses a longer one, and with it the mail. */
const SUBJECT_CHARACTERS = 99
const CUT = '...'

/** A notice as plain text, to be read by whoever opens it first. */
export function mailOf(notice: Notice, place: Place): Mail {
  const words = wordsOf(notice, oneLine)
  const { facts, owner, steps, asides } = words
  const numbered = steps.map((step, n) => `  ${n + 1}. ${'run' in step ? step.run : step.say}`)
  const from = [place.stack && `Stack ${place.stack}`, place.region].filter(Boolean).join(', ')
  const paragraphs = [
    facts,
    owner ? [owner] : [],
    numbered.length > 0 ? ['Do this:', ...numbered] : [],
    asides,
    [`Runbook: ${readOn(notice, place)}`, from],
  ]
  const body = paragraphs.map((lines) => lines.filter(Boolean).join('\n')).filter(Boolean)
  return { subject: subjectOf(words), body: `${body.join('\n\n')}\n` }
}

/** Printable ASCII in one line. What is too long is cut out of the name, since how it stands matters more. */
function subjectOf({ state, about, headline }: Words): string {
  const room = SUBJECT_CHARACTERS - `[${state}] : ${headline}`.length
  const name = about.length <= room ? about : `${about.slice(0, Math.max(0, room - CUT.length))}${CUT}`
  return `[${state}] ${name}: ${headline}`.replace(/[^ -~]/g, '?').slice(0, SUBJECT_CHARACTERS)
}
