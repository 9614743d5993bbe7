import { ROUTES } from '../../functions/api/routes.ts'
import { vendors } from '../../functions/vendors.ts'
import { figure } from '../support/figure.ts'
import { emptyMachine, gatewayEvent, REFUSAL } from './events-machine.ts'

let machine: Awaited<ReturnType<typeof emptyMachine>>
beforeAll(async () => {
  machine = await emptyMachine()
  // Loads the keeper and the clients of the SDK, which takes seconds where others work too.
  await machine.send({ task: 'renew' })
}, 60_000)
afterAll(() => machine.close())

const MEGABYTE = 'x'.repeat(2 ** 20)
const renew = { task: 'renew' }
const scheduled = { source: 'aws.scheduler', account: '111122223333', 'detail-type': 'Scheduled Event' }

const refused: readonly (readonly [what: string, event: unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['an empty text', ''],
  ['a text', 'renew'],
  ['a number', 7],
  ['an empty list', []],
  ['an empty object', {}],
  ['two schedules’ events in one', [renew, { task: 'check' }]],
  ['a megabyte of text', MEGABYTE],
  ['a megabyte under a name of no meaning', { padding: MEGABYTE }],
  ['a task that there is not', { task: 'canary' }],
  ['a task that every object has', { task: 'constructor' }],
  ['a task in capitals', { task: 'RENEW' }],
  ['a task with a space behind it', { task: 'renew ' }],
  ['a task that is null', { task: null }],
  ['a task that is an object', { task: { task: 'renew' } }],
  ['two tasks in one', { task: ['renew', 'check'] }],
  ['a task of a megabyte', { task: MEGABYTE }],
  ['an event of a rule of EventBridge', { ...scheduled, detail: renew }],
  ['an event of another account', { ...scheduled, account: '999988887777', source: 'vendomat', detail: renew }],
  ['a dead letter out of its queue', { Records: [{ eventSource: 'aws:sqs', body: JSON.stringify(renew) }] }],
  ['a notice of a topic', { Records: [{ EventSource: 'aws:sns', Sns: { Message: JSON.stringify(renew) } }] }],
  [
    'a call of a function URL',
    { version: '2.0', rawPath: '/tokens/accelo/hq', requestContext: { http: { method: 'GET' } } },
  ],
  ['a call of a load balancer', { httpMethod: 'GET', path: '/tokens/accelo/hq', requestContext: { elb: {} } }],
  ['a call of a route that there is not', { ...gatewayEvent, httpMethod: 'PATCH' }],
  ['a call that nobody signed', { ...gatewayEvent, requestContext: { requestId: 'r-1', identity: {} } }],
]

/** Names a connection, which no schedule does. */
const harmless: readonly (readonly [what: string, event: object])[] = [
  ['a list of connections', { ...renew, connections: ['accelo#canary'], connection: 'canary' }],
  ['another vendor', { ...renew, vendor: 'iobeya', vendorId: 'iobeya', connection: 'canary' }],
  [
    'an address',
    { ...renew, table: 'canary', endpoint: 'https://canary.example', environment: { VENDOMAT_TABLE: 'canary' } },
  ],
  ['a call', { ...gatewayEvent, ...renew, pathParameters: { connection: 'canary' } }],
  ['a megabyte', { ...renew, padding: `canary${MEGABYTE}` }],
  ['a prototype', JSON.parse('{"task":"renew","__proto__":{"connection":"canary"}}')],
]

const counts = { refused: 0, harmless: 0 }
afterAll(() => figure('events', `${counts.refused} events refused, ${counts.harmless} harmless`))

describe('an event', () => {
  it.each(refused)('that is %s is refused in plain words, and nothing is asked or written', async (_what, event) => {
    const { error, calls, vendorCalls } = { error: undefined, ...(await machine.send(event)) }
    expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(REFUSAL) })
    expect([calls, vendorCalls]).toEqual([[], 0])
    counts.refused += 1
  })

  it.each(harmless)('of the schedule that also holds %s does what any of the schedule does', async (_what, event) => {
    const { calls, vendorCalls } = await machine.send(event)
    const plain = await machine.send(renew)
    expect(calls.map(({ action }) => action)).toEqual(plain.calls.map(({ action }) => action))
    expect(calls.filter(({ body }) => body.includes('canary'))).toEqual([])
    expect(vendorCalls).toBe(0)
    counts.harmless += 1
  })

  it('of the schedule that comes again, and a day late, does the same once more and calls nobody', async () => {
    for (const task of ['renew', 'check']) {
      const first = await machine.send({ task })
      const again = await machine.send({ task, time: '2026-11-20T08:00:00Z', retry: 185 })
      expect(again.calls.map(({ action }) => action)).toEqual(first.calls.map(({ action }) => action))
      expect([first.vendorCalls, again.vendorCalls]).toEqual([0, 0])
    }
  })

  it('of the gateway that is for the function of another vendor is refused, whatever the route', async () => {
    const others = Object.keys(vendors).filter((id) => id !== 'accelo')
    const events = others.flatMap((id) =>
      Object.values(ROUTES).map(({ method, path }) => {
        const resource = path.replace('{vendor}', id)
        return { ...gatewayEvent, httpMethod: method, resource, path: resource.replace('{connection}', 'hq') }
      }),
    )
    for (const event of events) {
      const came = { error: undefined, ...(await machine.send(event)) }
      expect([came.error, came.calls]).toEqual([
        expect.objectContaining({ message: expect.stringMatching(REFUSAL) }),
        [],
      ])
    }
    figure('vendor-of-the-function', `${events.length} of ${events.length} routes of other vendors refused`)
  })

  it('of a caller is answered, or the refusals above would say nothing', async () => {
    const { answer, calls } = { answer: undefined, ...(await machine.send(gatewayEvent)) }
    expect(answer).toMatchObject({ statusCode: 404 })
    expect(calls.map(({ action }) => action)).toEqual(['Query', 'GetSecretValue'])
  })
})
