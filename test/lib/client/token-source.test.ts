import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import {
  MachineUnreachable,
  NoToken,
  NotAllowed,
  ReconnectNeeded,
  RotationNeeded,
  type TokenSourceOptions,
  tokenSource,
  VendorUnavailable,
} from '../../../lib/client/token-source.ts'

const START = Date.parse('2026-11-21T12:00:00Z')
const MACHINE = 'https://api.execute-api.eu-central-1.amazonaws.com/v1'
const VENDOR = 'https://vendor.example/api/things'
const at = (ms: number) => new Date(ms).toISOString()
const fingerprintOf = (token: string) => createHash('sha256').update(token).digest('hex').slice(0, 16)

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: unknown
}

/** The machine and the vendor behind one fetch, on a clock that stands still. */
function world(options: Partial<TokenSourceOptions> = {}) {
  let time = START
  /** By how much the machine's clock is ahead of ours. */
  let aheadMs = 0
  let number = 0
  let lifeSeconds: number | undefined = 3600
  let refuses: (() => Response | Promise<Response>) | undefined
  let tells: (authorization: string | null) => Response | Promise<Response> = () => new Response('ok')
  const calls: Sent[] = []
  const api: Sent[] = []

  const tokenAnswer = () => {
    const ends =
      lifeSeconds === undefined ? {} : { expires_in: lifeSeconds, expires_at: at(time + aheadMs + lifeSeconds * 1000) }
    const refresh_after = at(time + aheadMs + (lifeSeconds ?? 86_400) * 800)
    return Response.json({
      access_token: `t${++number}`,
      refresh_after,
      context: { api: 'https://hq.example' },
      ...ends,
    })
  }
  const http = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input)
    const headers = new Headers(init.headers)
    const sent = { method: init.method ?? 'GET', path: url.pathname + url.search, headers, body: init.body }
    if (url.hostname === 'vendor.example') {
      api.push(sent)
      return tells(headers.get('authorization'))
    }
    calls.push(sent)
    await new Promise(setImmediate)
    return refuses ? refuses() : tokenAnswer()
  }
  const source = tokenSource({
    vendor: 'accelo',
    connection: 'hq',
    url: MACHINE,
    credentials: async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'key' }),
    fetch: http,
    now: () => new Date(time),
    random: () => 0,
    ...options,
  })
  return {
    source,
    calls,
    api,
    advance: (seconds: number) => {
      time += seconds * 1000
    },
    machineIsAhead: (seconds: number) => {
      aheadMs = seconds * 1000
    },
    lives: (seconds: number | undefined) => {
      lifeSeconds = seconds
    },
    /** The next answer has the token of the one before. */
    sameToken: () => {
      number -= 1
    },
    refuse: (by: typeof refuses) => {
      refuses = by
    },
    answer: (by: typeof tells) => {
      tells = by
    },
  }
}

const problem = (status: number, code: string, retryAfter?: number) => () =>
  Response.json(
    { title: 'Title', detail: 'what happened', code, next_step: 'do this', request_id: 'r-1' },
    { status, headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) } },
  )
const gateway = (status: number, message: string) => () => Response.json({ message }, { status })
const silence = () => Promise.reject(new TypeError('fetch failed'))

