import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { commands } from '../../../lib/cli/run.ts'
import { AWS, MACHINE, problem, vendomat, type World } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

describe('vendomat', () => {
  it.each(['--version', '-V'])('says with %s which version it is', async (line) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(await vendomat(line)).toMatchObject({ code: 0, out: `vendomat ${version}` })
  })

  it.each(Object.keys(commands))('says with "help %s" what its --help says', async (name) => {
    const { code, out, calls } = await vendomat(`help ${name}`)
    expect([code, calls]).toEqual([0, []])
    expect(out).toMatch(new RegExp(`^Usage: vendomat ${name} `))
    expect((await vendomat(`${name} whatever --no-such --help`)).out).toBe(out)
  })

  it('says in one line that there is no such command, and which there are', async () => {
    for (const line of ['revok', 'help revok', 'toString'])
      expect((await vendomat(line)).said).toMatch(
        /^vendomat: unknown command '.+'.*; there are token, .+ \(more: .+\)$/,
      )
    const { code, said } = await vendomat('revok')
    expect([code, said]).toEqual([2, expect.stringContaining('(Did you mean revoke?)')])
  })

  it('says in one line that nothing is a command', async () => {
    expect(await vendomat(['--'])).toMatchObject({ code: 2, said: 'vendomat: name a command (more: vendomat help)' })
  })

  it('has no help wider than 80 columns', async () => {
    const helps = await Promise.all(
      ['help', ...Object.keys(commands).map((name) => `help ${name}`)].map((l) => vendomat(l)),
    )
    for (const { out } of helps) expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it('says of an option that it does not have no more than that', async () => {
    const { said } = await vendomat('token accelo hq --ttl 5')
    expect(said).toBe("vendomat: unknown option '--ttl' (more: vendomat help token)")
  })

  it('says which option a misspelt one was meant to be', async () => {
    const { said } = await vendomat('token accelo hq --min-tll 5')
    expect(said).toBe("vendomat: unknown option '--min-tll' (Did you mean --min-ttl?) (more: vendomat help token)")
  })

  it.each(["--client-secret=can'a\nry", "-pcan'a\nry"])(
    'repeats nothing of a value that stands in an option',
    async (option) => {
      const { code, said } = await vendomat(['connect', 'accelo', 'hq', option])
      expect(code).toBe(2)
      expect(said).toMatch(/^vendomat: unknown option '(--client-secret|-p)' \(more: vendomat help connect\)$/)
    },
  )

  it.each(['token accelo hq more', 'openapi canary'])('repeats no argument that is too much: %s', async (line) => {
    const { code, said, calls } = await vendomat(line)
    expect([code, calls]).toEqual([2, []])
    expect(said).toMatch(/^vendomat: too many arguments for '\w+'\. Expected \d arguments? but got \d\. \(more: /)
  })
})

describe('-o', () => {
  const view = { vendor: 'accelo', connection: 'hq', state: 'ok', next_action: 'none' }
  const answers = {
    'GET /tokens/accelo/hq': { access_token: 't1', warnings: [] },
    'GET /connections/accelo/hq': view,
    'POST /connections/accelo/hq/acknowledgement': view,
    'PUT /connections/accelo/hq/owner': view,
    'PUT /connections/accelo/hq/status': view,
    'DELETE /tokens/accelo/hq': { revoked: true, vendor_revocation: 'done', next_action: 'none' },
  }

  it.each([
    ['token accelo hq', { access_token: 't1' }],
    ['status accelo hq', { connections: [view] }],
    ['ack accelo hq', view],
    ['owner accelo hq ada', view],
    ['enable accelo hq', view],
    ['disable accelo hq', view],
    ['revoke accelo hq --yes', { revoked: true, vendor_revocation: 'done' }],
  ])('json prints what came of "%s" as one document, wherever it stands', async (line, expected) => {
    const [name = '', ...rest] = line.split(' ')
    for (const options of [
      [...rest, '-o', 'json'],
      ['--output=json', ...rest],
      ['-ojson', ...rest],
    ]) {
      const { code, out } = await vendomat([name, ...options], { answers })
      expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining(expected)])
    }
  })

  it('text is the default', async () => {
    const line = 'owner accelo hq ada'
    expect((await vendomat(`${line} -o text`, { answers })).out).toBe((await vendomat(line, { answers })).out)
  })

  it.each(['owner accelo hq ada -o xml', 'owner accelo hq ada -o --', 'revoke accelo hq --yes -o table'])(
    '"%s" exits with 2, names what there is, and calls nobody',
    async (line) => {
      const { code, said, calls } = await vendomat(line, { answers })
      expect([code, calls]).toEqual([2, []])
      expect(said).toMatch(/^vendomat: -o is one of text, json \(more: /)
    },
  )

  it('is not taken out of what follows --', async () => {
    const { calls } = await vendomat(['owner', 'accelo', 'hq', '--', '-o'], { answers })
    expect(calls.map(({ body }) => body)).toEqual([{ owner: '-o' }])
  })
})

describe('a failure', () => {
  const toPort = (port: number, host = '127.0.0.1'): World => ({
    environment: { ...AWS, VENDOMAT_URL: `http://${host}:${port}` },
    vendor: fetch,
  })

  /** A port that was free a moment ago. */
  async function freePort(): Promise<number> {
    const server: Server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // A TCP server returns AddressInfo.
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    return port
  }

  it.each(['127.0.0.1', 'localhost'])('names where at %s nobody listens, and how to begin', async (host) => {
    const port = await freePort()
    const { code, said } = await vendomat('token accelo hq', toPort(port, host))
    expect(code).toBe(5)
    expect(said).toMatch(
      new RegExp(`^vendomat: http://${host}:${port} does not answer \\(ECONNREFUSED .+:${port}\\)\n`),
    )
    expect(said).toContain('next step: start the machine on this computer: npm start')
  })

  it('names how long nobody answered', async () => {
    const vendor = () => Promise.reject(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    const { said } = await vendomat('token accelo hq', { ...toPort(1), vendor })
    expect(said).toBe('vendomat: http://127.0.0.1:1 does not answer within 30 s')
  })

  it('quotes nothing of an error without a code', async () => {
    const vendor = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('canary') }))
    const { said } = await vendomat('token accelo hq', { ...toPort(1), vendor })
    expect(said).toBe('vendomat: http://127.0.0.1:1 does not answer (Error)')
  })

  it('names the time to wait, which the machine says in a header', async () => {
    const busy = problem(503)
    busy.headers.set('retry-after', '90')
    const { code, said } = await vendomat('token accelo hq', { answers: { 'GET /tokens/accelo/hq': busy } })
    expect(code).toBe(5)
    expect(said).toBe('vendomat: No: because\nnext step: try again in 90 s\nrequest: r1')
  })
})

