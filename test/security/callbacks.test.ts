import { randomBytes } from 'node:crypto'
import { type AttributeValue, type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { jest } from '@jest/globals'
import { disable, revoke } from '../../functions/api/revoke.ts'
import { dynamoConsents } from '../../functions/aws/dynamo-consents.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { beginConsent, beginHostedConsent } from '../../functions/consent/consent.ts'
import { sha256 } from '../../functions/consent/hash.ts'
import { type CallbackEvent, callbackHandler } from '../../functions/lambda/callback.ts'
import { answerExchange } from '../../functions/lambda/exchange.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { figure } from '../support/figure.ts'
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
import { machineTemplate } from '../support/machine-stack.ts'
import { fakeSecrets, world } from '../support/world.ts'

const { vendor, exchanged, server } = consentingVendor('netrex')
const invoked: unknown[] = []
const lines: string[] = []
const environment = { ...process.env }
let aws: Awaited<ReturnType<typeof localAws>>
let table: string
let runtime: Machine
/** The public function, as Lambda runs it. */
let answer: ReturnType<typeof callbackHandler>
/** By so much the clock is behind that consents are begun by. */
let behindSeconds = 0
const now = () => new Date(Date.now() - behindSeconds * 1000)

/** The function that exchanges codes, as who may invoke it sees it. */
const exchange = (event: unknown) => answerExchange(vendor, { event, requestId: 'r-1' }, runtime, () => {})

beforeAll(async () => {
  const invoke = async (event: unknown) => {
    invoked.push(event)
    return exchange(event)
  }
  aws = await localAws({ functions: new Map([['netrex-exchange', { invoke, logFile: '' }]]) })
  table = await aws.createTable()
  Object.assign(process.env, {
    ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'local' },
    ...{ AWS_ENDPOINT_URL: aws.url, AWS_ENDPOINT_URL_DYNAMODB: aws.dynamoUrl },
    VENDOMAT_TABLE: table,
    VENDOMAT_EXCHANGE_FUNCTIONS: JSON.stringify({ netrex: 'netrex-exchange', apex: 'apex-exchange' }),
  })
  answer = callbackHandler()
  const sealing = { client: aws.dynamo, table, envelope: kmsEnvelope(aws.kms, aws.keyId, now), onUnsealable: () => {} }
  const ports = { tokens: dynamoTokens(sealing), consents: dynamoConsents(sealing), callbackUrl: CALLBACK_URL, now }
  const anySecret = { read: async () => ({ document: { password: 'p1' }, version: 'v1' }) }
  runtime = world({ ...ports, credentials: { ...fakeSecrets(now).source(), ...anySecret } }).process()
})
afterAll(async () => {
  process.env = environment
  await aws.close()
})
beforeEach(() => {
  behindSeconds = 0
  server.fails = false
  server.endpoint = 'https://netrex.example/token'
  server.issuer = undefined
  lines.length = 0
  invoked.length = 0
  exchanged.length = 0
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
})
afterEach(() => {
  jest.restoreAllMocks()
})

const call = (query: Asked, details: Details = {}) => callbackCall(query, { vendor: 'netrex', ...details })

let connections = 0
/** A connection of its own for each test, as at most three consents of one are open. */
const freshConnection = () => ({ vendor, name: `c${connections++}` })

async function begun(connection = freshConnection()) {
  const { beginUrl } = await beginHostedConsent(connection, ADA, runtime)
  return { connection, state: new URL(beginUrl).searchParams.get('t') ?? '' }
}

/** A person has opened the link: the ticket, and the cookie that their browser has now. */
async function opened(connection = freshConnection()) {
  const { state } = await begun(connection)
  const sent = await answer(call({ t: [state] }, BEGIN))
  const cookie = String(sent.headers?.['set-cookie']).split(';')[0] ?? ''
  return { connection, state, cookie, sent, back: call({ state: [state], code: [CODE] }, { headers: { cookie } }) }
}
type Flow = Awaited<ReturnType<typeof opened>>

