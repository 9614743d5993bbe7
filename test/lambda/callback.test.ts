import { answer as answerApi } from '../../functions/api/app.ts'
import type { VendingEvent } from '../../functions/api/audit.ts'
import { disable } from '../../functions/api/revoke.ts'
import { dynamoConsents } from '../../functions/aws/dynamo-consents.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { lambdaInvoke } from '../../functions/aws/invoke.ts'
import { beginConsent, beginHostedConsent, finishConsent } from '../../functions/consent/consent.ts'
import type { ConsentStore } from '../../functions/consent/store.ts'
import type { TokenStore } from '../../functions/core/store.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import {
  answerCallback,
  type CallbackEvent,
  type CallbackLine,
  type CallbackWorld,
} from '../../functions/lambda/callback.ts'
import { answerExchange } from '../../functions/lambda/exchange.ts'
import { localAws } from '../support/local-aws.ts'
import { memoryTable } from '../support/memory-store.ts'
import { broken, fakeVendor, The, world } from '../support/world.ts'

const URL_BASE = 'https://callback.example/v1'
const CODE = 'canary-code'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

interface Stores {
  readonly tokens: TokenStore
  readonly consents: ConsentStore
}

const stores: Readonly<Record<string, () => Promise<Stores>>> = {
  memory: async () => memoryTable(),
  DynamoDB: async () => {
    const table = { client: aws.dynamo, table: await aws.createTable() }
    const envelope = kmsEnvelope(aws.kms, aws.keyId, () => The.now)
    return {
      tokens: dynamoTokens({ ...table, envelope, onUnsealable: () => {} }),
      consents: dynamoConsents(table),
    }
  },
}

type Asked = Readonly<Record<string, readonly string[]>>

interface Details {
  readonly method?: string
  readonly resource?: string
  readonly vendor?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

function call(query: Asked, details: Details = {}): CallbackEvent {
  const { method = 'GET', resource = '/oauth/{vendor}/callback', headers = {} } = details
  const vendor = 'vendor' in details ? details.vendor : 'acme'
  return {
    httpMethod: method,
    resource,
    pathParameters: vendor === undefined ? null : { vendor },
    headers: { ...headers },
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, values]) => [name, [...values]]),
    ),
  }
}

const BEGIN = { resource: '/oauth/{vendor}/begin' }

/** A machine with a hosted callback, a vendor that wants consent, and a record of what went on. */
async function machine({ tokens, consents }: Stores = memoryTable()) {
  const exchanged: { code: string; redirectUri: string }[] = []
  const invoked: { functionName: string; event: object }[] = []
  const lines: VendingEvent[] = []
  const log: CallbackLine[] = []
  const { clock, process } = world({ tokens, consents, callbackUrl: URL_BASE })
  const runtime = process()
  let fails = false
  const vendor: Vendor = {
    ...fakeVendor({ policy: { singleUseRefreshToken: true } }).vendor,
    authorization: {
      url: (_, { redirectUri = '', state }) =>
        new URL(`https://acme.example/auth?scope=a%20b&state=${state}&redirect_uri=${encodeURIComponent(redirectUri)}`),
      exchange: async (_, { code, redirectUri }, { now }) => {
        exchanged.push({ code: code.reveal(), redirectUri })
        if (fails) throw new Error('the vendor is gone')
        const accessToken = { value: new Secret('canary-token'), issuedAt: now(), context: {} }
        return {
          accessToken: { ...accessToken, expiresAt: secondsAfter(now(), 3600) },
          refreshToken: new Secret('canary-refresh'),
        }
      },
    },
  }
  const connection = { vendor, name: The.connection }
  const exchange = (event: unknown) =>
    answerExchange(vendor, { event, requestId: 'r-1' }, runtime, (_, line) => lines.push(line))
  const callback: CallbackWorld = {
    consents,
    exchangeFunctions: new Map([
      ['acme', 'acme-exchange'],
      ['apex', 'apex-exchange'],
    ]),
    invoke: (functionName, event) => {
      invoked.push({ functionName, event })
      return exchange(JSON.parse(JSON.stringify(event)))
    },
    now: clock.now,
    record: (line) => log.push(line),
  }
  const answer = (event: CallbackEvent) => answerCallback(event, callback)

  /** A person opens the link: the ticket, and the cookie that their browser has now. */
  async function opened() {
    const { beginUrl } = await beginHostedConsent(connection, runtime)
    const state = new URL(beginUrl).searchParams.get('t') ?? ''
    const begun = await answer(call({ t: [state] }, BEGIN))
    const cookie = String(begun.headers?.['set-cookie']).split(';')[0] ?? ''
    return { state, begun, cookie, back: call({ state: [state], code: [CODE] }, { headers: { cookie } }) }
  }
  const failing = () => {
    fails = true
  }
  return {
    ...{ vendor, connection, runtime, tokens, consents, clock },
    ...{ callback, answer, opened, exchange, exchanged, invoked, lines, log, failing },
  }
}

