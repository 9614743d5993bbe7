import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jsonObject } from '../../functions/simulation/vendor-simulator.ts'
import { type MachineClock, rfc3339 } from './clock.ts'
import type { BusEvent } from './event-bus.ts'
import type { Notice } from './sns.ts'

export interface MailSent {
  readonly at: Date
  readonly subject: string
}

/** The notices to people and programs, in files: nothing leaves the laptop. */
export interface NoticeBoard {
  /** All mails since the start, oldest first. */
  readonly mails: readonly MailSent[]
  /** A message to a topic: a mail, or what a chat channel would render. */
  publish(notice: Notice): void
  record(event: BusEvent): void
}

/** The parts of a file's name. They come from outside and may be anything. */
interface About {
  readonly vendor?: unknown
  readonly connection?: unknown
  readonly kind?: unknown
}

const SUFFIXES = ['.mail.txt', '.chat.json', '.event.json'] as const
type Suffix = (typeof SUFFIXES)[number]

/** Writes each notice to a file of its own in `folder`, which is cleared of those of an earlier run. */
export function noticeBoard(folder: string, clock: MachineClock, say: (line: string) => void): NoticeBoard {
  mkdirSync(folder, { recursive: true })
  const earlier = readdirSync(folder).filter((name) => SUFFIXES.some((suffix) => name.endsWith(suffix)))
  for (const name of earlier) rmSync(join(folder, name))
  const written = new Set<string>()
  const mails: MailSent[] = []

  function write(at: Date, about: About, suffix: Suffix, text: string): void {
    const time = rfc3339(at).replaceAll(':', '')
    const base = [time, ...[about.vendor, about.connection, about.kind].flatMap(safePart)].join('-')
    const name = untaken(base, suffix)
    written.add(name)
    // The folder may have been deleted while the machine runs.
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), text)
  }

  /** Files of the same second and name get a number. */
  function untaken(base: string, suffix: Suffix): string {
    for (let n = 1; ; n += 1) {
      const name = `${base}${n > 1 ? `-${n}` : ''}${suffix}`
      if (!written.has(name)) return name
    }
  }

  return {
    mails,
    publish({ subject, message, attributes }) {
      const at = clock.now()
      const chat = chatMessage(message)
      if (chat) return write(at, { ...chat.about, ...attributes }, '.chat.json', pretty(chat.body))
      const title = subject ?? 'a notice without a subject'
      mails.push({ at, subject: title })
      say(`${clock.aheadMs > 0 ? `${rfc3339(at)} ` : ''}notice: ${title}`)
      const connection = attributes.vendor ? connectionNamed(title, attributes.vendor) : undefined
      write(at, { connection, ...attributes }, '.mail.txt', `${title}\n\n${message}`)
    },
    record({ source, time, detailType, detail }) {
      const event = { source, 'detail-type': detailType, time: rfc3339(time), detail }
      write(clock.now(), detail, '.event.json', pretty(event))
    },
  }
}

/**
 * Returns a chat message and what it is about; undefined for everything else on a topic, which is a mail. Amazon Q
 * Developer recognises its messages by the same schema.
 */
function chatMessage(message: string) {
  const body = jsonObject(message)
  if (body?.source !== 'custom') return undefined
  const { additionalContext, eventType } = within(body.metadata)
  return { body, about: { ...within(additionalContext), kind: eventType } }
}

/** A mail names its connection in its subject: `… iobeya/main: …`. */
const connectionNamed = (subject: string, vendor: string): string | undefined =>
  subject
    .split(/[\s:]+/)
    .find((word) => word.startsWith(`${vendor}/`))
    ?.slice(vendor.length + 1)

function within(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Letters, digits, dashes and underscores, so that no name leads out of the folder. Empty for what is no text. */
function safePart(part: unknown): string[] {
  if (typeof part !== 'string') return []
  const safe = part
    .replace(/[^A-Za-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return safe === '' ? [] : [safe]
}

const pretty = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`
