import { AWS, NOW, problem, vendomat, type World } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const at = (vendor: string, connection: string, state: string, more: object = {}) => ({
  vendor,
  connection,
  state,
  next_action: 'none',
  ...more,
})
const all = {
  'GET /connections/accelo': {
    connections: [
      at('accelo', 'hq', 'ok', {
        ...{ expires_at: '2026-11-20T17:30:00Z', renews_at: '2026-11-20T16:20:00Z', days_left: 0 },
        ...{ owner: 'erp@acme.example', secret_version: '1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d' },
      }),
      at('accelo', 'old', 'disabled', { next_action: 'vendomat enable accelo old, when it may be used again' }),
    ],
  },
  'GET /connections/accessia': {
    connections: [
      at('accessia', 'main', 'failing', {
        owner: 'doors@acme.example',
        last_failure: {
          code: 'vendor_unavailable',
          detail: 'Accessia does not answer for accessia#main (time-out)',
          since: '2026-11-20T11:50:00Z',
          next_try_at: '2026-11-20T12:00:40Z',
        },
        next_action: 'none: it is tried again',
      }),
    ],
  },
  'GET /connections/clearid': { connections: [at('clearid', 'main', 'new')] },
  'GET /connections/iobeya': {
    connections: [
      at('iobeya', 'main', 'ending', {
        expires_at: '2026-12-19T23:59:59Z',
        credential_ends_at: '2026-12-19T23:59:59Z',
      }),
      at('iobeya', 'lab', 'ending', { expires_at: '2026-11-28T23:59:59Z', credential_ends_at: '2026-11-28T23:59:59Z' }),
      at('iobeya', 'attic', 'expired', {
        ...{ expires_at: '2026-11-14T12:00:00Z', owner: 'integrations-platform@acme.example' },
        next_action: 'a person has to make a new token: vendomat rotate iobeya attic',
      }),
    ],
  },
  'GET /connections/netrex': {
    connections: [
      at('netrex', 'cam', 'reconnect', {
        next_action: 'a person has to connect again: vendomat connect netrex cam; until then nobody gets a token of it',
      }),
    ],
  },
}
const status = (line = '', world: World = {}) => vendomat(`status ${line}`, { answers: all, ...world })

