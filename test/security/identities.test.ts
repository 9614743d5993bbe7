import { figure } from '../support/figure.ts'
import { ADA, type Entry, eventOf, REFUSED, startEntry } from './entry.ts'

let entry: Entry
beforeAll(async () => {
  entry = await startEntry('accelo')
})
afterAll(() => entry.close())

/** By which others tell who calls. Anybody can send them. */
const headers = Object.fromEntries(
  [
    ...['x-caller', 'X-Caller', 'x-user-arn', 'x-amzn-iam-user-arn', 'x-amzn-caller-arn', 'x-amz-user-identity'],
    ...['x-forwarded-user', 'x-forwarded-for', 'x-amzn-oidc-identity', 'x-remote-user', 'from', 'authorization'],
  ].map((name) => [name, 'arn:aws:iam::111122223333:user/mallory']),
)

/** A call of this identity that is refused for its query before it needs anything, so that what is left of it is its audit line. */
const callOf = (identity: unknown, context: object = { identity }) =>
  eventOf('vend', 'accelo', {
    ...{ headers, multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, [one]])) },
    multiValueQueryStringParameters: { caller: ['arn:aws:iam::111122223333:user/mallory'] },
    requestContext: { requestId: 'r-1', ...context },
  })

/** Nobody: what the gateway cannot have verified as an ARN. */
const NOBODY: readonly (readonly [string, unknown])[] = [
  ['is missing', undefined],
  ['is null', null],
  ['is a text', ADA],
  ['is a list', [ADA]],
  ['says nothing', {}],
  ['names nobody', { userArn: null }],
  ['names the empty text', { userArn: '' }],
  ['names a space', { userArn: ' ' }],
  ['names a number', { userArn: 111122223333 }],
  ['names an account', { userArn: '111122223333' }],
  ['names true', { userArn: true }],
  ['names a list of one', { userArn: [ADA] }],
  ['names an object', { userArn: { arn: ADA } }],
  ['names a user without an ARN', { userArn: 'ada' }],
  ['names the unique id of a role that was deleted', { userArn: 'AROAEXAMPLEID:billing' }],
  ['names an access key', { userArn: 'AKIAEXAMPLEKEY' }],
  ['names a service', { userArn: 'scheduler.amazonaws.com' }],
  ['names anonymous', { userArn: 'anonymous' }],
  ['names everybody', { userArn: '*' }],
  ['names an ARN in capitals', { userArn: ADA.toUpperCase() }],
  ['names an ARN behind a space', { userArn: ` ${ADA}` }],
  ['names an ARN behind a line', { userArn: `\n${ADA}` }],
  ['names it in a member of another case', { UserArn: ADA, userARN: ADA }],
  ['names it in other members alone', { caller: ADA, user: ADA, principalOrgId: 'o-1', accessKey: 'AKIA' }],
  ['names it in its prototype', JSON.parse(`{"__proto__":{"userArn":"${ADA}"}}`)],
  ['names a Cognito user alone', { cognitoIdentityId: 'eu-west-1:1', cognitoAuthenticationType: 'authenticated' }],
]

/** Somebody: whom the gateway names is whom the audit line names. Whether they may call, IAM has decided. */
const SOMEBODY: readonly (readonly [string, string])[] = [
  ['a user', 'arn:aws:iam::111122223333:user/ada'],
  ['a user below a path', 'arn:aws:iam::111122223333:user/teams/erp/ada'],
  ['a role with a session', ADA],
  ['a session that is called as an admin', 'arn:aws:sts::111122223333:assumed-role/evil/AdminRole'],
  ['a session that is called as another role', 'arn:aws:sts::111122223333:assumed-role/evil/assumed-role=AdminRole'],
  ['a session with all that it may have', 'arn:aws:sts::111122223333:assumed-role/evil/a@b.example,c=d+e-f_g'],
  ['a session that is called as a person', 'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_x/ada@acme.example'],
  ['a session of 64 characters', `arn:aws:sts::111122223333:assumed-role/billing/${'s'.repeat(64)}`],
  ['a role in small letters', 'arn:aws:sts::111122223333:assumed-role/adminrole/s'],
  ['a role of another account', 'arn:aws:sts::999988887777:assumed-role/billing/ada'],
  ['the root of the account', 'arn:aws:iam::111122223333:root'],
  ['a federated user', 'arn:aws:sts::111122223333:federated-user/ada'],
  ['a role of the partition in China', 'arn:aws-cn:sts::111122223333:assumed-role/billing/ada'],
  ['a role of the partition for governments', 'arn:aws-us-gov:sts::111122223333:assumed-role/billing/ada'],
  ['a session with quotes and braces', 'arn:aws:sts::111122223333:assumed-role/billing/","op":"vend","x":"'],
  ['a session with a line of its own', 'arn:aws:sts::111122223333:assumed-role/billing/a\n{"op":"revoke"}'],
]

