import * as fc from 'fast-check'
import { NEVER } from '../../functions/kit/time.ts'
import { eventOf } from '../../functions/notices/event.ts'
import { anyNotice, expiring, notices, place } from '../support/notices.ts'

const about = { schema: 1, stack: 'vendomat-prod', vendor: 'accelo', connection: 'hq' }
const end = { ...about, vendor: 'iobeya', connection: 'main', owner: 'integrations@example.com', credential: 'token' }
const trouble = { ...about, credential: 'client secret', since: '2026-11-21T12:00:00Z' }

describe('the event', () => {
  it.each([
    [
      'expiring',
      'Credential Expiring',
      {
        ...end,
        kind: 'expiring',
        severity: 'warning',
        expires_at: '2026-11-27T23:59:59Z',
        days_left: 7,
        threshold: 7,
        next_notice_at: '2026-11-24T00:00:00Z',
      },
    ],
    [
      'expired',
      'Credential Expired',
      {
        ...end,
        kind: 'expired',
        severity: 'critical',
        expires_at: '2026-11-27T23:59:59Z',
        days_left: -3,
        threshold: -3,
        next_notice_at: '2026-12-01T00:00:00Z',
      },
    ],
    [
      'grant_ending',
      'Grant Ending',
      {
        ...about,
        owner: 'integrations@example.com',
        kind: 'grant_ending',
        severity: 'warning',
        expires_at: '2026-11-27T12:00:00Z',
        days_left: 7,
        threshold: 7,
        next_notice_at: '2026-11-24T00:00:00Z',
      },
    ],
    [
      'grant_ended',
      'Grant Ended',
      {
        ...about,
        owner: 'integrations@example.com',
        kind: 'grant_ended',
        severity: 'critical',
        expires_at: '2026-11-27T12:00:00Z',
        days_left: -3,
        threshold: -3,
        next_notice_at: '2026-12-01T00:00:00Z',
      },
    ],
    [
      'reconnect_needed',
      'Reconnect Needed',
      {
        ...trouble,
        kind: 'reconnect_needed',
        severity: 'critical',
        code: 'grant_rejected',
        detail: 'the vendor has ended the grant',
        works_until: '2026-11-21T13:00:00Z',
      },
    ],
    [
      'credentials_refused',
      'Credentials Refused',
      {
        ...trouble,
        kind: 'credentials_refused',
        severity: 'critical',
        code: 'credential_rejected',
        detail: 'the vendor refused the client secret',
      },
    ],
    [
      'vendor_failing',
      'Vendor Failing',
      {
        ...trouble,
        kind: 'vendor_failing',
        severity: 'warning',
        code: 'vendor_unavailable',
        detail: 'the vendor answered 503',
        works_until: '2026-11-21T13:00:00Z',
      },
    ],
    [
      'recovered',
      'Recovered',
      {
        ...about,
        kind: 'recovered',
        severity: 'info',
        was: 'credentials_refused',
        notified_at: '2026-11-21T12:00:00Z',
      },
    ],
    [
      'rotated',
      'Credential Rotated',
      { ...end, kind: 'rotated', severity: 'info', expires_at: '2027-11-20T23:59:59Z' },
    ],
    [
      'sweep_failing',
      'Sweep Failing',
      {
        schema: 1,
        stack: 'vendomat-prod',
        vendor: 'accelo',
        kind: 'sweep_failing',
        severity: 'warning',
        since: '2026-11-21T12:00:00Z',
        detail: 'the table did not answer',
      },
    ],
    ['many_obtained', 'Many Tokens Obtained', { ...about, kind: 'many_obtained', severity: 'warning', count: 57 }],
  ] as const)('of %s says so to programs', (kind, detailType, detail) => {
    expect(eventOf(notices[kind], place)).toEqual({ detailType, detail })
  })

  it('says who acknowledged it', () => {
    const acknowledged = { by: 'arn:aws:iam::111122223333:user/anna', at: new Date('2026-11-19T08:00:00Z') }
    expect(eventOf({ ...expiring, acknowledged }, place).detail).toMatchObject({
      acknowledged_by: 'arn:aws:iam::111122223333:user/anna',
      acknowledged_at: '2026-11-19T08:00:00Z',
    })
  })

  it('of a grant says when it was last renewed, where renewals put its end off', () => {
    const renewedAt = new Date('2026-11-19T08:00:00Z')
    expect(eventOf({ ...notices.grant_ending, renewedAt }, place).detail).toMatchObject({
      last_renewed_at: '2026-11-19T08:00:00Z',
    })
  })

  it('leaves out the end of what has none', () => {
    expect(eventOf({ ...notices.vendor_failing, worksUntil: NEVER }, place).detail).not.toHaveProperty('works_until')
  })

  it('is flat: names in snake case, and values that a rule can match', () => {
    fc.assert(
      fc.property(anyNotice, (notice) => {
        const { detail } = eventOf(notice, place)
        expect(Object.keys(detail).filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([])
        expect(JSON.parse(JSON.stringify(detail))).toEqual(detail)
      }),
    )
  })
})
