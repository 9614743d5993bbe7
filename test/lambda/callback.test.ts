import { answer as answerApi } from '../../functions/api/app.ts'
import type { VendingEvent } from '../../functions/api/audit.ts'
import { disable, revoke } from '../../functions/api/revoke.ts'
import { dynamoConsents, dynamoPublicConsents } from '../../functions/aws/dynamo-consents.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { lambdaInvoke } from '../../functions/aws/invoke.ts'
import { beginConsent, beginHostedConsent, finishConsent } from '../../functions/consent/consent.ts'
import { sha256 } from '../../functions/consent/hash.ts'
import type { ConsentStore, PublicConsents } from '../../functions/consent/store.ts'
import type { TokenStore } from '../../functions/core/store.ts'
import { Secret } from '../../functions/kit/secret.ts'
import {
  answerCallback,
  type CallbackEvent,
  type CallbackLine,
  type CallbackWorld,
} from '../../functions/lambda/callback.ts'
import { answerExchange } from '../../functions/lambda/exchange.ts'
import {
  ADA,
  type Asked,
  BEGIN,
  CALLBACK_URL,
  CODE,
  callbackCall,
  consentingVendor,
  type Details,
  placeOf,
  seenOf,
} from '../support/hosted-consent.ts'
import { localAws } from '../support/local-aws.ts'
import { memoryTable } from '../support/memory-store.ts'
import { broken, The, world } from '../support/world.ts'

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
})
afterAll(() => aws.close())

interface Stores {
  readonly tokens: TokenStore
  readonly consents: ConsentStore & PublicConsents
}

const stores: Readonly<Record<string, () => Promise<Stores>>> = {
  memory: async () => memoryTable(),
  DynamoDB: async () => {
    const table = { client: aws.dynamo, table: await aws.createTable() }
    const sealing = { ...table, envelope: kmsEnvelope(aws.kms, aws.keyId, () => The.now), onUnsealable: () => {} }
    return {
      tokens: dynamoTokens(sealing),
      consents: { ...dynamoConsents(sealing), ...dynamoPublicConsents(table) },
    }
  },
}

const call = (query: Asked, details: Details = {}) => callbackCall(query, { vendor: 'acme', ...details })

/** A machine with a hosted callback, a vendor that wants consent, and a record of what went on. */
async function machine({ tokens, consents }: Stores = memoryTable()) {
  const invoked: { functionName: string; event: object }[] = []
  const lines: VendingEvent[] = []
  const log: CallbackLine[] = []
  const { clock, process } = world({ tokens, consents, callbackUrl: CALLBACK_URL })
  const runtime = process()
  const { vendor, exchanged, server } = consentingVendor()
  const connection = { vendor, name: The.connection }
  const exchange = (event: unknown) =>
    answerExchange(vendor, { event, requestId: 'r-1' }, runtime, (_, line) => lines.push(line))
  const callback: CallbackWorld = {
    consents,
    exchangeFunctions: new Map([['acme', 'acme-exchange']]),
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
    const { beginUrl } = await beginHostedConsent(connection, ADA, runtime)
    const state = new URL(beginUrl).searchParams.get('t') ?? ''
    const begun = await answer(call({ t: [state] }, BEGIN))
    const cookie = String(begun.headers?.['set-cookie']).split(';')[0] ?? ''
    return { state, begun, cookie, back: call({ state: [state], code: [CODE] }, { headers: { cookie } }) }
  }
  return {
    ...{ vendor, connection, runtime, tokens, consents, clock },
    ...{ callback, answer, opened, exchange, exchanged, invoked, lines, log, server },
  }
}

