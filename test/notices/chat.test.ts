import * as fc from 'fast-check'
import { NEVER } from '../../functions/kit/time.ts'
import { chatOf } from '../../functions/notices/chat.ts'
import { all, anyNotice, expiring, notices, place } from '../support/notices.ts'

describe('the chat message', () => {
  it('is in the schema of custom notifications, with the commands as next steps', () => {
    expect(chatOf(expiring, place)).toEqual({
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: ':warning: [7 days] iobeya/main: token ends 27 Nov 2026',
        description: `The token of \`iobeya/main\` (iObeya) ends on Friday 27 November 2026, 23:59 UTC (in 7 days).
If nothing is done, callers get errors instead of tokens from then on (HTTP 424 or 502).
Owner: \`integrations@example.com\`
Already working on it? \`npx vendomat ack iobeya main\`
Next notice: Tuesday 24 November 2026
Runbook: https://git.example/RUNBOOK.md#credentials-end`,
        nextSteps: [
          'Log in to iObeya as the machine user.',
          'Generate the token, and copy it.',
          '`npx vendomat rotate iobeya main`',
          'Take the administrator permission from the machine user again.',
        ],
        keywords: ['iobeya', 'credential-expiring', 'vendomat-prod'],
      },
      metadata: {
        threadId: 'vendomat-prod/iobeya/main/2026-11-27',
        summary: '[7 days] iobeya/main: token ends 27 Nov 2026',
        eventType: 'credential-expiring',
        additionalContext: { severity: 'warning', vendor: 'iobeya', connection: 'main', days_left: '7' },
      },
    })
  })

  it.each([
    ['recovered', ':information_source: [recovered] accelo/hq: gets tokens again'],
    ['vendor_failing', ':warning: [failing] accelo/hq: no new tokens since 21 Nov 2026'],
    ['reconnect_needed', ':rotating_light: [reconnect] accelo/hq: no new tokens since 21 Nov 2026'],
  ] as const)('of %s shows how urgent it is', (kind, title) => {
    expect(chatOf(notices[kind], place).content.title).toBe(title)
  })

  it('has no next steps where there is nothing to do', () => {
    expect(chatOf(notices.recovered, place).content).not.toHaveProperty('nextSteps')
  })

  it('is about no connection where the vendor’s sweep fails', () => {
    expect(chatOf(notices.sweep_failing, place).metadata.additionalContext).toEqual({
      severity: 'warning',
      vendor: 'accelo',
    })
  })
})

describe('a thread', () => {
  const threadOf = (notice: Parameters<typeof chatOf>[0]) => chatOf(notice, place).metadata.threadId

  it('holds all that is said of one end', () => {
    expect(threadOf({ ...expiring, daysLeft: 30, step: 30 })).toBe(threadOf(expiring))
    expect(threadOf(notices.expired)).toBe(threadOf(expiring))
    expect(threadOf(notices.grant_ended)).toBe(threadOf(notices.grant_ending))
  })

  it('of a grant is not that of credentials which end on the same day', () => {
    expect(threadOf(notices.grant_ending)).toBe('vendomat-prod/accelo/hq/grant-2026-11-27')
    expect(threadOf({ ...expiring, vendor: 'accelo', connection: 'hq' })).toBe('vendomat-prod/accelo/hq/2026-11-27')
  })

  it('begins anew with new credentials', () => {
    expect(threadOf(notices.rotated)).toBe('vendomat-prod/iobeya/main/2027-11-20')
    expect(threadOf({ ...notices.rotated, endsAt: NEVER })).toBe('vendomat-prod/iobeya/main/rotated')
  })

  it.each(['reconnect_needed', 'credentials_refused'] as const)('of %s has the news that it is over', (was) => {
    expect(threadOf({ ...notices.recovered, was })).toBe(threadOf(notices[was]))
    expect(threadOf({ ...notices.recovered, was, connection: 'other' })).not.toBe(threadOf(notices[was]))
  })

  it('of a failing vendor has the news that it is over, whichever connection began it', () => {
    const { connection: _, ...vendorOnly } = notices.recovered
    expect(threadOf({ ...vendorOnly, was: 'vendor_failing' })).toBe(threadOf(notices.vendor_failing))
    expect(threadOf({ ...notices.vendor_failing, connection: 'other' })).toBe(threadOf(notices.vendor_failing))
  })

  it('of failing sweeps has the news that they work again', () => {
    const { connection: _, ...vendorOnly } = notices.recovered
    expect(threadOf({ ...vendorOnly, was: 'sweep_failing' })).toBe(threadOf(notices.sweep_failing))
  })

  it('is not shared by different matters', () => {
    const followUps = ['expired', 'grant_ended', 'recovered']
    const threads = all.filter(({ kind }) => !followUps.includes(kind)).map(threadOf)
    expect(new Set(threads).size).toBe(all.length - followUps.length)
  })
})

describe('a text that a person entered', () => {
  const outsideCode = (text: string) => text.replace(/`[^`\n]+`/g, '')

  it.each([
    ['a mention', '<!channel>', '`!channel`'],
    ['a link', '<https://evil.example|iObeya>', '`https://evil.exampleiObeya`'],
    ['the end of its code span', 'a` *now* `b', '`a *now* b`'],
    ['another line', 'a\n# b', '`a # b`'],
    ['nothing that is left', '<|>', '`?`'],
  ])('is shown and is not %s', (_, owner, shown) => {
    expect(chatOf({ ...expiring, owner }, place).content.description.split('\n')).toContain(`Owner: ${shown}`)
  })

  it('is set in code wherever it stands, and no mark is left outside', () => {
    fc.assert(
      fc.property(anyNotice, (notice) => {
        const { title, description, nextSteps = [], keywords } = chatOf(notice, place).content
        const shown = [title.replace(/^:[a-z_]+:/, ''), description, ...nextSteps, ...keywords].map(outsideCode)
        expect(shown.filter((text) => /[`*_~<>|]/.test(text))).toEqual([])
      }),
    )
  })
})