const outcomeOf = ({ statusCode, headers, body }: Awaited<ReturnType<typeof answerCallback>>) => ({
  statusCode,
  headers,
  body,
})
const placeOf = ({ headers }: Awaited<ReturnType<typeof answerCallback>>) => headers?.location

describe.each(Object.entries(stores))('a hosted consent over %s', (_name, open) => {
  it('connects the connection: begin, the vendor, the callback, the page', async () => {
    const { opened, answer, exchanged, invoked, tokens, connection, runtime, lines } = await machine(await open())
    const { beginUrl, redirectUri } = await beginHostedConsent(connection, runtime)
    expect(beginUrl).toMatch(/^https:\/\/callback\.example\/v1\/oauth\/acme\/begin\?t=[\w-]{43}$/)
    expect(redirectUri).toBe(`${URL_BASE}/oauth/acme/callback`)
    const { state, begun, cookie, back } = await opened()
    expect(begun.statusCode).toBe(303)
    expect(placeOf(begun)).toBe(
      `https://acme.example/auth?scope=a%20b&redirect_uri=${encodeURIComponent(redirectUri)}&state=${state}`,
    )
    expect(begun.headers?.['set-cookie']).toMatch(
      /^__Host-vendomat=[\w-]{43}; Secure; HttpOnly; SameSite=Lax; Path=\/; Max-Age=600$/,
    )
    expect(cookie).not.toContain(state)
    const ended = await answer(back)
    expect([ended.statusCode, placeOf(ended), ended.body]).toEqual([303, '../done?r=ok', ''])
    expect(ended.headers?.['set-cookie']).toBe('__Host-vendomat=; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=0')
    expect(exchanged).toEqual([{ code: CODE, redirectUri }])
    expect(invoked.map(({ functionName }) => functionName)).toEqual(['acme-exchange'])
    expect((await tokens.read(connection)).token?.accessToken.value.reveal()).toBe('canary-token')
    expect(lines).toEqual([
      expect.objectContaining({
        op: 'authorize',
        caller: 'hosted callback',
        connection: 'acme#hq',
        outcome: 'connected',
      }),
    ])
  })

  it('is exchanged once, however often the browser comes back', async () => {
    const { opened, answer, exchanged, invoked } = await machine(await open())
    const { back } = await opened()
    const answers = await Promise.all(Array.from({ length: 100 }, () => answer(back)))
    expect(answers.filter((one) => placeOf(one) === '../done?r=ok')).toHaveLength(1)
    expect([invoked.length, exchanged.length]).toEqual([1, 1])
  })

  it('is not burnt by another browser', async () => {
    const { opened, answer, exchanged } = await machine(await open())
    const [mine, other] = [await opened(), await opened()]
    const wrong = call({ state: [mine.state], code: [CODE] }, { headers: { cookie: other.cookie } })
    expect(placeOf(await answer(wrong))).toBe('../done?r=no')
    expect(exchanged).toEqual([])
    expect(placeOf(await answer(mine.back))).toBe('../done?r=ok')
    expect(placeOf(await answer(other.back))).toBe('../done?r=ok')
  })

  it('is not finished through the private API, nor a private one through the callback', async () => {
    const { opened, answer, connection, runtime, tokens, exchanged, clock } = await machine(await open())
    const { state, back, cookie } = await opened()
    const code = new Secret(CODE)
    const invalid = { code: 'authorization_invalid' }
    await expect(finishConsent(connection, { state, code }, runtime)).rejects.toMatchObject(invalid)
    const own = await beginConsent(connection, 'http://127.0.0.1:1/callback', runtime)
    expect(placeOf(await answer(call({ t: [own.state] }, BEGIN)))).toBe('../done?r=no')
    const through = call({ state: [own.state], code: [CODE] }, { headers: { cookie } })
    expect(placeOf(await answer(through))).toBe('../done?r=no')
    expect(exchanged).toEqual([])
    expect(placeOf(await answer(back))).toBe('../done?r=ok')
    await finishConsent(connection, { state: own.state, code }, runtime)
    expect(exchanged).toHaveLength(2)
    expect((await tokens.read(connection)).token?.refreshAt.getTime()).toBeGreaterThan(clock.now().getTime())
  })
})