/** What the log says of the last call, and the page that its browser sees. */
const outcomes = (): string[] => lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line).outcome] : []))
async function pageOf(answered: Awaited<ReturnType<typeof answer>>): Promise<string> {
  const { searchParams } = new URL(String(answered.headers?.location), `${CALLBACK_URL}/oauth/netrex/callback`)
  const query = Object.fromEntries([...searchParams].map(([name, value]) => [name, [value]]))
  const { body } = await answer(call(query, { resource: '/oauth/done', vendor: '' }))
  return body.replace(searchParams.get('id') ?? '?', '')
}

const X = 'x'.repeat(43)
const good = ({ state }: Flow): Asked => ({ state: [state], code: [CODE] })
const withCookie = ({ cookie }: Flow, more: Details = {}): Details => ({
  ...more,
  headers: { cookie, ...more.headers },
})
const back = (flow: Flow, query: object, more?: Details) => call({ ...good(flow), ...query }, withCookie(flow, more))

/** Of these the shape alone is wrong: what the log says of each, and the call. */
const MISSHAPEN: readonly [string, string, (flow: Flow) => CallbackEvent][] = [
  ['no query at all', 'state_malformed', (flow) => call({}, withCookie(flow))],
  ['no state', 'state_malformed', (flow) => back(flow, { state: [] })],
  ['two states', 'state_malformed', (flow) => back(flow, { state: [flow.state, flow.state] })],
  ['state[] for state', 'state_malformed', (flow) => back(flow, { state: [], 'state[]': [flow.state] })],
  ['a state one short', 'state_malformed', (flow) => back(flow, { state: [flow.state.slice(1)] })],
  ['a state one long', 'state_malformed', (flow) => back(flow, { state: [`${flow.state}A`] })],
  ['a state with a line break', 'state_malformed', (flow) => back(flow, { state: [`${flow.state}\n`] })],
  ['a state with an encoded one', 'state_malformed', (flow) => back(flow, { state: [`${flow.state}%0A`] })],
  ['a state in another alphabet', 'state_malformed', (flow) => back(flow, { state: [`+/${flow.state.slice(2)}`] })],
  ['the hash of the state', 'state_malformed', (flow) => back(flow, { state: [sha256(flow.state)] })],
  ['no cookie', 'cookie_malformed', (flow) => call(good(flow))],
  ['the cookie without its prefix', 'cookie_malformed', (flow) => withOther(flow, flow.cookie.replace('__Host-', ''))],
  ['the cookie under a longer name', 'cookie_malformed', (flow) => withOther(flow, `x${flow.cookie}`)],
  ['two cookies', 'cookie_malformed', (flow) => withOther(flow, `${flow.cookie}; __Host-vendomat=${X}`)],
  ['an empty cookie', 'cookie_malformed', (flow) => withOther(flow, '__Host-vendomat=')],
  ['neither code nor error', 'code_malformed', (flow) => back(flow, { code: [] })],
  ['an empty code', 'code_malformed', (flow) => back(flow, { code: [''] })],
  ['a code of 2049 characters', 'code_malformed', (flow) => back(flow, { code: ['c'.repeat(2049)] })],
  ['a code of 4 KB', 'query_too_long', (flow) => back(flow, { code: ['c'.repeat(4096)] })],
  ['a code with a space', 'code_malformed', (flow) => back(flow, { code: ['a b'] })],
  ['a code with a line break', 'code_malformed', (flow) => back(flow, { code: [`${CODE}\n`] })],
  ['a code with a NUL', 'code_malformed', (flow) => back(flow, { code: [`${CODE}\0`] })],
  ['a code that is not ASCII', 'code_malformed', (flow) => back(flow, { code: ['cödé'] })],
  ['two codes', 'code_malformed', (flow) => back(flow, { code: [CODE, CODE] })],
  ['an error beside the code', 'code_malformed', (flow) => back(flow, { error: ['access_denied'] })],
  ['two errors', 'code_malformed', (flow) => back(flow, { code: [], error: ['a', 'b'] })],
  ['an error that is not ASCII', 'code_malformed', (flow) => back(flow, { code: [], error: ['é'] })],
  ['two issuers', 'issuer_malformed', (flow) => back(flow, { iss: ['https://netrex.example', 'https://b.example'] })],
  ['an issuer that is no https URL', 'issuer_malformed', (flow) => back(flow, { iss: ['http://netrex.example'] })],
  ['a query of 8 KB', 'query_too_long', (flow) => back(flow, { more: ['m'.repeat(8192)] })],
  [
    'a query of 4 KB in many parameters',
    'query_too_long',
    (flow) => back(flow, Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`p${n}`, ['12345']]))),
  ],
  ['a prefetch', 'prefetch', (flow) => back(flow, {}, { headers: { 'Sec-Purpose': 'prefetch' } })],
  ['a prerender', 'prefetch', (flow) => back(flow, {}, { headers: { 'sec-purpose': 'prefetch;prerender' } })],
  ['an older prefetch', 'prefetch', (flow) => back(flow, {}, { headers: { Purpose: 'prefetch' } })],
  ['HEAD', 'no_such_route', (flow) => back(flow, {}, { method: 'HEAD' })],
  ['POST', 'no_such_route', (flow) => back(flow, {}, { method: 'POST' })],
  ['OPTIONS', 'no_such_route', (flow) => back(flow, {}, { method: 'OPTIONS' })],
  ['another resource', 'no_such_route', (flow) => back(flow, {}, { resource: '/tokens/netrex/{connection}' })],
  ['a vendor that is not there', 'no_such_vendor', (flow) => back(flow, {}, { vendor: 'accelo' })],
  ['a vendor called __proto__', 'no_such_vendor', (flow) => back(flow, {}, { vendor: '__proto__' })],
  ['a vendor called ..', 'no_such_vendor', (flow) => back(flow, {}, { vendor: '..' })],
  ['a vendor with a key in it', 'no_such_vendor', (flow) => back(flow, {}, { vendor: 'netrex#c0' })],
  ['no vendor', 'no_such_vendor', (flow) => back(flow, {}, { vendor: '' })],
  ['no ticket', 'ticket_malformed', () => call({}, BEGIN)],
  ['a ticket that is not one', 'ticket_malformed', () => call({ t: ['x'] }, BEGIN)],
  ['two tickets', 'ticket_malformed', ({ state }) => call({ t: [state, X] }, BEGIN)],
  // What somebody sends who may invoke the function. The cast: nothing at all is what there is.
  ['an empty event', 'no_such_route', () => ({}) as CallbackEvent],
]
const withOther = (flow: Flow, cookie: string) => call(good(flow), { headers: { cookie } })

