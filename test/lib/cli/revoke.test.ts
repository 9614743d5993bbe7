import { AWS, vendomat, type World } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const revoked = (vendor_revocation: string) => ({
  vendor: 'netrex',
  connection: 'main',
  revoked: true,
  vendor_revocation,
  next_action: 'connect again',
})
const revoke = (line: string, world: World = {}) =>
  vendomat(`revoke ${line}`, { answers: { 'DELETE /tokens/netrex/main': revoked('done') }, ...world })

describe('vendomat revoke', () => {
  it.each(['y', 'Yes'])('asks, and does it after "%s"', async (line) => {
    const { code, out, said, calls, asked } = await revoke('netrex main', { types: [line] })
    expect([code, out, calls.length, asked.length]).toEqual([
      0,
      'netrex/main revoked; the vendor has ended it too',
      1,
      1,
    ])
    expect(calls[0]).toMatchObject({ method: 'DELETE', path: '/tokens/netrex/main', body: undefined })
    expect(said).toBe('next step: connect again')
  })

  it.each(['', 'n', 'yesterday'])('leaves everything as it is after "%s"', async (line) => {
    const { code, out, calls } = await revoke('netrex main', { types: [line] })
    expect([code, out, calls]).toEqual([1, '', []])
  })

  it('stops at Ctrl-C', async () => {
    expect(await revoke('netrex main', { types: ['^C'] })).toMatchObject({ code: 130, calls: [] })
  })

  it('does not ask with --yes', async () => {
    expect(await revoke('netrex main --yes')).toMatchObject({ code: 0, asked: [] })
  })

  it('needs --yes where there is no terminal', async () => {
    const { code, said, calls } = await revoke('netrex main')
    expect([code, calls]).toEqual([2, []])
    expect(said).toContain('--yes')
  })

  it.each([
    ['failed', 1, 'DID NOT CONFIRM'],
    ['not_offered', 0, 'offers no revocation'],
    ['nothing_to_revoke', 0, 'no token'],
    ['news', 0, 'at the vendor: news'],
  ])('says what became of it at the vendor: %s', async (outcome, expected, words) => {
    const { code, out } = await revoke('netrex main --yes', {
      answers: { 'DELETE /tokens/netrex/main': revoked(outcome) },
    })
    expect(code).toBe(expected)
    expect(out).toContain(words)
  })

  it.each(['', 'netrex', 'netrex main more', 'netrex ../main', 'netrex main --force'])(
    'called with "%s" exits with 2 and calls nobody',
    async (line) => {
      const { code, said, calls } = await revoke(line, { types: ['y'] })
      expect([code, calls]).toEqual([2, []])
      expect(said).toMatch(/^vendomat: .+ \(more: vendomat help revoke\)$/)
    },
  )

  it('says how it is used', async () => {
    expect((await revoke('--help')).out).toContain('--yes')
  })
})