/** Each is refused before anything is taken: (the flow) -> the call. */
type Flow = Awaited<ReturnType<Awaited<ReturnType<typeof machine>>['opened']>>
const X = 'x'.repeat(43)
const withCookie = ({ cookie }: Flow, more: Details = {}): Details => ({
  ...more,
  headers: { cookie, ...more.headers },
})
const good = ({ state }: Flow): Asked => ({ state: [state], code: [CODE] })
const ODD: Readonly<Record<string, (flow: Flow) => CallbackEvent>> = {
  'no query at all': (flow) => call({}, withCookie(flow)),
  'no state': (flow) => call({ code: [CODE] }, withCookie(flow)),
  'an unknown state': (flow) => call({ state: [X], code: [CODE] }, withCookie(flow)),
  'no cookie': (flow) => call(good(flow)),
  'another cookie': (flow) => call(good(flow), { headers: { cookie: `__Host-vendomat=${X}` } }),
  'the cookie without its prefix': (flow) =>
    call(good(flow), { headers: { cookie: flow.cookie.replace('__Host-', '') } }),
  'the cookie under a prefix of its name': (flow) => call(good(flow), { headers: { cookie: `x${flow.cookie}` } }),
  'two cookies': (flow) => call(good(flow), { headers: { cookie: `${flow.cookie}; __Host-vendomat=${X}` } }),
  'an empty cookie': (flow) => call(good(flow), { headers: { cookie: '__Host-vendomat=' } }),
  'the state as cookie': (flow) => call(good(flow), { headers: { cookie: `__Host-vendomat=${flow.state}` } }),
  'the state of another vendor': (flow) => call(good(flow), withCookie(flow, { vendor: 'apex' })),
  'a vendor that is not there': (flow) => call(good(flow), withCookie(flow, { vendor: 'accelo' })),
  'a vendor called __proto__': (flow) => call(good(flow), withCookie(flow, { vendor: '__proto__' })),
  'a vendor called ..': (flow) => call(good(flow), withCookie(flow, { vendor: '..' })),
  'a vendor with a key in it': (flow) => call(good(flow), withCookie(flow, { vendor: 'acme#hq' })),
  'no vendor': (flow) => call(good(flow), withCookie(flow, { vendor: undefined })),
  'neither code nor error': (flow) => call({ state: [flow.state] }, withCookie(flow)),
  'an empty code': (flow) => call({ state: [flow.state], code: [''] }, withCookie(flow)),
  'a code of 2049 characters': (flow) => call({ state: [flow.state], code: ['c'.repeat(2049)] }, withCookie(flow)),
  'a code of 4 KB': (flow) => call({ state: [flow.state], code: ['c'.repeat(4096)] }, withCookie(flow)),
  'a code with a space': (flow) => call({ state: [flow.state], code: ['a b'] }, withCookie(flow)),
  'a code with a line break': (flow) => call({ state: [flow.state], code: [`${CODE}\n`] }, withCookie(flow)),
  'a code with a NUL': (flow) => call({ state: [flow.state], code: [`${CODE}\0`] }, withCookie(flow)),
  'a code that is not ASCII': (flow) => call({ state: [flow.state], code: ['cödé'] }, withCookie(flow)),
  'two codes': (flow) => call({ state: [flow.state], code: [CODE, CODE] }, withCookie(flow)),
  'two states': (flow) => call({ state: [flow.state, flow.state], code: [CODE] }, withCookie(flow)),
  'state[] for state': (flow) => call({ 'state[]': [flow.state], code: [CODE] }, withCookie(flow)),
  'an error beside the code': (flow) => call({ ...good(flow), error: ['access_denied'] }, withCookie(flow)),
  'two errors': (flow) => call({ state: [flow.state], error: ['a', 'b'] }, withCookie(flow)),
  'an error that is not ASCII': (flow) => call({ state: [flow.state], error: ['é'] }, withCookie(flow)),
  'a state one short': (flow) => call({ state: [flow.state.slice(1)], code: [CODE] }, withCookie(flow)),
  'a state one long': (flow) => call({ state: [`${flow.state}A`], code: [CODE] }, withCookie(flow)),
  'a state with a line break': (flow) => call({ state: [`${flow.state}\n`], code: [CODE] }, withCookie(flow)),
  'a state in another alphabet': (flow) =>
    call({ state: [`+/${flow.state.slice(2)}`], code: [CODE] }, withCookie(flow)),
  'the hash of the state': (flow) => call({ state: ['a'.repeat(64)], code: [CODE] }, withCookie(flow)),
  'a query of 8 KB': (flow) => call({ ...good(flow), more: ['m'.repeat(8192)] }, withCookie(flow)),
  'a query of 4 KB in many parameters': (flow) =>
    call(
      { ...good(flow), ...Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`p${n}`, ['12345']])) },
      withCookie(flow),
    ),
  'a prefetch': (flow) => call(good(flow), withCookie(flow, { headers: { 'Sec-Purpose': 'prefetch' } })),
  'a prerender': (flow) => call(good(flow), withCookie(flow, { headers: { 'sec-purpose': 'prefetch;prerender' } })),
  HEAD: (flow) => call(good(flow), withCookie(flow, { method: 'HEAD' })),
  POST: (flow) => call(good(flow), withCookie(flow, { method: 'POST' })),
  OPTIONS: (flow) => call(good(flow), withCookie(flow, { method: 'OPTIONS' })),
  'another resource': (flow) => call(good(flow), withCookie(flow, { resource: '/tokens/acme/{connection}' })),
  'a ticket for the second time': ({ state }) => call({ t: [state] }, BEGIN),
  'a ticket that is not one': () => call({ t: ['x'] }, BEGIN),
  'an unknown ticket': () => call({ t: [X] }, BEGIN),
  'no ticket': () => call({}, BEGIN),
}

