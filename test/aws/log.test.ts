import { jest } from '@jest/globals'
import { recordEvent } from '../../functions/aws/log.ts'
import { storeUnavailable } from '../../functions/aws/unavailable.ts'
import { VendingError } from '../../functions/core/errors.ts'
import type { VendingEvent } from '../../functions/core/event.ts'

const event: VendingEvent = {
  op: 'vend',
  request_id: '0b8f1f6e-5f0c-4e8e-9a52-1f6f0b8f5f0c',
  caller: 'arn:aws:sts::111122223333:assumed-role/billing/session',
  connection: 'accelo#hq',
  outcome: 'cache',
  fingerprint: '628022c8eb78a9f1',
  expires_in: 86_399,
  ms: 12,
}

/** The lines written, without their line ends. */
function linesOf(write: () => void): string[] {
  const written: string[] = []
  const take = (text: string | Uint8Array) => {
    written.push(String(text))
    return true
  }
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(take),
    jest.spyOn(process.stderr, 'write').mockImplementation(take),
  ]
  try {
    write()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return written.join('').split('\n').filter(Boolean)
}

describe('the audit line', () => {
  it('is one line of JSON with who, what and how it ended', () => {
    const lines = linesOf(() => recordEvent('accelo', event))
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({ level: 'INFO', time: expect.any(String), ...event })
  })

  it('takes at most 400 bytes, its line end included, however long the names are', () => {
    const longest = {
      ...event,
      caller: `arn:aws:iam::111122223333:user${'/very-long-path'.repeat(34)}/somebody`,
      connection: `clearid#${'c'.repeat(63)}`,
      outcome: 'connection_disabled',
      expires_in: 31_536_000,
      ms: 29_000,
    }
    const [line = ''] = linesOf(() => recordEvent('clearid', longest))
    expect(Buffer.byteLength(line) + 1).toBeLessThanOrEqual(400)
    expect(JSON.parse(line).caller).toMatch(/^arn:aws:iam::.*….*somebody$/)
    expect(JSON.parse(line).connection).toBe(longest.connection)
  })

  it('names the reason when a service of ours fails, and for an error nobody foresaw only its name and place', () => {
    const ours = linesOf(() =>
      recordEvent(
        'accelo',
        { ...event, outcome: 'store_unavailable' },
        storeUnavailable('the table', new Error('no permission for dynamodb:Query')),
      ),
    )
    expect(ours.join()).toContain('no permission for dynamodb:Query')
    const bug = linesOf(() =>
      recordEvent('accelo', { ...event, outcome: 'internal' }, new TypeError('canary in a message')),
    )
    expect(bug.join()).toContain('TypeError')
    expect(bug.join()).toContain('log.test.ts')
    expect(bug.join()).not.toContain('canary')
  })

  it('C26 never shows the text of what a vendor failure was caused by', () => {
    const failure = new VendingError('vendor_unavailable', 'Accelo does not answer', {
      cause: new Error('canary in a URL'),
    })
    expect(linesOf(() => recordEvent('accelo', { ...event, outcome: failure.code }, failure)).join()).not.toContain(
      'canary',
    )
  })
})