describe.each(Object.entries(stores))('a hosted consent over %s', (_name, open) => {
  it('connects the connection: begin, the vendor, the callback, the page', async () => {
    const { opened, answer, exchanged, invoked, tokens, connection, runtime, lines } = await machine(await open())
    const { beginUrl, redirectUri } = await beginHostedConsent(connection, ADA, runtime)
    expect(beginUrl).toMatch(/^https:\/\/callback\.example\/v1\/oauth\/acme\/begin\?t=[\w-]{43}$/)
    expect(redirectUri).toBe(`${CALLBACK_URL}/oauth/acme/callback`)
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
    expect(lines.map(({ op, outcome }) => `${op} ${outcome}`)).toEqual([
      ...['authorize requested', 'obtain obtained', 'rotate in_use', 'authorize connected'],
    ])
    const of = { connection: 'acme#hq', request_id: 'r-1' }
    expect(lines).toMatchObject(lines.map(() => ({ ...of, caller: expect.stringMatching(/^hosted callback/) })))
    expect(lines.at(-1)?.caller).toBe(`hosted callback, begun by ${ADA}`)
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
    const own = await beginConsent(connection, { redirectUri: 'http://127.0.0.1:1/callback', begunBy: ADA }, runtime)
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

  it.each<[string, Partial<CallbackLine>, number]>([
    ['the vendor fails', { outcome: 'internal' }, 1],
    ['the connection was disabled', { outcome: 'connection_disabled' }, 0],
    ['the connection was revoked', { outcome: 'authorization_invalid' }, 0],
    ['the vendor has another page', { outcome: 'authorization_invalid' }, 0],
    ['the vendor has another token endpoint', { outcome: 'authorization_invalid' }, 0],
    ['the exchange is not there', { outcome: 'exchange_without_answer', cause: 'Error' }, 0],
    ['the exchange answers nonsense', { outcome: 'internal' }, 0],
  ])('ends like a denied one when %s, and the log says why', async (why, line, exchanges) => {
    const { opened, answer, callback, connection, runtime, server, exchanged, log } = await machine()
    const { back } = await opened()
    if (why === 'the vendor fails') server.fails = true
    if (why === 'the connection was disabled') await disable(connection, runtime)
    if (why === 'the connection was revoked') await revoke(connection, runtime)
    if (why === 'the vendor has another page') server.page = 'https://acme.example/elsewhere'
    if (why === 'the vendor has another token endpoint') server.endpoint = 'https://acme.example/elsewhere'
    const invokes: Readonly<Record<string, CallbackWorld['invoke']>> = {
      'the exchange is not there': async () => Promise.reject(new Error('403')),
      'the exchange answers nonsense': async () => ({ outcome: '<b>' }),
    }
    const ended = await answerCallback(back, { ...callback, invoke: invokes[why] ?? callback.invoke })
    expect([placeOf(ended), ended.headers?.['set-cookie']]).toEqual([
      '../done?r=no',
      expect.stringContaining('Max-Age=0'),
    ])
    expect(exchanged).toHaveLength(exchanges)
    const support_id = String(ended.headers?.location).slice(-12)
    expect(log).toEqual([{ op: 'callback', support_id, connection: 'acme#hq', ...line }])
    expect(placeOf(await answer(back))).toBe('../done?r=no')
  })

  it('while the table is down is refused and can be tried again', async () => {
    const { opened, callback, answer, log } = await machine()
    const { back } = await opened()
    const down = { ...callback, consents: broken(memoryTable().consents, 'takeConsent') }
    const refused = await answerCallback(back, down)
    expect(seenOf(refused)).toEqual(seenOf(await answer(call({}))))
    expect(log[0]).toMatchObject({ op: 'callback', outcome: 'store_unavailable', cause: 'VendingError' })
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
      redirect_uri: `${CALLBACK_URL}/oauth/acme/callback`,
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
    const url = async () => new URL('https://acme.example/auth?redirect_uri=https%3A%2F%2Fold.example%2F')
    const authorization = vendor.authorization && { ...vendor.authorization, url }
    const answered = await begin({ vendor: { ...vendor, ...(authorization && { authorization }) }, runtime })
    expect(answered).toMatchObject({ code: 'configuration', detail: expect.stringContaining('/oauth/acme/callback') })
  })
})

describe('the exchange', () => {
  it('refuses what the callback does not say, and a consent that did not just come back', async () => {
    const { exchange, exchanged, consents, clock, lines, connection, runtime } = await machine()
    const { beginUrl } = await beginHostedConsent(connection, ADA, runtime)
    const stateHash = sha256(new URL(beginUrl).searchParams.get('t') ?? '')
    const browser = { stateHash, bind: 'b', now: clock.now() }
    const event = { connection: The.connection, code: CODE, stateHash }
    const foreign = [undefined, {}, { ...event, more: 1 }, { ...event, connection: 'HQ' }, { httpMethod: 'GET' }]
    for (const one of foreign) expect(await exchange(one)).toEqual({ outcome: 'bad_request' })
    const invalid = { outcome: 'authorization_invalid' }
    expect(await exchange({ ...event, stateHash: 'a'.repeat(64) })).toEqual(invalid)
    expect(await exchange(event)).toEqual(invalid)
    await consents.bindConsent('acme', browser)
    expect(await exchange(event)).toEqual(invalid)
    await consents.takeConsent('acme', browser)
    expect(await exchange({ ...event, connection: 'other' })).toEqual(invalid)
    clock.advance(60)
    expect(await exchange(event)).toEqual(invalid)
    expect(exchanged).toEqual([])
    expect(lines.filter(({ outcome }) => outcome === 'requested')).toHaveLength(10)
    expect(lines).toHaveLength(20)
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
    expect(log).toEqual([
      { op: 'callback', support_id: expect.any(String), connection: 'acme#hq', outcome: 'connected' },
    ])
    for (const word of ['canary', state, cookie]) expect(JSON.stringify([lines, log])).not.toContain(word)
  })
})

describe('every answer', () => {
  it('has the headers of the design, and the page is one of two', async () => {
    const { opened, answer } = await machine()
    const { begun, back } = await opened()
    const page = (query: Asked) => answer(call(query, { resource: '/oauth/done', vendor: '' }))
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
    const ids = [[], ['<b>'], ['0123456789ab', 'x'], ['0123456789AB'], ['0123456789ab0']]
    for (const query of [{}, { r: ['<script>'] }, { r: ['ok', 'ok'] }, ...ids.map((id) => ({ r: ['no'], id }))])
      expect(await page(query)).toEqual(await page({ r: ['no'] }))
    expect((await page({ r: ['no'], id: ['0123456789ab'] })).body).toContain('<small>Support id: 0123456789ab</small>')
  })

  it('to who is sent away has an id, which stands on the page and beside the reason in the log', async () => {
    const { opened, answer, log } = await machine()
    const { back } = await opened()
    const ids = new Set<string>()
    for (const event of [call({}), back, back]) {
      const place = new URL(String((await answer(event)).headers?.location), `${CALLBACK_URL}/oauth/acme/callback`)
      const id = place.searchParams.get('id') ?? ''
      const { body } = await answer(call({ r: ['no'], id: [id] }, { resource: '/oauth/done' }))
      expect(body).toContain(`Support id: ${id}`)
      ids.add(id)
    }
    expect(log.map(({ support_id, outcome }) => [support_id, outcome])).toEqual(
      [...ids].map((id, index) => [id, ['state_malformed', 'connected', 'state_not_valid'][index]]),
    )
    expect(ids.size).toBe(3)
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
    expect(await lambdaInvoke({ region: 'eu-west-1' }, http)('netrex-exchange', { a: 1 })).toEqual({
      outcome: 'connected',
    })
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
    await expect(lambdaInvoke({ region: 'eu-west-1' }, async () => response)('f', {})).rejects.toThrow(
      'the function answered',
    )
  })
})
