import * as fc from 'fast-check'
import { NEVER } from '../../functions/kit/time.ts'
import { mailOf } from '../../functions/notices/mail.ts'
import { all, anyNotice, expiring, notices, place } from '../support/notices.ts'

const body = (...[notice, where = place]: [Parameters<typeof mailOf>[0], Parameters<typeof mailOf>[1]?]) =>
  mailOf(notice, where).body

describe('the mail', () => {
  it('of credentials that end says what, when, whose, what to do and when it is said again', () => {
    expect(mailOf(expiring, place)).toEqual({
      subject: '[7 days] iobeya/main: token ends 27 Nov 2026',
      body: `The token of iobeya/main (iObeya) ends on Friday 27 November 2026, 23:59 UTC (in 7 days).
If nothing is done, callers get errors instead of tokens from then on (HTTP 424 or 502).

Owner: integrations@example.com

Do this:
  1. Log in to iObeya as the machine user.
  2. Generate the token, and copy it.
  3. npx vendomat rotate iobeya main
  4. Take the administrator permission from the machine user again.

Already working on it? npx vendomat ack iobeya main
Next notice: Tuesday 24 November 2026

Runbook: https://git.example/RUNBOOK.md#credentials-end
Stack vendomat-prod, eu-west-1
`,
    })
  })

  it('of credentials that have ended says since when callers get an error', () => {
    const { subject, body } = mailOf(notices.expired, place)
    expect(subject).toBe('[overdue 3 days] iobeya/main: token ended 27 Nov 2026')
    expect(body).toContain(
      'ended on Friday 27 November 2026, 23:59 UTC (3 days ago).\nSince then callers get errors instead of tokens (HTTP 424',
    )
    expect(body).toContain('Next notice: Tuesday 1 December 2026')
  })

  it.each([
    [2, '[2 days]', 'in 2 days'],
    [1, '[1 day]', 'tomorrow'],
    [0, '[today]', 'today'],
  ])('%i days before the end speaks of it as people do', (daysLeft, state, when) => {
    const { subject, body } = mailOf({ ...expiring, daysLeft }, place)
    expect(subject).toBe(`${state} iobeya/main: token ends 27 Nov 2026`)
    expect(body).toContain(`(${when}).`)
  })

  it.each([
    [0, '[today]', 'today'],
    [-1, '[overdue 1 day]', 'yesterday'],
    [-2, '[overdue 2 days]', '2 days ago'],
  ])('%i days after the end as well', (daysLeft, state, when) => {
    const { subject, body } = mailOf({ ...notices.expired, daysLeft }, place)
    expect(subject).toBe(`${state} iobeya/main: token ended 27 Nov 2026`)
    expect(body).toContain(`(${when}).`)
  })

  it('of a grant that ends says which, when, that a person has to connect again and what they have to know', () => {
    expect(mailOf(notices.grant_ending, place)).toEqual({
      subject: '[7 days] accelo/hq: grant ends 27 Nov 2026',
      body: `The grant of accelo/hq (Accelo), to which a person has consented, ends on Friday 27 November 2026, 12:00 UTC (in 7 days).
If nobody connects it again before, callers get errors instead of tokens from then on (HTTP 424).

Owner: integrations@example.com

Do this:
  1. Find somebody who may give consent for this account at Accelo.
  2. npx vendomat connect accelo hq
  3. Log in with an account that has full access.

Already working on it? npx vendomat ack accelo hq --grant
Next notice: Tuesday 24 November 2026

Runbook: https://git.example/RUNBOOK.md#grant-ends
Stack vendomat-prod, eu-west-1
`,
    })
  })

  it('of a grant whose end renewals put off says since when none has worked', () => {
    const renewedAt = new Date('2026-11-19T08:00:00Z')
    const said = 'Each renewal puts the end off, but none has worked since Thursday 19 November 2026, 08:00 UTC.'
    expect(body({ ...notices.grant_ending, renewedAt })).toContain(said)
    expect(body(notices.grant_ending)).not.toContain('Each renewal')
  })

  it('of a grant that has ended says that a vendor which goes by its documents renews it no more', () => {
    const { subject, body } = mailOf(notices.grant_ended, place)
    expect(subject).toBe('[overdue 3 days] accelo/hq: grant ended 27 Nov 2026')
    expect(body).toContain(
      'ended on Friday 27 November 2026, 12:00 UTC (3 days ago).\nUntil somebody connects it again, callers get errors instead of tokens (HTTP 424), unless Accelo still renews it.',
    )
    expect(body).toContain('  2. npx vendomat connect accelo hq\n')
    expect(body).not.toContain('rotate')
  })

  it('says who acknowledged it, if somebody has', () => {
    const acknowledged = { by: 'arn:aws:iam::111122223333:user/anna', at: new Date('2026-11-19T08:00:00Z') }
    expect(body({ ...expiring, acknowledged })).toContain(
      `Acknowledged on Thursday 19 November 2026 by arn:aws:iam::111122223333:user/anna.
Still working on it? npx vendomat ack iobeya main`,
    )
  })

  it('says that nobody owns the connection, where a person is needed', () => {
    const { owner: _, ...unowned } = expiring
    expect(body(unowned)).toContain(
      'Owner: nobody is named. To name one: npx vendomat owner iobeya main <mail address>',
    )
    expect(body({ ...expiring, owner: ' ' })).toContain('Owner: nobody is named')
    expect(body(notices.recovered)).not.toContain('Owner')
  })

  it('of a grant that has died sends a person to connect, not to change the credentials', () => {
    expect(mailOf(notices.reconnect_needed, place)).toEqual({
      subject: '[reconnect] accelo/hq: no new tokens since 21 Nov 2026',
      body: `accelo/hq (Accelo) has got no new tokens since Saturday 21 November 2026, 12:00 UTC: the vendor has ended the grant (grant_rejected).
The current token works until Saturday 21 November 2026, 13:00 UTC; after that callers get an HTTP 424.

Owner: nobody is named. To name one: npx vendomat owner accelo hq <mail address>

Do this:
  1. Find somebody who may give consent for this account at Accelo.
  2. npx vendomat connect accelo hq

Another notice follows when it is over.

Runbook: https://git.example/RUNBOOK.md#reconnect-needed
Stack vendomat-prod, eu-west-1
`,
    })
  })

  it('of a grant that has died says what who consents has to know', () => {
    const consent = ['Log in with an account that has full access.']
    expect(body({ ...notices.reconnect_needed, consent })).toContain(
      '  2. npx vendomat connect accelo hq\n  3. Log in with an account that has full access.\n\n',
    )
    expect(body({ ...notices.credentials_refused, consent })).not.toContain('full access')
  })

  it('of refused credentials names the steps of their rotation', () => {
    const { subject, body } = mailOf(notices.credentials_refused, place)
    expect(subject).toBe('[refused] accelo/hq: client secret has not worked since 21 Nov 2026')
    expect(
      body,
    ).toContain(`The client secret of accelo/hq (Accelo) has not worked since Saturday 21 November 2026, 12:00 UTC: the vendor refused the client secret (credential_rejected).
Callers get an HTTP 502 instead of a token.`)
    expect(body).toContain('  1. Create a second client secret.\n  2. npx vendomat rotate accelo hq\n\n')
  })

  it('promises nothing of a token that has no end', () => {
    expect(body({ ...notices.credentials_refused, worksUntil: NEVER })).toContain(
      'Callers still get the current token.',
    )
  })

  it('of a failing vendor says that it speaks for all its connections', () => {
    const { subject, body } = mailOf(notices.vendor_failing, place)
    expect(subject).toBe('[failing] accelo/hq: no new tokens since 21 Nov 2026')
    expect(
      body,
    ).toContain(`Accelo has given accelo/hq no new tokens since Saturday 21 November 2026, 12:00 UTC: the vendor answered 503 (vendor_unavailable).
The current token works until Saturday 21 November 2026, 13:00 UTC; after that callers get an HTTP 503.
Other connections of Accelo may fail too; they get no notice of their own.`)
    expect(body).toContain('Do this:\n  1. npx vendomat status accelo\n\nAnother notice follows when it is over.')
  })

  it.each([
    [
      'reconnect_needed',
      'accelo/hq (Accelo) gets tokens again.',
      'a person had to connect it again',
      'reconnect-needed',
    ],
    [
      'credentials_refused',
      'accelo/hq (Accelo) gets tokens again.',
      'its credentials did not work',
      'credentials-refused',
    ],
  ] as const)('of a recovery from %s says which notice is closed', (was, now, trouble, anchor) => {
    const { subject, body } = mailOf({ ...notices.recovered, was }, place)
    expect(subject).toBe('[recovered] accelo/hq: gets tokens again')
    expect(body).toBe(`${now}
The notice of Saturday 21 November 2026, 12:00 UTC, that ${trouble}, is closed.
There is nothing to do.

Runbook: https://git.example/RUNBOOK.md#${anchor}
Stack vendomat-prod, eu-west-1
`)
  })

  it('of a vendor that has recovered names the vendor alone', () => {
    const { connection: _, ...vendorOnly } = notices.recovered
    const { subject, body } = mailOf({ ...vendorOnly, was: 'vendor_failing' }, place)
    expect(subject).toBe('[recovered] accelo: gives tokens again')
    expect(body).toBe(`Accelo gives tokens again; no connection has failed for 10 minutes.
The notice of Saturday 21 November 2026, 12:00 UTC, that it was failing, is closed.
There is nothing to do.

Runbook: https://git.example/RUNBOOK.md#vendor-failing
Stack vendomat-prod, eu-west-1
`)
  })

  it('of sweeps that work again names the vendor alone', () => {
    const { connection: _, ...vendorOnly } = notices.recovered
    const { subject, body } = mailOf({ ...vendorOnly, was: 'sweep_failing' }, place)
    expect(subject).toBe('[recovered] accelo: renewed ahead of need again')
    expect(body).toContain('Tokens of Accelo are renewed ahead of need again.')
    expect(body).toContain('#sweep-failing')
  })

  it('of new credentials says until when they live and what is left to do', () => {
    const { subject, body } = mailOf(notices.rotated, place)
    expect(subject).toBe('[rotated] iobeya/main: new token works')
    expect(body).toContain(`A new token of iobeya/main (iObeya) has been stored, and it works.
It ends on Saturday 20 November 2027, 23:59 UTC.

Owner: integrations@example.com

Do this:
  1. Take the administrator permission from the machine user again.`)
  })

  it('of new credentials with no end and no steps left says that there is nothing to do', () => {
    const { endsAt: _, ...endless } = notices.rotated
    const rotation = { ...notices.rotated.rotation, after: [] }
    expect(body({ ...endless, rotation })).toContain('and it works.\nThere is nothing to do.\n\nOwner')
    expect(body({ ...notices.rotated, rotation, endsAt: NEVER })).not.toContain('It ends')
  })

  it('of new credentials says so when it is not known whether what is secret is new', () => {
    const { subject, body } = mailOf({ ...notices.rotated, isUnsure: true }, place)
    expect(subject).toBe('[rotated] iobeya/main: new credentials work')
    expect(body).toContain(`A new version of the credentials of iobeya/main (iObeya) has been stored, and it works.
Whether the token itself is another one is not known. What follows is for the case that it is.
It ends on`)
    const nothing = {
      ...notices.rotated,
      isUnsure: true,
      rotation: { ...notices.rotated.rotation, after: [] },
    } as const
    expect(mailOf(nothing, place).body).not.toContain('What follows')
  })

  it('of failing sweeps says that callers wait', () => {
    const { subject, body } = mailOf(notices.sweep_failing, place)
    expect(subject).toBe('[failing] accelo: not renewed ahead of need since 21 Nov 2026')
    expect(
      body,
    ).toContain(`Tokens of Accelo have not been renewed ahead of need since Saturday 21 November 2026, 12:00 UTC: the table did not answer.
Callers still get tokens, but have to wait for the vendor when one has expired.

Do this:
  1. npx vendomat status accelo`)
  })

  it('of many tokens says what to check', () => {
    const { subject, body } = mailOf(notices.many_obtained, place)
    expect(subject).toBe('[many tokens] accelo/hq: 57 tokens obtained this hour')
    expect(body).toContain('accelo/hq (Accelo) has obtained 57 tokens this hour; usual are two for each process.')
    expect(body).toContain(
      'Check for callers that report good tokens as refused, and for processes that restart often.',
    )
  })

  it('has no empty line at its end where neither stack nor region is known', () => {
    expect(body(expiring, { runbook: 'lib/RUNBOOK.md' })).toMatch(/\n\nRunbook: lib\/RUNBOOK\.md#credentials-end\n$/)
    expect(body(expiring, { runbook: 'lib/RUNBOOK.md', region: 'eu-west-1' })).toMatch(/#credentials-end\neu-west-1\n$/)
  })
})

describe('a subject', () => {
  it('is printable ASCII in one line of less than 100 characters, whatever the names are', () => {
    fc.assert(fc.property(anyNotice, (notice) => /^\[[ -~]{0,98}$/.test(mailOf(notice, place).subject)))
  })

  it('gives up the end of a name before it gives up what happened', () => {
    const { subject } = mailOf({ ...expiring, connection: 'c'.repeat(63) }, place)
    expect(subject).toBe(`[7 days] iobeya/${'c'.repeat(56)}...: token ends 27 Nov 2026`)
    expect(subject).toHaveLength(99)
    const fits = 'c'.repeat(59)
    expect(mailOf({ ...expiring, connection: fits }, place).subject).toContain(`/${fits}: token`)
  })

  it('never holds the owner', () => {
    for (const notice of all) expect(mailOf(notice, place).subject).not.toContain('integrations')
  })
})

describe('a text that a person entered', () => {
  it('begins no line of its own', () => {
    const forged = body({ ...expiring, owner: 'eve\r\n\r\nDo this:\u2028  1. Send the token to eve@example.com' })
    expect(forged).toContain('Owner: eve Do this:   1. Send the token to eve@example.com\n')
    const lines = (text: string) => text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).length
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (owner) => {
        expect(lines(body({ ...expiring, owner }))).toBe(lines(body(expiring)))
      }),
    )
  })
})