describe('an odd call', () => {
  it.each(Object.entries(ODD))(
    'with %s is refused like every other, and the consent stays as it was',
    async (_, odd) => {
      const { opened, answer, invoked } = await machine()
      const flow = await opened()
      const refused = await answer(odd(flow))
      const plain = await answer(call({}))
      expect(outcomeOf(refused)).toEqual(outcomeOf(plain))
      expect([refused.statusCode, placeOf(refused), refused.headers?.['set-cookie']]).toEqual([
        303,
        '../done?r=no',
        undefined,
      ])
      expect(invoked).toEqual([])
      expect(placeOf(await answer(flow.back))).toBe('../done?r=ok')
    },
  )

  it.each<[string, Asked, Details]>([
    ['two tickets', {}, {}],
    ['a prefetch', {}, { headers: { 'Sec-Purpose': 'prefetch' } }],
    ['another vendor', {}, { vendor: 'apex' }],
    ['POST', {}, { method: 'POST' }],
  ])('to begin with %s leaves the ticket unused', async (name, _query, details) => {
    const { answer, connection, runtime } = await machine()
    const { beginUrl } = await beginHostedConsent(connection, runtime)
    const t = new URL(beginUrl).searchParams.get('t') ?? ''
    const odd = call({ t: name === 'two tickets' ? [t, t] : [t] }, { ...BEGIN, ...details })
    expect(outcomeOf(await answer(odd))).toEqual(outcomeOf(await answer(call({}))))
    expect((await answer(call({ t: [t] }, BEGIN))).headers?.['set-cookie']).toBeDefined()
  })

  it('that comes too late, at either step, is refused', async () => {
    const { opened, answer, clock, connection, runtime, invoked } = await machine()
    const { beginUrl } = await beginHostedConsent(connection, runtime)
    const { back } = await opened()
    clock.advance(600)
    expect(outcomeOf(await answer(back))).toEqual(outcomeOf(await answer(call({}))))
    const t = new URL(beginUrl).searchParams.get('t') ?? ''
    expect(outcomeOf(await answer(call({ t: [t] }, BEGIN)))).toEqual(outcomeOf(await answer(call({}))))
    expect(invoked).toEqual([])
  })

  it('with a used state is refused', async () => {
    const { opened, answer, invoked } = await machine()
    const { back } = await opened()
    await answer(back)
    expect(outcomeOf(await answer(back))).toEqual(outcomeOf(await answer(call({}))))
    expect(invoked).toHaveLength(1)
  })

  it.each(['iss', 'redirect', 'next', 'return_to', 'redirect_uri', 'r'])('has no effect through %s', async (name) => {
    const { opened, answer } = await machine()
    const { state, cookie } = await opened()
    const there = { [name]: ['https://evil.example/'] }
    const ended = await answer(call({ state: [state], code: [CODE], ...there }, { headers: { cookie } }))
    expect(placeOf(ended)).toBe('../done?r=ok')
    expect(JSON.stringify(ended)).not.toContain('evil')
  })
})

