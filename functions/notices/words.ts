import { FAILURES } from '../kit/errors.ts'
import { isNever } from '../kit/time.ts'
import type {
  ExpiryNotice,
  GrantNotice,
  ManyObtainedNotice,
  Notice,
  NoticeKind,
  RecoveredNotice,
  RotatedNotice,
  SweepNotice,
  TroubleNotice,
} from './kinds.ts'

/** Where a notice comes from and where people read on. */
export interface Place {
  readonly stack?: string | undefined
  readonly region?: string | undefined
  /** Address of the runbook: 'https://git.example/vendomat/lib/RUNBOOK.md'. */
  readonly runbook: string
}

/** What a notice says, part by part; a mail and a chat message lay the same parts out. */
export interface Words {
  /** The state in a word: '7 days', 'overdue 3 days', 'recovered'. */
  readonly state: string
  /** 'iobeya/main', or 'iobeya' where no connection is meant. */
  readonly about: string
  /** 'token ends 27 Nov 2026' */
  readonly headline: string
  /** What happened, since or until when, and what it means for callers: one sentence each. */
  readonly facts: readonly string[]
  /** Who has to act; left out where nobody has to. */
  readonly owner?: string
  readonly steps: readonly Step[]
  /** What else there is to say. */
  readonly asides: readonly string[]
}

/** Something to do, or a command to run. */
export type Step = { readonly say: string } | { readonly run: string }

/** How a rendering sets apart what are not our own words: a command, a name, a text that a person entered. */
export type Quote = (text: string) => string

/** The heading of the runbook, by what it is about. */
export const ANCHORS = {
  expiring: 'credentials-end',
  expired: 'credentials-end',
  rotated: 'credentials-end',
  grant_ending: 'grant-ends',
  grant_ended: 'grant-ends',
  reconnect_needed: 'reconnect-needed',
  credentials_refused: 'credentials-refused',
  vendor_failing: 'vendor-failing',
  sweep_failing: 'sweep-failing',
  many_obtained: 'many-tokens-obtained',
} as const satisfies Record<Exclude<NoticeKind, 'recovered'>, string>

/** A trouble that is over has the heading of the trouble. */
export const readOn = (notice: Notice, { runbook }: Place): string =>
  `${runbook}#${ANCHORS[notice.kind === 'recovered' ? notice.was : notice.kind]}`

/** What programs know a notice by. */
export const TYPES = {
  expiring: 'Credential Expiring',
  expired: 'Credential Expired',
  grant_ending: 'Grant Ending',
  grant_ended: 'Grant Ended',
  reconnect_needed: 'Reconnect Needed',
  credentials_refused: 'Credentials Refused',
  vendor_failing: 'Vendor Failing',
  recovered: 'Recovered',
  rotated: 'Credential Rotated',
  sweep_failing: 'Sweep Failing',
  many_obtained: 'Many Tokens Obtained',
} as const satisfies Record<NoticeKind, string>

/** A text that a person or a program gave, as a part of one line: it can begin no line of its own. */
export const oneLine = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()

export function wordsOf(notice: Notice, quote: Quote): Words {
  switch (notice.kind) {
    case 'expiring':
    case 'expired':
      return endWords(notice, quote)
    case 'grant_ending':
    case 'grant_ended':
      return grantWords(notice, quote)
    case 'reconnect_needed':
    case 'credentials_refused':
    case 'vendor_failing':
      return troubleWords(notice, quote)
    case 'recovered':
      return recoveredWords(notice, quote)
    case 'rotated':
      return rotatedWords(notice, quote)
    case 'sweep_failing':
      return sweepWords(notice, quote)
    case 'many_obtained':
      return manyObtainedWords(notice, quote)
  }
}

function endWords(notice: ExpiryNotice, quote: Quote): Words {
  const { kind, title, endsAt, daysLeft, rotation } = notice
  const about = aboutOf(notice)
  const ends = kind === 'expired' ? 'ended' : 'ends'
  // Our own refusal of a token that has ended is a 424; of other credentials only the vendor knows that they have.
  const error = `HTTP ${FAILURES.credential_expired.status} or ${FAILURES.credential_rejected.status}`
  return {
    state: stateOf(notice),
    about,
    headline: `${rotation.credential} ${ends} ${shortDate(endsAt)}`,
    facts: [
      `The ${rotation.credential} of ${quote(about)} (${title}) ${ends} on ${moment(endsAt)} (${fromToday(daysLeft)}).`,
      kind === 'expired'
        ? `Since then callers get errors instead of tokens (${error}).`
        : `If nothing is done, callers get errors instead of tokens from then on (${error}).`,
    ],
    owner: ownerOf(notice, quote),
    steps: [
      ...rotation.before.map((say) => ({ say })),
      { run: commandOf('rotate', notice) },
      ...rotation.after.map((say) => ({ say })),
    ],
    asides: asidesOf(notice, commandOf('ack', notice), quote),
  }
}