/** These are refused by the table. */
const NOT_VALID: readonly [string, string, (flow: Flow, other: Flow) => CallbackEvent][] = [
  ['an unknown state', 'state_not_valid', (flow) => back(flow, { state: [X] })],
  ['another cookie', 'state_not_valid', (flow) => withOther(flow, `__Host-vendomat=${X}`)],
  ["another flow's cookie", 'state_not_valid', (flow, other) => withOther(flow, other.cookie)],
  ['the state as cookie', 'state_not_valid', (flow) => withOther(flow, `__Host-vendomat=${flow.state}`)],
  ['the state of another vendor', 'state_not_valid', (flow) => back(flow, {}, { vendor: 'apex' })],
  ['a ticket for the second time', 'ticket_not_valid', ({ state }) => call({ t: [state] }, BEGIN)],
  ['an unknown ticket', 'ticket_not_valid', () => call({ t: [X] }, BEGIN)],
  [
    'the ticket of another vendor',
    'ticket_not_valid',
    ({ state }) => call({ t: [state] }, { ...BEGIN, vendor: 'apex' }),
  ],
]

describe('an odd call with', () => {
  let other: Flow
  let refusals = 0
  beforeAll(async () => {
    other = await opened()
  })

  it.each([...MISSHAPEN, ...NOT_VALID])(
    '%s is refused like every other, and the state stays unused',
    async (_, outcome, odd) => {
      const flow = await opened()
      const refused = await answer(odd(flow, other))
      const plain = await answer(call({}))
      expect(seenOf(refused)).toEqual(seenOf(plain))
      expect([refused.statusCode, placeOf(refused), refused.headers?.['set-cookie']]).toEqual([
        ...[303, '../done?r=no', undefined],
      ])
      expect(await pageOf(refused)).toBe(await pageOf(plain))
      expect([invoked, exchanged]).toEqual([[], []])
      expect(outcomes()).toEqual([outcome, 'state_malformed'])
      expect(placeOf(await answer(flow.back))).toBe('../done?r=ok')
      expect([invoked.length, exchanged.length]).toEqual([1, 1])
      for (const word of [CODE, flow.state, flow.cookie.split('=')[1] ?? '', sha256(flow.state)])
        expect(lines.join('')).not.toContain(word)
      refusals += 1
    },
  )

  it.each<[string, Asked, Details]>([
    ['two tickets', { t: [X] }, {}],
    ['a prefetch', {}, { headers: { 'Sec-Purpose': 'prefetch' } }],
    ['another vendor', {}, { vendor: 'apex' }],
    ['POST', {}, { method: 'POST' }],
  ])('%s leaves the ticket unused', async (_, { t = [] }, details) => {
    const { state } = await begun()
    const refused = await answer(call({ t: [state, ...t] }, { ...BEGIN, ...details }))
    expect(seenOf(refused)).toEqual(seenOf(await answer(call({}))))
    expect((await answer(call({ t: [state] }, BEGIN))).headers?.['set-cookie']).toBeDefined()
  })

  afterAll(() => {
    const all = MISSHAPEN.length + NOT_VALID.length
    figure('callback-state', `${refusals} of ${all} odd requests: one page, state unused, 0 exchanges`)
  })
})

