import * as fc from 'fast-check'
import type { Rotation } from '../../functions/kit/vendor.ts'
import type { Notice, NoticeKind } from '../../functions/notices/kinds.ts'

/** One notice of each kind, as people may get them. */

export const place = { stack: 'vendomat-prod', region: 'eu-west-1', runbook: 'https://git.example/RUNBOOK.md' }

const token: Rotation = {
  credential: 'token',
  before: ['Log in to iObeya as the machine user.', 'Generate the token, and copy it.'],
  after: ['Take the administrator permission from the machine user again.'],
}
const secret: Rotation = { credential: 'client secret', before: ['Create a second client secret.'], after: [] }
const owner = 'integrations@example.com'
const iobeya = { vendor: 'iobeya', title: 'iObeya', connection: 'main', owner, rotation: token } as const
const accelo = { vendor: 'accelo', title: 'Accelo', connection: 'hq', rotation: secret } as const
const since = new Date('2026-11-21T12:00:00Z')

export const expiring = {
  ...iobeya,
  kind: 'expiring',
  endsAt: new Date('2026-11-27T23:59:59Z'),
  daysLeft: 7,
  step: 7,
  nextAt: new Date('2026-11-24T00:00:00Z'),
} as const satisfies Notice

export const grantEnding = {
  ...{ vendor: 'accelo', title: 'Accelo', connection: 'hq', owner },
  kind: 'grant_ending',
  endsAt: new Date('2026-11-27T12:00:00Z'),
  daysLeft: 7,
  step: 7,
  nextAt: new Date('2026-11-24T00:00:00Z'),
  consent: ['Log in with an account that has full access.'],
} as const satisfies Notice

const recovered = { kind: 'recovered', was: 'credentials_refused', notifiedAt: since } as const

export const notices = {
  expiring,
  expired: { ...expiring, kind: 'expired', daysLeft: -3, step: -3, nextAt: new Date('2026-12-01T00:00:00Z') },
  grant_ending: grantEnding,
  grant_ended: {
    ...grantEnding,
    kind: 'grant_ended',
    daysLeft: -3,
    step: -3,
    nextAt: new Date('2026-12-01T00:00:00Z'),
  },
  reconnect_needed: {
    ...accelo,
    kind: 'reconnect_needed',
    since,
    code: 'grant_rejected',
    detail: 'the vendor has ended the grant',
    worksUntil: new Date('2026-11-21T13:00:00Z'),
  },
  credentials_refused: {
    ...accelo,
    kind: 'credentials_refused',
    since,
    code: 'credential_rejected',
    detail: 'the vendor refused the client secret',
  },
  vendor_failing: {
    ...accelo,
    kind: 'vendor_failing',
    since,
    code: 'vendor_unavailable',
    detail: 'the vendor answered 503',
    worksUntil: new Date('2026-11-21T13:00:00Z'),
  },
  recovered: { ...accelo, ...recovered },
  rotated: { ...iobeya, kind: 'rotated', endsAt: new Date('2027-11-20T23:59:59Z') },
  sweep_failing: {
    kind: 'sweep_failing',
    vendor: 'accelo',
    title: 'Accelo',
    since,
    detail: 'the table did not answer',
  },
  many_obtained: { ...accelo, kind: 'many_obtained', count: 57 },
} as const satisfies { readonly [kind in NoticeKind]: Notice & { readonly kind: kind } }

export const all: readonly Notice[] = Object.values(notices)

/** Any text that is not empty, with line ends, marks and emoji among it. */
export const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 })
export const hostile = fc.oneof(
  anyText,
  fc.constantFrom('a\r\nSubject: b', '<!channel>', '`*_~|', '\u2028\u202e', '\ud800', ' ', '<https://a.example|b>'),
)

/** Every notice with every free text and name at its worst. */
export const anyNotice: fc.Arbitrary<Notice> = fc
  .record({
    kind: fc.constantFrom(...all),
    vendor: fc.stringMatching(/^[a-z]{1,63}$/),
    connection: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
    owner: hostile,
    detail: hostile,
    by: hostile,
    daysLeft: fc.integer({ min: -400, max: 60 }),
  })
  .map(({ kind: notice, vendor, connection, owner, detail, by, daysLeft }) => ({
    ...notice,
    vendor,
    ...('connection' in notice && { connection, owner }),
    ...('detail' in notice && { detail }),
    ...('daysLeft' in notice && { daysLeft, acknowledged: { by, at: since } }),
  }))