describe('a token', () => {
  it('is asked for once, with a signed call, and kept until refresh_after', async () => {
    const { source, calls, advance } = world()
    expect(await source.getToken()).toBe('t1')
    advance(2879)
    expect(await source.getToken()).toBe('t1')
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({ method: 'GET', path: '/v1/tokens/accelo/hq' })
    expect(calls[0]?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIA\/\d+\/eu-central-1\/execute-api\//,
    )
    advance(1)
    expect(await source.getToken()).toBe('t2')
  })

  it('is asked for again up to a tenth earlier, so that processes do not come at once', async () => {
    const { source, calls, advance } = world({ random: () => 0.999 })
    await source.getToken()
    advance(2880 * 0.9)
    await source.getToken()
    expect(calls).toHaveLength(1)
    advance(5)
    await source.getToken()
    expect(calls).toHaveLength(2)
  })

  it('is asked for once by a thousand callers at the same time', async () => {
    const { source, calls } = world()
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => source.getToken()))
    expect(new Set(tokens)).toEqual(new Set(['t1']))
    expect(calls).toHaveLength(1)
  })

  it('is kept by what it has left, whatever the clock of the machine says', async () => {
    for (const ahead of [-7200, 7200]) {
      const { source, calls, advance, machineIsAhead } = world()
      machineIsAhead(ahead)
      await source.getToken()
      advance(2879)
      await source.getToken()
      expect(calls).toHaveLength(1)
      advance(1)
      await source.getToken()
      expect(calls).toHaveLength(2)
    }
  })

  it('that does not end is kept until refresh_after all the same', async () => {
    const { source, calls, advance, lives } = world()
    lives(undefined)
    await source.getToken()
    advance(69_119)
    await source.getToken()
    expect(calls).toHaveLength(1)
    advance(1)
    await source.getToken()
    expect(calls).toHaveLength(2)
  })

  it('has at least minTtlSeconds left when it is handed out', async () => {
    const { source, calls, advance } = world({ minTtlSeconds: 1800 })
    await source.getToken()
    expect(calls[0]?.path).toBe('/v1/tokens/accelo/hq?min_ttl=1800')
    advance(1799)
    expect(await source.getToken()).toBe('t1')
    advance(1)
    expect(await source.getToken()).toBe('t2')
  })

  it('that the machine gives with less than that is asked for again every five seconds, not at every call', async () => {
    const { source, calls, advance, lives } = world({ minTtlSeconds: 1800 })
    lives(600)
    await source.getToken()
    advance(4.9)
    await source.getToken()
    expect(calls).toHaveLength(1)
    advance(0.1)
    await source.getToken()
    expect(calls).toHaveLength(2)
  })

  it('gives the header and the context that the calls of the vendor need', async () => {
    const { source, calls } = world()
    expect(await source.getRequestHeaders()).toEqual({ authorization: 'Bearer t1' })
    expect(await source.getContext()).toEqual({ api: 'https://hq.example' })
    expect(calls).toHaveLength(1)
  })

  it('does not show when its source, or an error of it, is printed or serialised', async () => {
    const { source, refuse, advance } = world()
    await source.getToken()
    for (const text of [String(source), JSON.stringify(source), inspect(source, { depth: 9, showHidden: true })])
      expect(text).not.toContain('t1')
    refuse(problem(409, 'connection_disabled'))
    advance(3000)
    const error = await source.getToken().catch((error: unknown) => error)
    for (const text of [String(error), JSON.stringify(error), inspect(error, { depth: 9, showHidden: true })])
      expect(text).not.toContain('t1')
  })
})

describe('a caller who gives up', () => {
  it('hears the reason at once, and the others get their token', async () => {
    const { source, calls } = world()
    const stop = new AbortController()
    const [given, other] = [source.getToken(stop.signal), source.getToken()]
    stop.abort(new Error('no more time'))
    await expect(given).rejects.toThrow('no more time')
    expect(await other).toBe('t1')
    expect(calls).toHaveLength(1)
  })

  it('before it began hears it too', async () => {
    const { source } = world()
    await expect(source.getToken(AbortSignal.abort(new Error('no more time')))).rejects.toThrow('no more time')
  })
})