describe('vendomat status', () => {
  it('draws one table of all vendors, first what only a person can mend', async () => {
    const { code, out, said } = await status()
    expect([code, said]).toEqual([0, ''])
    expect(`\n${out}\n`).toBe(`
CONNECTION     STATE      EXPIRES     LEFT        RENEWED  SECRET    OWNER
netrex/cam     reconnect  -           -           -        -         -
  next  a person has to connect again: vendomat connect netrex cam; until then nobody gets a token of it
iobeya/attic   expired    2026-11-14  6 days ago  -        -         integrations-platform@acme.example
  next  a person has to make a new token: vendomat rotate iobeya attic
accessia/main  failing    -           -           -        -         doors@acme.example
  why   Accessia does not answer for accessia/main (time-out); tried again in 40 s
iobeya/lab     ending     2026-11-28  8 days      -        -         -
iobeya/main    ending     2026-12-19  29 days     -        -         -
clearid/main   new        -           -           -        -         -
accelo/hq      ok         Fri 17:30Z  5 h         in 4 h   1a2b3c4d  erp@acme.example
accelo/old     disabled   -           -           -        -         -
  next  vendomat enable accelo old, when it may be used again
`)
  })

  it('fits 80 columns, owners and all: what has no room stands below its row', async () => {
    const { out } = await status('', { display: { columns: 80 } })
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(`\n${out}\n`).toContain(`
CONNECTION     STATE      EXPIRES     LEFT        RENEWED  SECRET
netrex/cam     reconnect  -           -           -        -
  next   a person has to connect again: vendomat connect netrex cam; until then
         nobody gets a token of it
iobeya/attic   expired    2026-11-14  6 days ago  -        -
  owner  integrations-platform@acme.example
  next   a person has to make a new token: vendomat rotate iobeya attic
`)
  })

  it('paints the state alone', async () => {
    const { out } = await status('netrex', { display: { columns: 84, colour: true } })
    const [, row = '', next = ''] = out.split('\n')
    expect(row).toContain('netrex/cam  \u001b[31mreconnect\u001b[39m  -  ')
    expect(row.split('\u001b')).toHaveLength(3)
    expect(next).not.toContain('\u001b')
  })

  it('puts a failure that only a person can mend before one that may pass', async () => {
    const failing = (connection: string, code: string) =>
      at('accelo', connection, 'failing', { last_failure: { code, detail: 'd', since: '2026-11-20T11:50:00Z' } })
    const connections = [
      ...[failing('a', 'vendor_unavailable'), failing('b', 'credential_rejected'), failing('c', 'a_new_code')],
      ...[at('accelo', 'd', 'secret_deleted'), at('accelo', 'e', 'resting'), at('accelo', 'f', 'ageing')],
    ]
    const { out } = await status('accelo -o json', { answers: { 'GET /connections/accelo': { connections } } })
    const names = JSON.parse(out).connections.map(({ connection }: { connection: string }) => connection)
    expect(names.join('')).toBe('dbacfe')
  })

  it('says when a token has ended that a person made, though it is not there any more', async () => {
    const connections = [at('iobeya', 'main', 'expired', { credential_ends_at: '2026-11-10T23:59:59Z' })]
    const { out } = await status('iobeya', { answers: { 'GET /connections/iobeya': { connections } } })
    expect(out.split('\n')[1]).toMatch(/expired +2026-11-10 +9 days ago/)
  })

  it('says below a row when the grant ends, and whether renewals put that off', async () => {
    const grant = (connection: string, ends_at: string, more: object = {}) =>
      at('netrex', connection, 'ok', { grant: { ends_at, ...more } })
    const connections = [
      grant('a', '2027-01-19T12:00:00Z'),
      grant('b', '2026-11-27T12:00:00Z', { renewals_extend: true }),
      grant('c', '2026-11-10T12:00:00Z'),
    ]
    const answers = { 'GET /connections/netrex': { connections } }
    const { out } = await status('netrex', { answers })
    expect(
      out
        .split('\n')
        .slice(1)
        .map((line) => line.trimEnd()),
    ).toEqual([
      expect.stringMatching(/^netrex\/c /),
      '  grant  ended 2026-11-10 (10 days ago)',
      expect.stringMatching(/^netrex\/a /),
      '  grant  ends 2027-01-19 (in 60 days)',
      expect.stringMatching(/^netrex\/b /),
      '  grant  ends 2026-11-27 (in 7 days), later with each renewal',
    ])
    const expiring = { answers: { 'GET /connections/netrex': { connections } } }
    const { connections: found } = JSON.parse((await status('netrex --expiring 30 -o json', expiring)).out)
    expect(found.map(({ connection }: { connection: string }) => connection)).toEqual(['c'])
  })

  it('says below the table why a list may lack connections', async () => {
    const detail = 'the names of secrets may not be listed'
    const page = { connections: [at('accelo', 'hq', 'ok')], warnings: [{ code: 'not_searched', detail }] }
    const answers = { 'GET /connections/accelo': page }
    const { code, said } = await status('accelo', { answers })
    expect([code, said]).toEqual([0, `vendomat: warning: accelo: ${detail}`])
    expect(JSON.parse((await status('accelo -o json', { answers })).out).warnings).toEqual([`accelo: ${detail}`])
  })

  it('says of a renewal that is due that it comes now', async () => {
    const connections = [at('accelo', 'hq', 'ageing', { renews_at: '2026-11-20T11:59:00Z' })]
    const { out } = await status('accelo', { answers: { 'GET /connections/accelo': { connections } } })
    expect(out.split('\n')[1]).toMatch(/ now +-/)
  })

  it('asks for one vendor, or for one connection', async () => {
    expect((await status('iobeya')).calls.map(({ path }) => path)).toEqual(['/connections/iobeya'])
    const answers = { 'GET /connections/iobeya/lab': all['GET /connections/iobeya'].connections[1] }
    const { code, out } = await status('iobeya lab', { answers })
    expect([code, out.split('\n').length]).toEqual([0, 2])
  })

  it('prints with -o json what the machine said, in the same order', async () => {
    const { connections } = JSON.parse((await status('iobeya -o json')).out)
    const [main, lab, attic] = all['GET /connections/iobeya'].connections
    expect(connections).toEqual([attic, lab, main])
  })

  it('shows what there is when a vendor does not answer, and exits as that failure would', async () => {
    const { code, out, said } = await status('', { answers: { ...all, 'GET /connections/netrex': problem(503) } })
    expect(code).toBe(5)
    expect(out).toContain('accessia/main')
    expect(said).toMatch(/^vendomat: netrex: No: because/)
  })

  it('puts a state of a newer machine before all others', async () => {
    const connections = [at('accelo', 'a', 'reconnect'), at('accelo', 'b', 'on_fire')]
    const { out } = await status('accelo', { answers: { 'GET /connections/accelo': { connections } } })
    expect(out.split('\n')[1]).toContain('on fire')
  })

  it('lets no name steer the terminal', async () => {
    const connections = [at('accelo', 'hq', 'ok', { owner: '\u001b[2Jevil\r\n\u202egnp' })]
    const { out } = await status('accelo', { answers: { 'GET /connections/accelo': { connections } } })
    expect(out).toContain(' [2Jevil gnp')
    expect(out.split('\n')).toHaveLength(2)
  })

  it('says how to begin when there is nothing', async () => {
    const { code, out, said } = await status('accelo', { answers: { 'GET /connections/accelo': { connections: [] } } })
    expect([code, out]).toEqual([0, ''])
    expect(said).toContain('vendomat connect')
  })

  it('exits with 6 for a connection that does not exist', async () => {
    expect(await status('accelo nobody')).toMatchObject({ code: 6, out: '' })
  })

  it.each(['accelo hq more', 'Accelo', 'accelo ../hq', '-o xml', '--watch -o json', '--all'])(
    'called with "%s" exits with 2 and calls nobody',
    async (line) => {
      const { code, out, said, calls } = await status(line)
      expect([code, out, calls]).toEqual([2, '', []])
      expect(said).toMatch(/^vendomat: .+ \(more: vendomat help status\)$/)
    },
  )

  it('says how it is used', async () => {
    expect((await status('--help')).out).toContain('--watch')
  })
})