describe('a consent that came back', () => {
  it('with an error is over, and nothing is exchanged', async () => {
    const { opened, answer, invoked } = await machine()
    const { state, cookie, back } = await opened()
    const denied = await answer(call({ state: [state], error: ['access_denied'] }, { headers: { cookie } }))
    expect([placeOf(denied), denied.headers?.['set-cookie']]).toEqual([
      '../done?r=no',
      expect.stringContaining('Max-Age=0'),
    ])
    expect(placeOf(await answer(back))).toBe('../done?r=no')
    expect(invoked).toEqual([])
  })

  it.each(['the vendor fails', 'the connection was disabled', 'the exchange is not there'])(
    'ends like a denied one when %s',
    async (why) => {
      const { opened, answer, callback, connection, runtime, failing, exchanged } = await machine()
      const { back } = await opened()
      if (why === 'the vendor fails') failing()
      if (why === 'the connection was disabled') await disable(connection, runtime)
      const gone: CallbackWorld = { ...callback, invoke: async () => Promise.reject(new Error('403')) }
      const ended = why === 'the exchange is not there' ? await answerCallback(back, gone) : await answer(back)
      expect([placeOf(ended), ended.headers?.['set-cookie']]).toEqual([
        '../done?r=no',
        expect.stringContaining('Max-Age=0'),
      ])
      expect(exchanged).toHaveLength(why === 'the vendor fails' ? 1 : 0)
      expect(placeOf(await answer(back))).toBe('../done?r=no')
    },
  )

  it('while the table is down is refused and can be tried again', async () => {
    const { opened, callback, answer, log } = await machine()
    const { back } = await opened()
    const down = { ...callback, consents: broken(memoryTable().consents, 'takeConsent') }
    expect(outcomeOf(await answerCallback(back, down))).toEqual(outcomeOf(await answer(call({}))))
    expect(log).toEqual([{ error: 'the hosted callback failed', cause: 'VendingError' }])
    expect(placeOf(await answer(back))).toBe('../done?r=ok')
  })
})

describe('beginning through the API', () => {
  const begin = async ({ vendor, runtime }: Pick<Awaited<ReturnType<typeof machine>>, 'vendor' | 'runtime'>) => {
    const body = JSON.stringify({ hosted: true })
    const about = { operation: 'authorize', requestId: 'r-2', caller: 'arn:aws:iam::000000000000:role/ada' } as const
    const answered = await answerApi(
      vendor,
      { ...about, connection: The.connection, query: {}, body },
      runtime,
      () => {},
    )
    return { status: answered.status, ...JSON.parse(answered.body) }
  }

  it('gives the link for the person, and neither the page of the vendor nor another way to finish', async () => {
    expect(await begin(await machine())).toEqual({
      status: 200,
      begin_url: expect.stringMatching(/^https:\/\/callback\.example\/v1\/oauth\/acme\/begin\?t=[\w-]{43}$/),
      redirect_uri: `${URL_BASE}/oauth/acme/callback`,
      expires_in: 600,
    })
  })

  it('is refused where there is no hosted callback', async () => {
    const { vendor, runtime } = await machine()
    const answered = await begin({ vendor, runtime: { ...runtime, callbackUrl: undefined } })
    expect(answered).toMatchObject({ status: 400, code: 'bad_request', detail: 'this machine has no hosted callback' })
  })

  it('is refused when the credentials send people elsewhere', async () => {
    const { vendor, runtime } = await machine()
    const url = () => new URL('https://acme.example/auth?redirect_uri=https%3A%2F%2Fold.example%2F')
    const authorization = vendor.authorization && { ...vendor.authorization, url }
    const answered = await begin({ vendor: { ...vendor, ...(authorization && { authorization }) }, runtime })
    expect(answered).toMatchObject({ code: 'configuration', detail: expect.stringContaining('/oauth/acme/callback') })
  })
})

