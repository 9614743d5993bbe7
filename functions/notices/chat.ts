import { isNever, rfc3339 } from '../kit/time.ts'
import { type Notice, type Severity, severityOf } from './kinds.ts'
import { oneLine, type Place, readOn, TYPES, wordsOf } from './words.ts'

const SIGNS = {
  info: ':information_source:',
  notice: ':bell:',
  warning: ':warning:',
  critical: ':rotating_light:',
} as const satisfies Record<Severity, string>

/**
 * A notice as the chat channels of Amazon Q Developer render it. Source: its Administrator Guide, "Custom notifications
 * using Amazon Q Developer in chat applications".
 */
export function chatOf(notice: Notice, place: Place) {
  const { state, about, headline, facts, owner, steps, asides } = wordsOf(notice, code)
  const severity = severityOf(notice)
  const { vendor, connection } = connectionOf(notice)
  const eventType = TYPES[notice.kind].toLowerCase().replaceAll(' ', '-')
  const summary = plain(`[${state}] ${about}: ${headline}`)
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: `${SIGNS[severity]} ${summary}`,
      description: [...facts, owner, ...asides, `Runbook: ${unlinked(readOn(notice, place))}`]
        .filter(Boolean)
        .join('\n'),
      ...(steps.length > 0 && { nextSteps: steps.map((step) => ('run' in step ? code(step.run) : plain(step.say))) }),
      keywords: [vendor, eventType, ...(place.stack ? [place.stack] : [])].map(unlinked),
    },
    metadata: {
      threadId: threadOf(notice, place),
      summary,
      eventType,
      additionalContext: {
        severity,
        vendor,
        ...(connection !== undefined && { connection }),
        ...('daysLeft' in notice && { days_left: String(notice.daysLeft) }),
      },
    },
  } as const
}

/**
 * One thread for one trouble and for one end. New credentials begin the thread of their own end, since the notice does not
 * know the old one. Two deployments that write to one channel do so in threads of their own.
 */
function threadOf(notice: Notice, { stack = 'vendomat' }: Place): string {
  const machine = stack.toLowerCase()
  const { vendor, connection } = connectionOf(notice)
  const topic = notice.kind === 'recovered' ? notice.was : notice.kind
  if (topic === 'vendor_failing' || connection === undefined) return `${machine}/${vendor}/${topic}`
  const end = 'endsAt' in notice ? notice.endsAt : undefined
  const which = topic.startsWith('grant') ? 'grant-' : ''
  return `${machine}/${vendor}/${connection}/${end && !isNever(end) ? `${which}${rfc3339(end).slice(0, 10)}` : topic}`
}

/** Not every notice is about a connection. */
const connectionOf = (notice: { readonly vendor: string; readonly connection?: string }) => notice

/** Set in a code span, where marks mean nothing; what would end the span or begin a link or a mention is dropped. */
const code = (text: string): string => `\`${unlinked(text) || '?'}\``

const plain = (text: string): string => unlinked(text).replace(/[*_~]/g, '')

const unlinked = (text: string): string => oneLine(text).replace(/[`<>|]/g, '')
