import fc from 'fast-check'
import { ROUTES } from '../../functions/api/routes.ts'
import { NAME } from '../../functions/kit/connection.ts'
import { figure } from '../support/figure.ts'
import { type AwsCall, emptyMachine, gatewayEvent, REFUSAL } from './events-machine.ts'
import { FUZZ_TIMEOUT_MS, fuzzRuns } from './fuzz-runs.ts'

/** In texts that a caller chooses. No answer and no refusal repeats it, and no request of ours to AWS has it. */
const MARK = 'Canary'

/** Names that a connection may have. Of one that was asked for a process remembers for 5 seconds that there is none. */
const name = fc.oneof(fc.constantFrom('hq', 'a'.repeat(63)), fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/))
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme' }).map((some) => `${some}${MARK}`),
  fc.constantFrom(
    ...[
      '',
      ' ',
      'HQ',
      '..',
      '.',
      '%68%71',
      'hq%2f',
      '%2e%2e',
      '%252e',
      'hq/',
      '/hq',
      'hq\u0000',
      'hq\n',
      'hq ',
      'ｈｑ',
    ],
    ...[
      '__proto__',
      'constructor',
      'toString',
      'accelo#hq',
      'hq#',
      '#',
      '*',
      '?',
      '-hq',
      'STATE',
      '\ud800',
      '\u202ehq',
    ],
    'x'.repeat(70_000),
  ),
)
const anything = fc.oneof(
  fc.jsonValue(),
  text,
  fc.constant(undefined),
  fc.constant(Number.NaN),
  fc.constant(Number.POSITIVE_INFINITY),
)

const route = fc.constantFrom(...Object.values(ROUTES))
const body = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: text },
  {
    weight: 3,
    arbitrary: fc
      .dictionary(
        fc.constantFrom(
          ...['rejected', 'owner', 'status', 'keep_warm', 'note', 'version', 'state', 'code', 'redirect_uri', 'hosted'],
          ...['error', '__proto__', 'constructor', `${MARK}`],
        ),
        fc.oneof(anything, fc.constantFrom('active', 'disabled', true, '628b49d96dcde97a', 'http://127.0.0.1:8363/')),
      )
      .map((members) => JSON.stringify(members)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 10_000 }).map((deep) => '['.repeat(deep)) },
)
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  {
    weight: 2,
    arbitrary: fc.dictionary(
      fc.constantFrom('min_ttl', 'next', '__proto__', MARK),
      fc.oneof(
        fc.array(fc.oneof(text, fc.constantFrom('600', '-1', '1e9', '99999999999')), { maxLength: 3 }),
        anything,
      ),
    ),
  },
)

/** How a path has the name, which the gateway decodes: as it is, or in other letters that IAM takes for another name. */
const spelling = fc.constantFrom(
  ...Array.from({ length: 4 }, () => (name: string) => name),
  (name: string) => [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (name: string) => name.replace(/[a-z]$/, (last) => `%${last.charCodeAt(0).toString(16)}`),
  (name: string) => `${name}/`,
  (name: string) => `./${name}`,
)

/** A call as the gateway makes it, of any route, with whatever a caller can choose. */
const call = fc
  .record({
    route,
    body,
    query,
    connection: fc.oneof({ weight: 3, arbitrary: name }, text),
    spelling,
    isBase64Encoded: fc.boolean(),
  })
  .map(({ route: { method, path }, connection, spelling, ...chosen }) => {
    const resource = path.replace('{vendor}', 'accelo')
    return {
      ...gatewayEvent,
      ...{ resource, httpMethod: method, path: resource.replace('{connection}', () => spelling(connection)) },
      pathParameters: resource.includes('{connection}') ? { connection } : null,
      ...{ body: chosen.body, isBase64Encoded: chosen.isBase64Encoded, multiValueQueryStringParameters: chosen.query },
    }
  })

/** The same with a member or two lost, or replaced by anything. */
const broken = fc
  .tuple(
    call,
    fc.array(fc.tuple(fc.constantFrom(...Object.keys(gatewayEvent), 'identity'), anything), { maxLength: 3 }),
  )
  .map(([event, changes]): object => {
    const { identity, ...members } = Object.fromEntries(changes)
    const isChanged = changes.some(([member]) => member === 'identity')
    return { ...event, ...(isChanged && { requestContext: { ...event.requestContext, identity } }), ...members }
  })

/** The connections that AWS was asked about, in rows and in secrets. The rows of the vendor as a whole are none. */
const connectionsIn = (calls: readonly AwsCall[]): string[] =>
  calls.flatMap(({ body }) =>
    [...body.matchAll(/accelo[#/](.*?)"/g)].map(([, name = '']) => name).filter((name) => !/^[A-Z]+$|^$/.test(name)),
  )

const pathOf = (event: unknown): string =>
  typeof event === 'object' && event !== null && 'path' in event ? String(event.path) : ''

const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' }

let machine: Awaited<ReturnType<typeof emptyMachine>>
beforeAll(async () => {
  machine = await emptyMachine()
})
afterAll(() => machine.close())

it(
  'any event of the gateway is answered or refused in our words: no vendor is called, nothing is written, nothing is echoed',
  async () => {
    const counts = { answered: 0, refused: 0, asked: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 4, arbitrary: call }, { weight: 4, arbitrary: broken }, anything),
        async (event) => {
          const came = await machine.send(event)
          expect([came.vendorCalls, came.writes]).toEqual([0, []])
          expect(came.calls.filter(({ body }) => body.includes(MARK))).toEqual([])
          // Who asks for a connection has written its name so, for IAM to judge.
          const asked = connectionsIn(came.calls)
          const spelt = asked.filter((name) => NAME.test(name) && pathOf(event).split('/')[3] === name)
          expect(asked).toEqual(spelt)
          if (asked.length > 0) counts.asked += 1
          if ('error' in came) {
            expect(came.error).toMatchObject({ name: 'Error', message: expect.stringMatching(REFUSAL) })
            counts.refused += 1
            return
          }
          expect(came.answer).toMatchObject({
            statusCode: expect.any(Number),
            headers: NO_STORE,
            body: expect.any(String),
          })
          const { statusCode, body } = came.answer as { statusCode: number; body: string }
          expect([200, 400, 404, 409, 422, 429]).toContain(statusCode)
          expect(JSON.parse(body)).toEqual(expect.any(Object))
          expect(body).not.toContain(MARK)
          counts.answered += 1
        },
      ),
      // A path that is a name and no path: what it asked for was found out by chance.
      { numRuns: fuzzRuns, examples: [[{ ...gatewayEvent, path: 'hq', pathParameters: { connection: 'site' } }]] },
    )
    // All of it happens, or a part of this says nothing.
    expect(Math.min(counts.answered, counts.refused, counts.asked)).toBeGreaterThan(fuzzRuns / 50)
    const { answered, refused, asked } = counts
    figure(
      'gateway-events',
      `${fuzzRuns} events: ${answered} answered, ${asked} of them after a look, ${refused} refused`,
    )
  },
  FUZZ_TIMEOUT_MS,
)