/** These come to their end: what the log says, what happens before the browser is back, and how often a code is exchanged. */
const OVER: readonly [string, string, (flow: Flow) => unknown, number][] = [
  ['a used state', 'state_not_valid', (flow) => answer(flow.back), 1],
  ['its connection disabled', 'connection_disabled', ({ connection }) => disable(connection, runtime), 0],
  ['its epoch moved', 'authorization_invalid', ({ connection }) => revoke(connection, runtime), 0],
  [
    'its token endpoint changed',
    'authorization_invalid',
    () => {
      server.endpoint = 'https://netrex.example/elsewhere'
    },
    0,
  ],
  [
    'a vendor that fails',
    'internal',
    () => {
      server.fails = true
    },
    1,
  ],
]

describe('a consent that is over, with', () => {
  it.each(OVER)('%s, ends on the page of every other', async (_, outcome, happens, exchanges) => {
    const flow = await opened()
    await happens(flow)
    const ended = await answer(flow.back)
    const plain = await answer(call({}))
    expect([ended.statusCode, placeOf(ended), ended.body]).toEqual([plain.statusCode, placeOf(plain), plain.body])
    expect(await pageOf(ended)).toBe(await pageOf(plain))
    expect(outcomes().slice(-2)).toEqual([outcome, 'state_malformed'])
    expect(placeOf(await answer(flow.back))).toBe('../done?r=no')
    expect(exchanged).toHaveLength(exchanges)
  })

  it('an error alone, ends on the page of every other', async () => {
    const flow = await opened()
    const denied = await answer(back(flow, { code: [], error: ['access_denied'] }))
    expect([denied.statusCode, placeOf(denied)]).toEqual([303, '../done?r=no'])
    expect(await pageOf(denied)).toBe(await pageOf(await answer(flow.back)))
    expect(outcomes()).toEqual(['authorization_denied', 'state_not_valid'])
    expect(invoked).toEqual([])
  })

  it('its ten minutes gone by, is refused at either step', async () => {
    behindSeconds = 601
    const late = await begun()
    expect(seenOf(await answer(call({ t: [late.state] }, BEGIN)))).toEqual(seenOf(await answer(call({}))))
    behindSeconds = 0
    const flow = await opened()
    await write(aws.dynamo, 'netrex#FLOW', sha256(flow.state), { until: { N: String(Date.now()) } })
    expect(seenOf(await answer(flow.back))).toEqual(seenOf(await answer(call({}))))
    expect(outcomes()).toEqual(['ticket_not_valid', 'state_malformed', 'state_not_valid', 'state_malformed'])
    expect(exchanged).toEqual([])
  })

  it('the table down, can be tried again', async () => {
    const flow = await opened()
    process.env.VENDOMAT_TABLE = 'not-there'
    const down = callbackHandler()
    process.env.VENDOMAT_TABLE = table
    expect(seenOf(await down(flow.back))).toEqual(seenOf(await answer(call({}))))
    expect(outcomes()).toEqual(['store_unavailable', 'state_malformed'])
    expect(placeOf(await answer(flow.back))).toBe('../done?r=ok')
  })

  it('a hundred equal requests at once, is exchanged once', async () => {
    const { back } = await opened()
    const answers = await Promise.all(Array.from({ length: 100 }, () => answer(back)))
    expect(answers.filter((one) => placeOf(one) === '../done?r=ok')).toHaveLength(1)
    expect([invoked.length, exchanged.length]).toEqual([1, 1])
    figure('callback-once', `${answers.length} equal requests at once: ${exchanged.length} exchange`)
  })
})