describe('a call that takes its time', () => {
  /** A machine that answers after so many seconds, of a clock that moves when somebody sleeps. */
  async function slowly(seconds: number, line = 'owner accelo hq ada', world: World = {}) {
    let time = Date.parse('2026-11-20T12:00:00Z')
    const shown: string[] = []
    const begun = time
    let wake = () => {}
    const answer = async () => {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      return { vendor: 'accelo', connection: 'hq', state: 'ok', next_action: 'none' }
    }
    const seen = await vendomat(line, {
      answers: { 'PUT /connections/accelo/hq/owner': answer },
      environment: { ...AWS, VENDOMAT_URL: MACHINE },
      now: () => new Date(time),
      sleep: async (pause) => {
        await new Promise(setImmediate)
        time += pause * 1000
        if (time - begun >= seconds * 1000) wake()
        await new Promise(setImmediate)
      },
      progress: (text) => shown.push(text),
      ...world,
    })
    return { ...seen, shown }
  }

  it('says at a terminal from two seconds on what it waits for and how long already, and takes that away', async () => {
    const { code, out, shown } = await slowly(5)
    expect([code, out]).toEqual([0, 'accelo/hq is owned by ada'])
    expect(shown).toEqual([
      'waiting for the machine, 2 of at most 30 s',
      'waiting for the machine, 3 of at most 30 s',
      'waiting for the machine, 4 of at most 30 s',
      ...(shown.length > 4 ? ['waiting for the machine, 5 of at most 30 s'] : []),
      '',
    ])
  })

  it('says nothing before', async () => {
    expect((await slowly(1)).shown).toEqual([])
  })
})