function grantWords(notice: GrantNotice, quote: Quote): Words {
  const { kind, title, endsAt, daysLeft, renewedAt } = notice
  const about = aboutOf(notice)
  const ends = kind === 'grant_ended' ? 'ended' : 'ends'
  const error = `HTTP ${FAILURES.grant_rejected.status}`
  return {
    state: stateOf(notice),
    about,
    headline: `grant ${ends} ${shortDate(endsAt)}`,
    facts: [
      `The grant of ${quote(about)} (${title}), to which a person has consented, ${ends} on ${moment(endsAt)} (${fromToday(daysLeft)}).`,
      kind === 'grant_ended'
        ? `Until somebody connects it again, callers get errors instead of tokens (${error}), unless ${title} still renews it.`
        : `If nobody connects it again before, callers get errors instead of tokens from then on (${error}).`,
      ...(renewedAt ? [`Each renewal puts the end off, but none has worked since ${moment(renewedAt)}.`] : []),
    ],
    owner: ownerOf(notice, quote),
    steps: connectSteps(notice),
    asides: asidesOf(notice, `${commandOf('ack', notice)} --grant`, quote),
  }
}

const stateOf = ({ daysLeft }: ExpiryNotice | GrantNotice): string =>
  daysLeft < 0 ? `overdue ${days(-daysLeft)}` : daysLeft === 0 ? 'today' : days(daysLeft)

const asidesOf = ({ acknowledged, nextAt }: ExpiryNotice | GrantNotice, ack: string, quote: Quote): string[] => [
  ...(acknowledged ? [`Acknowledged on ${date(acknowledged.at)} by ${quote(acknowledged.by)}.`] : []),
  `${acknowledged ? 'Still' : 'Already'} working on it? ${quote(ack)}`,
  `Next notice: ${date(nextAt)}`,
]

/** Not the steps of a rotation: the credentials are good, what ends is the consent of a person. */
const connectSteps = (notice: GrantNotice | TroubleNotice): Step[] => [
  { say: `Find somebody who may give consent for this account at ${notice.title}.` },
  { run: commandOf('connect', notice) },
  ...(notice.consent ?? []).map((say) => ({ say })),
]

function troubleWords(notice: TroubleNotice, quote: Quote): Words {
  const { kind, vendor, title, since, code, detail, worksUntil, rotation } = notice
  const about = aboutOf(notice)
  const error = `HTTP ${FAILURES[code].status}`
  const cause = `since ${moment(since)}: ${quote(detail)} (${quote(code)}).`
  const outlook = !worksUntil
    ? `Callers get an ${error} instead of a token.`
    : isNever(worksUntil)
      ? 'Callers still get the current token.'
      : `The current token works until ${moment(worksUntil)}; after that callers get an ${error}.`
  const common = { about, owner: ownerOf(notice, quote), asides: [OVER] }
  switch (kind) {
    case 'reconnect_needed':
      return {
        ...common,
        state: 'reconnect',
        headline: `no new tokens since ${shortDate(since)}`,
        facts: [`${quote(about)} (${title}) has got no new tokens ${cause}`, outlook],
        steps: connectSteps(notice),
      }
    case 'credentials_refused':
      return {
        ...common,
        state: 'refused',
        headline: `${rotation.credential} has not worked since ${shortDate(since)}`,
        facts: [`The ${rotation.credential} of ${quote(about)} (${title}) has not worked ${cause}`, outlook],
        steps: [
          ...rotation.before.map((say) => ({ say })),
          { run: commandOf('rotate', notice) },
          ...rotation.after.map((say) => ({ say })),
        ],
      }
    case 'vendor_failing':
      return {
        ...common,
        state: 'failing',
        headline: `no new tokens since ${shortDate(since)}`,
        facts: [
          `${title} has given ${quote(about)} no new tokens ${cause}`,
          outlook,
          `Other connections of ${title} may fail too; they get no notice of their own.`,
        ],
        steps: [{ run: commandOf('status', { vendor }) }],
      }
  }
}

function recoveredWords(notice: RecoveredNotice, quote: Quote): Words {
  const { was, title, owner, notifiedAt } = notice
  const about = aboutOf(notice)
  const { headline, now, trouble } = {
    reconnect_needed: {
      headline: 'gets tokens again',
      now: `${quote(about)} (${title}) gets tokens again`,
      trouble: 'a person had to connect it again',
    },
    credentials_refused: {
      headline: 'gets tokens again',
      now: `${quote(about)} (${title}) gets tokens again`,
      trouble: 'its credentials did not work',
    },
    vendor_failing: {
      headline: 'gives tokens again',
      now: `${title} gives tokens again; no connection has failed for 10 minutes`,
      trouble: 'it was failing',
    },
    sweep_failing: {
      headline: 'renewed ahead of need again',
      now: `Tokens of ${title} are renewed ahead of need again`,
      trouble: 'they were not',
    },
  }[was]
  return {
    state: 'recovered',
    about,
    headline,
    facts: [`${now}.`, `The notice of ${moment(notifiedAt)}, that ${trouble}, is closed.`, NOTHING_TO_DO],
    ...(owner !== undefined && { owner: ownerOf(notice, quote) }),
    steps: [],
    asides: [],
  }
}