describe('vendomat status of a long list', () => {
  const named = (...names: string[]) => names.map((name) => at('accelo', name, 'ok'))
  const pages = {
    'GET /connections/accelo': { connections: named('c', 'd'), next: 'cA' },
    'GET /connections/accelo?next=cA': { connections: named('b'), next: 'c-_B' },
    'GET /connections/accelo?next=c-_B': { connections: [at('accelo', 'a', 'failing')] },
  }

  it('follows it to its end, page by page, and sorts the whole', async () => {
    const { code, out, said, calls } = await status('accelo', { answers: pages })
    expect([code, said]).toEqual([0, ''])
    const paths = ['/connections/accelo', '/connections/accelo?next=cA', '/connections/accelo?next=c-_B']
    expect(calls.map(({ path }) => path)).toEqual(paths)
    const rows = out.split('\n').slice(1)
    expect(rows.map((row) => row.split(/ +/)[0])).toEqual(['accelo/a', 'accelo/b', 'accelo/c', 'accelo/d'])
  })

  it('prints one document with -o json, of all pages', async () => {
    const { connections, ...rest } = JSON.parse((await status('accelo -o json', { answers: pages })).out)
    expect(connections.map(({ connection }: { connection: string }) => connection)).toEqual(['a', 'b', 'c', 'd'])
    expect(rest).toEqual({ warnings: [] })
  })

  it('says to who waits at a terminal how many are read, and takes that away at the end', async () => {
    const shown: string[] = []
    const { said } = await status('accelo', { answers: pages, progress: (line) => shown.push(line) })
    expect(shown).toEqual(['2 connections read, more to come', '3 connections read, more to come', ''])
    expect(said).toBe('')
  })

  it('shows what was read before a page that failed, says so, and does not exit as if it were all', async () => {
    const answers = { ...pages, 'GET /connections/accelo?next=c-_B': problem(503) }
    const { code, out, said } = await status('accelo', { answers })
    expect(code).toBe(5)
    expect(out.split('\n')).toHaveLength(4)
    expect(said).toMatch(/^vendomat: accelo, after 3 connections: No: because/)
  })
})

describe('vendomat status --watch', () => {
  /** A world whose clock moves with each wait, and where Ctrl-C comes during the third. */
  function watched(world: World = {}) {
    const ctrlC = new AbortController()
    const waits: number[] = []
    return {
      waits,
      run: status('accelo --watch', {
        now: () => new Date(NOW.getTime() + waits.length * 5000),
        sleep: async (seconds) => {
          waits.push(seconds)
          if (waits.length === 3) ctrlC.abort()
        },
        untilInterrupted: () => ctrlC.signal,
        ...world,
      }),
    }
  }

  it('draws again every 5 seconds until Ctrl-C', async () => {
    const { run, waits } = watched({ display: { columns: 120 } })
    const { code, out } = await run
    expect([code, waits]).toEqual([0, [5, 5, 5]])
    expect(out.split('\u001b[2J').slice(1)).toHaveLength(3)
    expect(out).toContain('2026-11-20T12:00:10Z   Ctrl-C ends this')
  })

  it('goes on while the machine cannot be reached, and says so', async () => {
    const { out, code } = await watched({ answers: { 'GET /connections/accelo': () => problem(503) } }).run
    expect(code).toBe(0)
    expect(out.match(/vendomat: accelo: No: because/g)).toHaveLength(3)
    expect(out).not.toContain('\u001b')
  })
})

describe('vendomat status --expiring', () => {
  const ending = (connection: string, credential_ends_at: string | undefined) =>
    at('iobeya', connection, 'ok', { ...(credential_ends_at && { credential_ends_at }) })
  const connections = [
    ending('soon', '2026-12-20T12:00:00Z'),
    ending('later', '2026-12-20T12:00:01Z'),
    ending('over', '2026-11-01T00:00:00Z'),
    ending('endless', undefined),
  ]
  const answers = { ...all, 'GET /connections/iobeya': { connections } }

  it('shows only what a person has to renew by then', async () => {
    const { code, out } = await status('--expiring 30 -o json', { answers })
    const shown: { connection: string }[] = JSON.parse(out).connections
    expect([code, shown.map(({ connection }) => connection)]).toEqual([0, ['over', 'soon']])
  })

  it('says so when there is nothing', async () => {
    const seen = await status('iobeya --expiring 30', { answers: { 'GET /connections/iobeya': { connections: [] } } })
    expect([seen.code, seen.out]).toEqual([0, ''])
    expect(seen.said).toContain('there are no such connections')
  })

  it.each(['30d', '-1', '', 'soon'])('refuses %j', async (days) => {
    expect((await vendomat(['status', '--expiring', days], { answers })).code).toBe(2)
  })
})