describe('a machine that gives no token', () => {
  it.each([
    [problem(424, 'not_connected'), ReconnectNeeded],
    [problem(424, 'grant_rejected'), ReconnectNeeded],
    [problem(424, 'credential_expired'), RotationNeeded],
    [problem(502, 'credential_rejected'), RotationNeeded],
    [problem(503, 'vendor_unavailable', 7), VendorUnavailable],
    [problem(503, 'grant_doubtful', 7), VendorUnavailable],
    [problem(503, 'busy', 2), MachineUnreachable],
    [problem(500, 'internal'), MachineUnreachable],
    [gateway(403, 'User is not authorized'), NotAllowed],
    [problem(403, 'forbidden'), NotAllowed],
    [gateway(429, 'Too Many Requests'), MachineUnreachable],
    [gateway(502, 'Internal server error'), MachineUnreachable],
    [problem(409, 'connection_disabled'), NoToken],
    [problem(404, 'unknown_connection'), NoToken],
    [problem(422, 'min_ttl_unavailable'), NoToken],
    [problem(502, 'configuration'), NoToken],
  ])('is an error of its kind (%#)', async (by, Kind) => {
    const { source, refuse } = world()
    refuse(by)
    const error = await source.getToken().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(NoToken)
    expect((error as Error).constructor).toBe(Kind)
    expect((error as Error).name).toBe(Kind.name)
  })

  it('says what happened, what to do next, when to call again, and which call it was', async () => {
    const { source, refuse } = world()
    refuse(problem(503, 'vendor_unavailable', 7))
    await expect(source.getToken()).rejects.toMatchObject({
      message: 'Title: what happened',
      code: 'vendor_unavailable',
      nextStep: 'do this',
      retryAfterSeconds: 7,
      requestId: 'r-1',
    })
  })

  it('is not quoted beyond the first line, where the gateway repeats what was signed', async () => {
    const { source, refuse } = world()
    refuse(gateway(403, 'The request signature we calculated does not match\nx-amz-security-token: session'))
    const error: Error = await source.getToken().then(
      () => new Error('a token'),
      (error) => error,
    )
    expect(error.message).toBe('The request signature we calculated does not match')
  })

  it('without AWS credentials is not asked', async () => {
    const missing = Object.assign(new Error('could not load'), { name: 'CredentialsProviderError' })
    const { source, calls } = world({ credentials: () => Promise.reject(missing) })
    await expect(source.getToken()).rejects.toBeInstanceOf(NotAllowed)
    expect(calls).toHaveLength(0)
  })

  it('with an answer of another kind is no machine', async () => {
    const { source, refuse } = world()
    refuse(() => new Response('<html>', { headers: { 'content-type': 'text/html' } }))
    await expect(source.getToken()).rejects.toBeInstanceOf(MachineUnreachable)
    refuse(() => Response.json(null))
    await expect(source.getToken()).rejects.toBeInstanceOf(MachineUnreachable)
  })
})

describe('while the machine is not to be reached', () => {
  it.each([
    ['does not answer', silence],
    ['is busy', problem(503, 'busy', 5)],
    ['has a gateway that fails', gateway(502, 'Internal server error')],
  ])('because it %s, the token at hand is given as long as it lives', async (_, by) => {
    const { source, refuse, advance } = world()
    await source.getToken()
    refuse(by)
    advance(3590)
    expect(await source.getToken()).toBe('t1')
    advance(6)
    await expect(source.getToken()).rejects.toBeInstanceOf(MachineUnreachable)
  })

  it('it is left alone for as long as it says', async () => {
    const { source, calls, refuse, advance } = world()
    await source.getToken()
    refuse(problem(503, 'busy', 20))
    advance(2880)
    await source.getToken()
    advance(19.9)
    await source.getToken()
    expect(calls).toHaveLength(2)
    advance(0.1)
    await source.getToken()
    expect(calls).toHaveLength(3)
  })

  it.each([
    problem(409, 'connection_disabled'),
    problem(424, 'grant_revoked'),
    problem(503, 'vendor_unavailable', 7),
    gateway(403, 'User is not authorized'),
  ])('is not said of one that refuses: the token at hand is not given any more (%#)', async (by) => {
    const { source, refuse, advance } = world()
    await source.getToken()
    refuse(by)
    advance(2880)
    await expect(source.getToken()).rejects.toBeInstanceOf(NoToken)
    refuse(silence)
    await expect(source.getToken()).rejects.toBeInstanceOf(MachineUnreachable)
  })
})