describe('the exchange', () => {
  const stateHash = 'a'.repeat(64)

  it('refuses what the callback does not say, and a consent that did not just come back', async () => {
    const { exchange, exchanged, consents, clock, lines } = await machine()
    const consent = {
      stateHash,
      key: 'acme#hq',
      redirectUri: 'https://x.example',
      expiresAt: secondsAfter(The.now, 600),
    }
    await consents.beginConsent('acme', { ...consent, authorizationUrl: 'https://acme.example/auth?a=b' })
    const event = { connection: The.connection, code: CODE, stateHash }
    const foreign = [undefined, {}, { ...event, more: 1 }, { ...event, connection: 'HQ' }, { httpMethod: 'GET' }]
    for (const one of foreign) expect(await exchange(one)).toEqual({ outcome: 'bad_request' })
    const invalid = { outcome: 'authorization_invalid' }
    expect(await exchange(event)).toEqual(invalid)
    await consents.bindConsent('acme', { stateHash, bind: 'b', now: clock.now() })
    expect(await exchange(event)).toEqual(invalid)
    await consents.takeConsent('acme', { stateHash, bind: 'b', now: clock.now() })
    expect(await exchange({ ...event, connection: 'other' })).toEqual(invalid)
    clock.advance(60)
    expect(await exchange(event)).toEqual(invalid)
    expect(exchanged).toEqual([])
    expect(lines).toHaveLength(9)
    expect(JSON.stringify(lines)).not.toContain(CODE)
  })

  it('answers no token, and writes neither token nor code', async () => {
    const { opened, callback, lines, log, exchange } = await machine()
    const answers: unknown[] = []
    const { back, state, cookie } = await opened()
    const invoke: CallbackWorld['invoke'] = async (_, event) => {
      answers.push(await exchange(event), await exchange(event))
      return answers[0]
    }
    await answerCallback(back, { ...callback, invoke })
    expect(answers).toEqual([{ outcome: 'connected' }, { outcome: 'authorization_invalid' }])
    expect(log).toEqual([{ op: 'callback', connection: 'acme#hq', outcome: 'connected' }])
    for (const word of ['canary', state, cookie]) expect(JSON.stringify([lines, log])).not.toContain(word)
  })
})

describe('every answer', () => {
  it('has the headers of the design, and the page is one of two', async () => {
    const { opened, answer } = await machine()
    const { begun, back } = await opened()
    const page = (query: Asked) => answer(call(query, { resource: '/oauth/done', vendor: undefined }))
    const pages = [await page({ r: ['ok'] }), await page({ r: ['no'] })]
    for (const { headers } of [begun, await answer(back), await answer(call({})), ...pages]) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-\S+'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'$/,
        ),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'strict-transport-security': 'max-age=31536000',
        'cross-origin-opener-policy': 'same-origin',
      })
      expect(Object.keys(headers ?? {}).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
    expect(pages.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect(pages[0]?.body).not.toBe(pages[1]?.body)
    expect(pages[0]?.body).not.toMatch(/<script|<a |<form|<img|http/)
    for (const query of [{}, { r: ['<script>'] }, { r: ['ok', 'ok'] }, { r: ['no'], state: [X] }])
      expect(outcomeOf(await page(query))).toEqual(outcomeOf(await page({ r: ['no'] })))
  })
})

describe('invoking a function', () => {
  const before = { ...process.env }
  beforeEach(() => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'local' })
  })
  afterEach(() => {
    process.env = { ...before }
  })

  it('is one signed call that is waited for', async () => {
    const seen: Request[] = []
    const http: typeof fetch = async (input, init) => {
      seen.push(new Request(input, init))
      return new Response('{"outcome":"connected"}')
    }
    expect(await lambdaInvoke('eu-west-1', http)('netrex-exchange', { a: 1 })).toEqual({ outcome: 'connected' })
    const [request] = seen
    expect([request?.method, request?.url, await request?.text()]).toEqual([
      'POST',
      'https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/netrex-exchange/invocations',
      '{"a":1}',
    ])
    expect(request?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDLOCAL\/\d{8}\/eu-west-1\/lambda\/aws4_request, SignedHeaders=\S*host\S*, Signature=/,
    )
    expect(request?.headers.get('x-amz-invocation-type')).toBe('RequestResponse')
  })

  it.each<[string, Response]>([
    ['is refused', new Response('{}', { status: 403 })],
    ['throws', new Response('{}', { headers: { 'x-amz-function-error': 'Unhandled' } })],
    ['was only queued', new Response('', { status: 202 })],
  ])('fails when it %s', async (_, response) => {
    await expect(lambdaInvoke('eu-west-1', async () => response)('f', {})).rejects.toThrow('the function answered')
  })
})
