import { AWS, problem, vendomat } from './shell.ts'

beforeAll(() => Object.assign(process.env, AWS))

const view = {
  vendor: 'iobeya',
  connection: 'main',
  state: 'ok',
  next_action: 'none',
  credential_ends_at: '2026-12-04T12:00:00Z',
  next_notice_at: '2026-11-27T00:00:00Z',
}
const answers = { 'POST /connections/iobeya/main/acknowledgement': view }

describe('vendomat ack', () => {
  it('acknowledges to the machine, and says when the next notice goes out', async () => {
    const seen = await vendomat(['ack', 'iobeya', 'main', '--note', 'ticket 4711'], { answers })
    const next = 'the next notice goes out on 2026-11-27 unless the credentials are rotated'
    expect([seen.code, seen.out]).toEqual([0, `iobeya/main is acknowledged; ${next}`])
    expect(seen.calls.map(({ body }) => body)).toEqual([{ note: 'ticket 4711' }])
    expect(seen.said).toContain('the credentials end on 2026-12-04')
  })

  it('acknowledges the end of the grant where it is told to, and speaks of that', async () => {
    const grant = { ends_at: '2026-12-24T12:00:00Z', next_notice_at: '2026-12-10T00:00:00Z' }
    const both = { 'POST /connections/iobeya/main/acknowledgement': { ...view, grant } }
    const seen = await vendomat(['ack', 'iobeya', 'main', '--grant', '--note', 'on it'], { answers: both })
    const next = 'the next notice goes out on 2026-12-10 unless somebody connects again'
    expect(seen.out).toBe(`iobeya/main is acknowledged; ${next}`)
    expect(seen.calls.map(({ body }) => body)).toEqual([{ of: 'grant', note: 'on it' }])
    expect(seen.said).toContain('the grant ends on 2026-12-24')
    expect((await vendomat('ack iobeya main', { answers: both })).out).toContain('2026-11-27 unless the credentials')
  })

  it('speaks of the grant where there is no notice of the credentials', async () => {
    const { next_notice_at, credential_ends_at: _, ...rest } = view
    const grant = { ends_at: '2026-12-24T12:00:00Z', next_notice_at }
    const answers = { 'POST /connections/iobeya/main/acknowledgement': { ...rest, grant } }
    expect((await vendomat('ack iobeya main', { answers })).said).toContain('the grant ends on 2026-12-24')
  })

  it('names no date where no notice follows', async () => {
    const { next_notice_at: _, ...last } = view
    const seen = await vendomat('ack iobeya main', {
      answers: { 'POST /connections/iobeya/main/acknowledgement': last },
    })
    expect([seen.code, seen.out]).toEqual([0, 'iobeya/main is acknowledged'])
  })

  it('needs no note', async () => {
    const seen = await vendomat('ack iobeya main', { answers })
    expect(seen.calls.map(({ body }) => body)).toEqual([{}])
  })

  it.each([
    ['ack iobeya', 2],
    ['ack iobeya main --note', 2],
    [['ack', 'iobeya', 'main', '--note', ' '], 2],
    [['ack', 'iobeya', 'main', '--note', 'x'.repeat(201)], 2],
  ] as const)('refuses %j', async (command, code) => {
    const seen = await vendomat(command, { answers })
    expect([seen.code, seen.calls]).toEqual([code, []])
  })

  it('says so when there is nothing to acknowledge', async () => {
    const refused = { 'POST /connections/iobeya/main/acknowledgement': () => problem(400, 'bad_request') }
    const seen = await vendomat('ack iobeya main', { answers: refused })
    expect([seen.code, seen.out]).toEqual([2, ''])
    expect(seen.said).toContain('because')
  })
})