describe('a request to the vendor', () => {
  const refusesFirst = (w: ReturnType<typeof world>) =>
    w.answer((authorization) => new Response('no', { status: authorization === 'Bearer t1' ? 401 : 200 }))

  it('carries the token beside the headers of the caller', async () => {
    const { source, api } = world()
    const answer = await source.fetch(VENDOR, { headers: { accept: 'application/json' } })
    expect(await answer.text()).toBe('ok')
    expect(Object.fromEntries(api[0]?.headers ?? [])).toEqual({
      accept: 'application/json',
      authorization: 'Bearer t1',
    })
  })

  it('that is answered with 401 is reported, by its fingerprint, and sent once more with the newer token', async () => {
    const w = world()
    refusesFirst(w)
    const answer = await w.source.fetch(VENDOR, { method: 'POST', body: '{"a":1}' })
    expect(answer.status).toBe(200)
    expect(w.api.map(({ headers, body }) => [headers.get('authorization'), body])).toEqual([
      ['Bearer t1', '{"a":1}'],
      ['Bearer t2', '{"a":1}'],
    ])
    expect(w.calls.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/tokens/accelo/hq', undefined],
      ['POST', '/v1/tokens/accelo/hq/refresh', JSON.stringify({ rejected: fingerprintOf('t1') })],
    ])
    expect(await w.source.getToken()).toBe('t2')
  })

  it('is reported once by a thousand that the vendor refuses at the same time', async () => {
    const w = world()
    refusesFirst(w)
    const answers = await Promise.all(Array.from({ length: 1000 }, () => w.source.fetch(VENDOR)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(w.calls).toHaveLength(2)
  })

  it('is reported though the machine was asked meanwhile and gave the same token again', async () => {
    const w = world()
    let refusals = 0
    w.answer(async (authorization) => {
      if (authorization !== 'Bearer t1') return new Response('')
      refusals += 1
      w.sameToken()
      w.advance(2880)
      await w.source.getToken()
      return new Response('', { status: 401 })
    })
    expect((await w.source.fetch(VENDOR)).status).toBe(200)
    expect(w.calls.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST'])
    expect(refusals).toBe(1)
  })

  it('that is refused with the newer token too is not sent a third time', async () => {
    const w = world()
    w.answer(() => new Response('no', { status: 401 }))
    expect((await w.source.fetch(VENDOR)).status).toBe(401)
    expect(w.api).toHaveLength(2)
  })

  it('is left with its 401 where the machine has no other token', async () => {
    const w = world()
    refusesFirst(w)
    await w.source.getToken()
    w.refuse(problem(429, 'refresh_rate_limited', 60))
    const answer = await w.source.fetch(VENDOR)
    expect([answer.status, await answer.text()]).toEqual([401, 'no'])
    w.advance(59.9)
    await w.source.fetch(VENDOR)
    expect(w.calls).toHaveLength(2)
    // Reported again when the machine has said it may.
    w.refuse(undefined)
    w.advance(0.1)
    expect((await w.source.fetch(VENDOR)).status).toBe(200)
  })

  it.each([403, 500])('that is answered with %s is no matter of the token', async (status) => {
    const w = world()
    w.answer(() => new Response('', { status }))
    expect((await w.source.fetch(VENDOR)).status).toBe(status)
    expect(w.calls).toHaveLength(1)
  })

  it('whose body is a stream is not sent again, but reported: the next has the newer token', async () => {
    const w = world()
    refusesFirst(w)
    const body = () => new Blob(['a']).stream()
    expect((await w.source.fetch(VENDOR, { method: 'POST', body: body(), duplex: 'half' })).status).toBe(401)
    expect(w.api).toHaveLength(1)
    expect((await w.source.fetch(VENDOR, { method: 'POST', body: body(), duplex: 'half' })).status).toBe(200)
  })

  it('as a Request keeps its headers and is sent again, unless it has a body', async () => {
    for (const [init, sent] of [
      [{ headers: { 'x-id': '7' } }, 2],
      [{ headers: { 'x-id': '7' }, method: 'POST', body: 'a' }, 1],
    ] as const) {
      const w = world()
      refusesFirst(w)
      await w.source.fetch(new Request(VENDOR, init))
      expect(w.api).toHaveLength(sent)
      expect(w.api[0]?.headers.get('x-id')).toBe('7')
    }
  })
})

describe('a source that cannot work', () => {
  it.each([
    [{ vendor: 'Accelo' }, 'vendor is a name of a-z, 0-9 and "-"'],
    [{ connection: 'a/b' }, 'connection is a name of a-z, 0-9 and "-"'],
    [{ url: 'machine' }, 'VENDOMAT_URL is not an address'],
    [{ minTtlSeconds: 1.5 }, 'minTtlSeconds is a whole number of seconds'],
    [{ minTtlSeconds: -1 }, 'minTtlSeconds is a whole number of seconds'],
  ])('says so when it is made: %j', (options, message) => {
    expect(() => world(options)).toThrow(message)
  })
})