describe('a consent of a vendor that', () => {
  const SAYS = 'https://netrex.example/tenant'

  it.each<[string, string | undefined, string | undefined]>([
    ['says who it is, and comes back from another', SAYS, 'https://evil.example'],
    ['says who it is, and comes back from its other tenant', SAYS, 'https://netrex.example/tenant2'],
    ['says who it is, and comes back without', SAYS, undefined],
    ['says nothing, and comes back from another', undefined, 'https://evil.example'],
    ['says nothing, and comes back from a longer name', undefined, 'https://netrex.example.evil.example'],
    ['says nothing, and comes back from another port', undefined, 'https://netrex.example:8443'],
  ])('%s, is over, and its code goes nowhere', async (_, issuer, iss) => {
    server.issuer = issuer
    const flow = await opened()
    const refused = await answer(back(flow, iss === undefined ? {} : { iss: [iss] }))
    expect([refused.statusCode, placeOf(refused)]).toEqual([303, '../done?r=no'])
    expect(outcomes()).toEqual(['authorization_invalid'])
    expect(placeOf(await answer(back(flow, { iss: [issuer ?? 'https://netrex.example'] })))).toBe('../done?r=no')
    expect(exchanged).toEqual([])
  })

  it.each<[string, string | undefined, string | undefined]>([
    ['says who it is, and comes back from there', SAYS, SAYS],
    ['says nothing, and comes back from its own server', undefined, 'https://netrex.example'],
    ['says nothing, and comes back from a part of its own server', undefined, SAYS],
    ['says nothing, and comes back without', undefined, undefined],
  ])('%s, is exchanged', async (_, issuer, iss) => {
    server.issuer = issuer
    const flow = await opened()
    expect(placeOf(await answer(back(flow, iss === undefined ? {} : { iss: [iss] })))).toBe('../done?r=ok')
    expect(exchanged).toHaveLength(1)
  })
})