function rotatedWords(notice: RotatedNotice, quote: Quote): Words {
  const { title, owner, rotation, isUnsure, endsAt } = notice
  const { credential, after } = rotation
  const about = aboutOf(notice)
  const unsure = `Whether the ${credential} itself is another one is not known.`
  return {
    state: 'rotated',
    about,
    headline: isUnsure ? 'new credentials work' : `new ${credential} works`,
    facts: [
      `${isUnsure ? 'A new version of the credentials' : `A new ${credential}`} of ${quote(about)} (${title}) has been stored, and it works.`,
      ...(isUnsure ? [after.length > 0 ? `${unsure} What follows is for the case that it is.` : unsure] : []),
      ...(endsAt && !isNever(endsAt) ? [`It ends on ${moment(endsAt)}.`] : []),
      ...(after.length === 0 ? [NOTHING_TO_DO] : []),
    ],
    ...(owner !== undefined && { owner: ownerOf(notice, quote) }),
    steps: after.map((say) => ({ say })),
    asides: [],
  }
}

const sweepWords = ({ vendor, title, since, detail }: SweepNotice, quote: Quote): Words => ({
  state: 'failing',
  about: vendor,
  headline: `not renewed ahead of need since ${shortDate(since)}`,
  facts: [
    `Tokens of ${title} have not been renewed ahead of need since ${moment(since)}: ${quote(detail)}.`,
    'Callers still get tokens, but have to wait for the vendor when one has expired.',
  ],
  steps: [{ run: commandOf('status', { vendor }) }],
  asides: [OVER],
})

function manyObtainedWords(notice: ManyObtainedNotice, quote: Quote): Words {
  const { title, count } = notice
  const about = aboutOf(notice)
  return {
    state: 'many tokens',
    about,
    headline: `${count} tokens obtained this hour`,
    facts: [`${quote(about)} (${title}) has obtained ${count} tokens this hour; usual are two for each process.`],
    owner: ownerOf(notice, quote),
    steps: [{ say: 'Check for callers that report good tokens as refused, and for processes that restart often.' }],
    asides: [],
  }
}

const OVER = 'Another notice follows when it is over.'
const NOTHING_TO_DO = 'There is nothing to do.'

interface Named {
  readonly vendor: string
  readonly connection?: string
  readonly owner?: string
}

const aboutOf = ({ vendor, connection }: Named): string =>
  connection === undefined ? vendor : `${vendor}/${connection}`

const commandOf = (command: 'status' | 'connect' | 'rotate' | 'ack' | 'owner', { vendor, connection }: Named): string =>
  ['npx vendomat', command, vendor, connection].filter(Boolean).join(' ')

const ownerOf = (notice: Named, quote: Quote): string =>
  notice.owner?.trim()
    ? `Owner: ${quote(notice.owner)}`
    : `Owner: nobody is named. To name one: ${quote(`${commandOf('owner', notice)} <mail address>`)}`

const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`)

function fromToday(daysLeft: number): string {
  if (daysLeft === 0) return 'today'
  if (daysLeft === 1) return 'tomorrow'
  if (daysLeft === -1) return 'yesterday'
  return daysLeft > 0 ? `in ${days(daysLeft)}` : `${days(-daysLeft)} ago`
}

/** 'Friday 27 November 2026, 23:59 UTC' */
const moment = (instant: Date): string => `${date(instant)}, ${instant.toISOString().slice(11, 16)} UTC`

/** 'Friday 27 November 2026' */
const date = (instant: Date): string =>
  `${part(instant, { weekday: 'long' })} ${instant.getUTCDate()} ${part(instant, { month: 'long' })} ${instant.getUTCFullYear()}`

/** '27 Nov 2026': a month's English name is known by its first three letters. */
const shortDate = (instant: Date): string =>
  `${instant.getUTCDate()} ${part(instant, { month: 'long' }).slice(0, 3)} ${instant.getUTCFullYear()}`

/** One part at a time: how Intl joins them differs from one version of Node.js to the next. */
const part = (instant: Date, which: Intl.DateTimeFormatOptions): string =>
  instant.toLocaleDateString('en-GB', { ...which, timeZone: 'UTC' })