/** What is no event of the gateway, nor of the schedule. */
const STRANGERS: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['an empty object', {}],
  ['a text', 'renew'],
  ['the JSON of an event', JSON.stringify(eventOf('vend', 'accelo'))],
  ['a list of events', [eventOf('vend', 'accelo')]],
  ['a task that is a number', { task: 7 }],
  ['a task in a detail', { detail: { task: 'renew' } }],
  [
    'an event of a schedule',
    { source: 'aws.scheduler', 'detail-type': 'Scheduled Event', detail: '{}', resources: [] },
  ],
  ['a custom resource', { RequestType: 'Create', ResponseURL: 'https://acme.example', ResourceProperties: {} }],
  ['an authorizer', { type: 'TOKEN', methodArn: 'arn:aws:execute-api:x', authorizationToken: 'allow' }],
  ['a call without its context', eventOf('vend', 'accelo', { requestContext: undefined })],
  ['a call with a text for its context', eventOf('vend', 'accelo', { requestContext: ADA })],
  ['a call without its id', eventOf('vend', 'accelo', { requestContext: { identity: { userArn: ADA } } })],
  ['a call without its method', eventOf('vend', 'accelo', { httpMethod: undefined })],
  ['a call by a method that there is not', eventOf('vend', 'accelo', { httpMethod: 'PATCH' })],
  ['a call by a method in small letters', eventOf('vend', 'accelo', { httpMethod: 'get' })],
  ['a call without its resource', eventOf('vend', 'accelo', { resource: null })],
  ['a call of a resource that is a number', eventOf('vend', 'accelo', { resource: 7 })],
  ['a call of a resource that there is not', eventOf('vend', 'accelo', { resource: '/tokens/accelo' })],
  ['a call of a resource of all', eventOf('vend', 'accelo', { resource: '/{proxy+}' })],
  ['a call of the route that was there before', { ...eventOf('show', 'accelo'), httpMethod: 'POST' }],
  ['a call of another vendor', eventOf('vend', 'netrex')],
  ['a call without its path', eventOf('vend', 'accelo', { path: undefined })],
  ['a call with a name for its path', eventOf('vend', 'accelo', { path: 'hq' })],
  ['a call with a list for its path', eventOf('vend', 'accelo', { path: ['/tokens/accelo/hq'] })],
  ['a call with a text for its query', eventOf('vend', 'accelo', { multiValueQueryStringParameters: 'min_ttl=1' })],
  [
    'a call with a value of its query',
    eventOf('vend', 'accelo', { multiValueQueryStringParameters: { min_ttl: '1' } }),
  ],
  ['a call with a list of numbers', eventOf('vend', 'accelo', { multiValueQueryStringParameters: { min_ttl: [1] } })],
]

describe('who calls', () => {
  let [refused, recorded, strangers] = [0, 0, 0]
  afterAll(() => {
    const [nobody, somebody] = [`${refused} of ${NOBODY.length}`, `${recorded} of ${SOMEBODY.length}`]
    figure('verified-caller', `${nobody} identities of nobody refused, ${somebody} recorded as the gateway names them`)
    figure('gateway-events-only', `${strangers} of ${STRANGERS.length} events of others refused, nobody asked`)
  })

  it.each(NOBODY)('is nobody where the identity %s: such a call has no answer', async (_what, identity) => {
    const seen = await entry.call(callOf(identity))
    expect(seen).toEqual({ thrown: `Error: ${REFUSED}`, audit: [], asked: {} })
    refused += 1
  })

  it.each([
    ['beside its identity', { userArn: ADA, caller: ADA, authorizer: { principalId: ADA, userArn: ADA } }],
    ['as what an authorizer says', { authorizer: { iam: { userArn: ADA } }, identity: { sourceIp: '192.0.2.1' } }],
  ])('is nobody where the gateway names them %s', async (_where, context) => {
    expect((await entry.call(callOf(undefined, context))).thrown).toBe(`Error: ${REFUSED}`)
  })

  it.each(SOMEBODY)('is recorded as it is: %s, whatever headers and query say', async (_what, userArn) => {
    const { answer, audit, asked } = await entry.call(callOf({ userArn, caller: 'AROAEXAMPLEID:x', accountId: '1' }))
    expect(answer?.statusCode).toBe(400)
    expect(audit).toMatchObject([{ op: 'vend', request_id: 'r-1', caller: userArn, outcome: 'bad_request' }])
    expect(asked).toEqual({})
    recorded += 1
  })

  it('is recorded with both ends of an ARN that is longer than an audit line may be', async () => {
    const path = 'p'.repeat(512)
    const userArn = `arn:aws:iam::111122223333:user/${path}/ada`
    const { audit } = await entry.call(callOf({ userArn }))
    expect(audit).toHaveLength(1)
    expect(audit[0]?.caller).toMatch(/^arn:aws:iam::111122223333:user\/p+…p+\/ada$/)
  })

  it('is not whom a body names', async () => {
    const body = `{"note":"n","by":"${ADA}"}`
    const { answer, audit } = await entry.call(eventOf('acknowledge', 'accelo', { body }))
    expect([answer?.statusCode, audit[0]?.caller]).toEqual([400, ADA])
  })

  it.each(STRANGERS)('is not asked of what is no call: %s is refused in plain words', async (_what, event) => {
    expect(await entry.call(event)).toEqual({ thrown: `Error: ${REFUSED}`, audit: [], asked: {} })
    strangers += 1
  })

  it.each(['', 'renew ', 'RENEW', 'vend', '__proto__', 'toString'])(
    'is not asked of a schedule, whose task %j there is not',
    async (task) => {
      const thrown = 'Error: the schedule asked for a task that there is not'
      expect(await entry.call({ task })).toEqual({ thrown, audit: [], asked: {} })
    },
  )

  it('gets an answer where the event is as the gateway makes it', async () => {
    const { answer, audit } = await entry.call(eventOf('vend', 'accelo'))
    expect(answer?.statusCode).toBe(200)
    expect(audit).toMatchObject([{ op: 'vend', caller: ADA, connection: 'accelo#hq', outcome: 'vendor' }])
  })
})