describe('what else is sent', () => {
  const EVIL = 'https://evil.example/'
  const NO_EFFECT: readonly [string, Asked, Details][] = [
    ...['redirect', 'next', 'return_to', 'redirect_uri', 'r', 'id'].map((name): [string, Asked, Details] => [
      ...([`as ${name}`, { [name]: [EVIL] }, {}] as const),
    ]),
    ['as the host header', {}, { headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' } }],
    ['as plain http on its way', {}, { headers: { 'X-Forwarded-Proto': 'http', Forwarded: 'host=evil.example' } }],
    ['as another method in a header', {}, { headers: { 'X-HTTP-Method-Override': 'POST' } }],
  ]

  it.each(NO_EFFECT)('%s has no effect at any step', async (_, query, details) => {
    const { connection, state } = await begun()
    const sent = await answer(call({ t: [state], ...query }, { ...BEGIN, ...details }))
    const { origin, pathname } = new URL(String(sent.headers?.location))
    expect([sent.statusCode, origin + pathname]).toEqual([303, 'https://netrex.example/auth'])
    const cookie = String(sent.headers?.['set-cookie']).split(';')[0] ?? ''
    const ended = await answer(
      call({ state: [state], code: [CODE], ...query }, { headers: { cookie, ...details.headers } }),
    )
    expect([ended.statusCode, placeOf(ended)]).toEqual([303, '../done?r=ok'])
    expect(await pageOf(ended)).toContain('<h1>Connected</h1>')
    expect(JSON.stringify([sent, ended])).not.toContain('evil')
    expect((await runtime.tokens.read(connection)).token?.accessToken.value.reveal()).toBe('canary-token')
  })
})

describe('ten thousand calls that are junk', () => {
  it('reach neither the table nor a key nor the exchange', async () => {
    const flow = await opened()
    const before = aws.calls()
    const places = new Set<string>()
    for (let n = 0; n < 10_000; n++) {
      const [, , odd] = MISSHAPEN[n % MISSHAPEN.length] ?? MISSHAPEN[0] ?? []
      // Each another state and another cookie, so that nothing could be remembered of them.
      const state = randomBytes(32).toString('base64url')
      const junk = odd?.({ ...flow, state, cookie: `__Host-vendomat=${randomBytes(32).toString('base64url')}` })
      if (junk) places.add(placeOf(await answer(junk)))
    }
    expect([...places]).toEqual(['../done?r=no'])
    expect(aws.calls()).toEqual(before)
    expect(outcomes()).toHaveLength(10_000)
    expect(placeOf(await answer(flow.back))).toBe('../done?r=ok')
    figure('callback-junk', '10000 junk calls: 0 calls of DynamoDB, KMS and Lambda')
  }, 60_000)
})

interface Statement {
  readonly Action: string | string[]
  readonly Condition?: { readonly 'ForAllValues:StringLike'?: { readonly 'dynamodb:LeadingKeys'?: string[] } }
}

/** What the deployed role of the public function may do with the table, by its statements in the template. */
function statementsOfThePublicRole(): readonly Statement[] {
  const template = machineTemplate({ hostedCallback: true })
  const [fn] = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { Description: 'takes people back from vendors' } }),
  )
  const role = fn?.Properties.Role['Fn::GetAtt'][0]
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
    Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role) ? Properties.PolicyDocument.Statement : [],
  )
}

/** A client of the table that is refused what these statements do not allow, as DynamoDB would refuse it. */
function clientWith(statements: readonly Statement[]): DynamoDBClient {
  const client = aws.dynamoClient()
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const { Key } = { Key: undefined, ...args.input }
        const action = `dynamodb:${commandName.replace(/Command$/, '')}`
        const isAllowed = statements.some(({ Action, Condition }) => {
          const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []
          return [Action].flat().includes(action) && keys.some((pattern) => isLike(Key?.pk?.S ?? '', pattern))
        })
        if (!isAllowed) throw Object.assign(new Error(action), { name: 'AccessDeniedException' })
        return next(args)
      },
    { step: 'initialize' },
  )
  return client
}

const isLike = (key: string, pattern: string): boolean =>
  pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern

/** Sets attributes of an item and returns it whole; null takes one away. */
async function write(
  client: DynamoDBClient,
  pk: string,
  sk: string,
  attributes: Readonly<Record<string, AttributeValue | null>>,
) {
  const named = Object.entries(attributes).map(([name, value], n) => ({ name, value, hash: `#a${n}`, colon: `:v${n}` }))
  const set = named.filter(({ value }) => value !== null)
  const removed = named.filter(({ value }) => value === null)
  const { Attributes = {} } = await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { pk: { S: pk }, sk: { S: sk } },
      UpdateExpression: [
        set.length > 0 ? `SET ${set.map(({ hash, colon }) => `${hash} = ${colon}`).join(', ')}` : '',
        removed.length > 0 ? `REMOVE ${removed.map(({ hash }) => hash).join(', ')}` : '',
      ].join(' '),
      ExpressionAttributeNames: Object.fromEntries(named.map(({ hash, name }) => [hash, name])),
      ...(set.length > 0 && {
        ExpressionAttributeValues: Object.fromEntries(
          set.flatMap(({ colon, value }) => (value === null ? [] : [[colon, value] as const])),
        ),
      }),
      ReturnValues: 'ALL_NEW',
    }),
  )
  return Attributes
}

describe('who has taken over the public function', () => {
  const statements = statementsOfThePublicRole()
  const invalid = { outcome: 'authorization_invalid' }
  const own = { stateHash: sha256('a state of its own'), code: 'evil-code' }
  let client: DynamoDBClient
  let refusals = 0
  beforeEach(() => {
    client = clientWith(statements)
  })

  const flow = (stateHash: string, attributes: Readonly<Record<string, AttributeValue | null>> = {}) =>
    write(client, 'netrex#FLOW', stateHash, { taken: { N: String(Date.now()) }, bind: { S: 'b' }, ...attributes })

  /** All that a hosted consent has but a seal. */
  const plain = (name: string) => ({
    connection: { S: `netrex#${name}` },
    authorizationUrl: { S: 'https://netrex.example/auth' },
    issuer: { S: 'https://netrex.example' },
    until: { N: String(Date.now() + 600_000) },
  })

  const FORGERIES: readonly [string, () => Promise<unknown>][] = [
    [
      'for a consent that is nowhere',
      async () => exchange({ ...own, connection: freshConnection().name, stateHash: sha256('nowhere') }),
    ],
    [
      'for a consent that it wrote itself',
      async () => {
        const { name } = freshConnection()
        await flow(own.stateHash, plain(name))
        return exchange({ ...own, connection: name })
      },
    ],
    [
      'for one that it wrote with a seal of its own making',
      async () => {
        const { name } = freshConnection()
        const header = {
          alg: 'dir',
          enc: 'A256GCM',
          ctx: `vendomat1|netrex#${name}|consent|${own.stateHash}`,
          edk: 'AA',
        }
        const sealed = `${Buffer.from(JSON.stringify(header)).toString('base64url')}..AAAA.AAAA.AAAA`
        await flow(own.stateHash, { ...plain(name), sealed: { S: sealed } })
        return exchange({ ...own, connection: name })
      },
    ],
    [
      'for one that it wrote with the seal of another state',
      async () => {
        const { connection, state } = await begun()
        const { sealed = null } = await flow(sha256(state))
        await flow(own.stateHash, { ...plain(connection.name), sealed })
        return exchange({ ...own, connection: connection.name })
      },
    ],
    [
      'for one of another connection',
      async () => {
        const { state } = await begun()
        const { name } = freshConnection()
        await flow(sha256(state), plain(name))
        return exchange({ ...own, stateHash: sha256(state), connection: name })
      },
    ],
    [
      'for one that has ended, made to look as if it had just come back',
      async () => {
        const { connection, state, back } = await opened()
        await answer(back)
        exchanged.length = 0
        await flow(sha256(state), { ...plain(connection.name), writeId: null })
        return exchange({ ...own, stateHash: sha256(state), connection: connection.name })
      },
    ],
    [
      'for one that is over, made to last',
      async () => {
        behindSeconds = 661
        const { connection, state } = await begun()
        behindSeconds = 0
        await flow(sha256(state), { ...plain(connection.name), ttl: null })
        return exchange({ ...own, stateHash: sha256(state), connection: connection.name })
      },
    ],
    [
      'for one that goes by the private API',
      async () => {
        const connection = freshConnection()
        const asked = { redirectUri: 'http://127.0.0.1:1/callback', begunBy: ADA }
        const { state } = await beginConsent(connection, asked, runtime)
        await flow(sha256(state), plain(connection.name))
        return exchange({ ...own, stateHash: sha256(state), connection: connection.name })
      },
    ],
    [
      'for one that was pushed out by three others',
      async () => {
        const { connection, state } = await begun()
        for (let more = 0; more < 3; more++) await begun(connection)
        await flow(sha256(state))
        return exchange({ ...own, stateHash: sha256(state), connection: connection.name })
      },
    ],
  ]

  it.each(FORGERIES)('gets no code exchanged %s', async (_, attack) => {
    expect(await attack()).toEqual(invalid)
    expect(exchanged).toEqual([])
    refusals += 1
  })
  afterAll(() => figure('consent-sealed', `${refusals} of ${FORGERIES.length} forgeries: 0 exchanges`))

  it('writes consents under way and nothing else, and reads nothing it does not know the state of', async () => {
    const denied = { name: 'AccessDeniedException' }
    const { connection, state } = await begun()
    for (const [pk, sk] of [
      ['netrex#OPEN', connection.name],
      [`netrex#${connection.name}`, 'STATE'],
      [`netrex#${connection.name}`, 'TOKEN'],
      ['accelo#FLOW', own.stateHash],
      ['netrex#FLOW2', own.stateHash],
    ] as const)
      await expect(write(client, pk, sk, { open1: { S: own.stateHash } })).rejects.toMatchObject(denied)
    const get = new GetItemCommand({ TableName: table, Key: { pk: { S: 'netrex#FLOW' }, sk: { S: sha256(state) } } })
    await expect(client.send(get)).rejects.toMatchObject(denied)
    const actions = statements.flatMap(({ Action }) => Action).filter((action) => !/^(kms|logs):/.test(action))
    expect(actions.sort()).toEqual(['dynamodb:UpdateItem', 'lambda:InvokeFunction'])
  })

  it('can put a code of its own into a consent that is under way: so much remains, and it does that once', async () => {
    const { connection, state } = await begun()
    await flow(sha256(state))
    const event = { ...own, stateHash: sha256(state), connection: connection.name }
    expect([await exchange(event), await exchange(event)]).toEqual([{ outcome: 'connected' }, invalid])
    expect(exchanged.map(({ code }) => code)).toEqual(['evil-code'])
  })
})

describe('who may write the whole table but has no key', () => {
  const stateHash = sha256('another state of its own')
  const SEALS: readonly [string, (name: string) => Promise<string>][] = [
    ['no seal', async () => 'none'],
    ['the seal of another state', async (name) => sealOf(await begun({ vendor, name }))],
    ['the seal of another connection', async () => sealOf(await begun())],
  ]
  const sealOf = async ({ state }: { readonly state: string }): Promise<string> => {
    const { sealed } = await write(aws.dynamo, 'netrex#FLOW', sha256(state), { taken: { N: '0' } })
    return sealed?.S ?? ''
  }

  it.each(SEALS)('forges no consent with %s either', async (_, seal) => {
    const { name } = freshConnection()
    await write(aws.dynamo, 'netrex#FLOW', stateHash, {
      ...{ connection: { S: `netrex#${name}` }, taken: { N: String(Date.now()) }, sealed: { S: await seal(name) } },
    })
    await write(aws.dynamo, 'netrex#OPEN', name, { open1: { S: stateHash } })
    const forged = { stateHash, connection: name, code: 'evil-code' }
    expect(await exchange(forged)).toEqual({ outcome: 'authorization_invalid' })
    expect(exchanged).toEqual([])
  })
})
