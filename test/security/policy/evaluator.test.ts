import { figure } from '../../support/figure.ts'
import { type Condition, type Context, holds } from './condition.ts'
import { type Decision, decide, type Principal } from './decide.ts'
import { type Attached, type StatementText, statementOf } from './statement.ts'
import { resourcesOf, statementsOf } from './template.ts'

/*
 * The evaluator against what AWS publishes. Sources, all read in 2026-11: API Gateway developer guide, "How API Gateway
 * resource policies affect authorization workflow", tables A and B; IAM user guide, "Policy evaluation logic", "Condition
 * operators", "Multivalued context keys" and "Principal"; KMS developer guide, "Default key policy".
 */

const OURS = 'arn:aws:iam::111122223333:role/caller'
const THEIRS = 'arn:aws:iam::444455556666:role/caller'
const CALL = 'arn:aws:execute-api:eu-west-1:111122223333:api/v1/GET/tokens'
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/k'

const attached = (kind: Attached['kind'], on: string, ...texts: StatementText[]): Attached[] =>
  texts.map((text) => ({ kind, on, where: '', statement: statementOf(text) }))

type Policy = 'allows' | 'is silent' | 'denies'

function ruling(by: { caller: string; identity: Policy; resource: Policy; action?: string; on?: string }): Decision {
  const { caller, identity, resource, action = 'execute-api:Invoke', on = CALL } = by
  const effects = { allows: ['Allow'], 'is silent': [], denies: ['Deny'] } as const
  const rule = { Action: action, Resource: '*' }
  return decide({ principal: { arn: caller }, action, resource: on }, [
    ...attached('identity', caller, ...effects[identity].map((Effect) => ({ ...rule, Effect }))),
    ...attached(
      'resource',
      on,
      ...effects[resource].map((Effect) => ({ ...rule, Effect, Principal: { AWS: caller } })),
    ),
  ])
}

const TABLES: readonly (readonly [
  identity: Policy,
  resource: Policy,
  sameAccount: Decision,
  otherAccount: Decision,
])[] = [
  ['allows', 'allows', 'allowed', 'allowed'],
  ['allows', 'is silent', 'allowed', 'implicitly denied'],
  ['allows', 'denies', 'explicitly denied', 'explicitly denied'],
  ['is silent', 'allows', 'allowed', 'implicitly denied'],
  ['is silent', 'is silent', 'implicitly denied', 'implicitly denied'],
  ['is silent', 'denies', 'explicitly denied', 'explicitly denied'],
  ['denies', 'allows', 'explicitly denied', 'explicitly denied'],
  ['denies', 'is silent', 'explicitly denied', 'explicitly denied'],
  ['denies', 'denies', 'explicitly denied', 'explicitly denied'],
]

describe('where the policies of the caller and of the API are', () => {
  it.each(TABLES)(
    'one that %s and one that %s, the call is %s within the account and %s from another',
    (identity, resource, own, other) => {
      expect(ruling({ caller: OURS, identity, resource })).toBe(own)
      expect(ruling({ caller: THEIRS, identity, resource })).toBe(other)
    },
  )
})

/** What the key policy says, what IAM says to a caller of the account, and what comes of it. */
const KEYS: readonly (readonly [key: StatementText['Principal'] | undefined, identity: Policy, decision: Decision])[] =
  [
    [{ AWS: OURS }, 'is silent', 'allowed'],
    [{ AWS: OURS }, 'allows', 'allowed'],
    [{ AWS: OURS }, 'denies', 'explicitly denied'],
    [{ AWS: 'arn:aws:iam::111122223333:root' }, 'allows', 'allowed'],
    [{ AWS: '111122223333' }, 'allows', 'allowed'],
    [{ AWS: 'arn:aws:iam::111122223333:root' }, 'is silent', 'implicitly denied'],
    [{ AWS: 'arn:aws:iam::111122223333:role/other' }, 'allows', 'implicitly denied'],
    [{ AWS: 'arn:aws:iam::444455556666:root' }, 'allows', 'implicitly denied'],
    [{ Service: 'logs.eu-west-1.amazonaws.com' }, 'allows', 'implicitly denied'],
    [undefined, 'allows', 'implicitly denied'],
  ]

describe('a key', () => {
  it.each(KEYS)('whose policy names %j, where IAM %s: the call is %s', (named, identity, decision) => {
    const on = KEY
    const policy: StatementText[] =
      named === undefined ? [] : [{ Effect: 'Allow', Principal: named, Action: 'kms:*', Resource: '*' }]
    const own: StatementText[] =
      identity === 'is silent' ? [] : [{ Effect: identity === 'allows' ? 'Allow' : 'Deny', Action: '*', Resource: '*' }]
    const policies = [...attached('resource', on, ...policy), ...attached('identity', OURS, ...own)]
    expect(decide({ principal: { arn: OURS }, action: 'kms:Decrypt', resource: on }, policies)).toBe(decision)
  })
})

/** Whom `Principal` names, who calls, and whether that is enough to be let in without a policy of the caller. */
const NAMED: readonly (readonly [named: StatementText['Principal'], principal: Principal, isLetIn: boolean])[] = [
  ['*', 'anybody', true],
  [{ AWS: '*' }, 'anybody', true],
  [{ AWS: OURS }, 'anybody', false],
  [{ Service: 'sns.amazonaws.com' }, { service: 'sns.amazonaws.com' }, true],
  [{ Service: 'sns.amazonaws.com' }, { service: 'sqs.amazonaws.com' }, false],
  [{ AWS: [THEIRS, OURS] }, { arn: OURS }, true],
  [{ AWS: 'arn:aws:iam::111122223333:root' }, { arn: OURS }, false],
]

describe('a principal', () => {
  it.each(NAMED)('%j and a call of %j: let in is %s', (Principal, principal, isLetIn) => {
    const policies = attached('resource', CALL, { Effect: 'Allow', Principal, Action: '*', Resource: '*' })
    expect(decide({ principal, action: 'execute-api:Invoke', resource: CALL }, policies) === 'allowed').toBe(isLetIn)
  })
})

/** `ForAllValues`, a missing key, `Null`, `IfExists` and negations, as the pages have them, and the nearest thing besides. */
const CONDITIONS: readonly (readonly [condition: Condition, context: Context, holds: boolean])[] = [
  [{ StringEquals: { k: ['a', 'b'] } }, { k: 'b' }, true],
  [{ StringEquals: { k: ['a', 'b'] } }, { k: 'c' }, false],
  [{ StringEquals: { k: ['a'] } }, { k: 'A' }, false],
  [{ StringEquals: { k: ['a*'] } }, { k: 'ab' }, false],
  [{ StringEquals: { k: ['a'] } }, {}, false],
  [{ StringEquals: { 'aws:SourceAccount': ['1'] } }, { 'AWS:sourceaccount': '1' }, true],
  [{ StringEquals: { k: ['a'], l: ['b'] } }, { k: 'a', l: 'c' }, false],
  [{ StringEquals: { k: ['a'] }, StringLike: { l: ['b*'] } }, { k: 'a', l: 'bc' }, true],
  [{ StringEquals: { k: ['a'] }, StringLike: { l: ['b*'] } }, { k: 'a', l: 'c' }, false],
  [{ StringEqualsIfExists: { k: ['a'] } }, {}, true],
  [{ StringEqualsIfExists: { k: ['a'] } }, { k: 'b' }, false],
  [{ StringNotEquals: { k: ['a', 'b'] } }, { k: 'b' }, false],
  [{ StringNotEquals: { k: ['a', 'b'] } }, { k: 'c' }, true],
  [{ StringNotEquals: { k: ['a'] } }, {}, true],
  [{ StringLike: { k: ['accelo#*'] } }, { k: 'accelo#hq' }, true],
  [{ StringLike: { k: ['accelo#*'] } }, { k: 'accelo#' }, true],
  [{ StringLike: { k: ['accelo#*'] } }, { k: 'accelo' }, false],
  [{ StringLike: { k: ['a?c'] } }, { k: 'abc' }, true],
  [{ StringLike: { k: ['a?c'] } }, { k: 'ac' }, false],
  [{ StringLike: { k: ['a.c'] } }, { k: 'abc' }, false],
  [{ StringNotLike: { k: ['a*'] } }, { k: 'abc' }, false],
  [{ StringNotLike: { k: ['a*'] } }, {}, true],
  [{ 'ForAllValues:StringLike': { k: ['a*'] } }, { k: ['ab', 'ac'] }, true],
  [{ 'ForAllValues:StringLike': { k: ['a*'] } }, { k: ['ab', 'bc'] }, false],
  [{ 'ForAllValues:StringLike': { k: ['a*'] } }, {}, true],
  [{ 'ForAllValues:StringLike': { k: ['a*'] } }, { k: [] }, true],
  [{ 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, { k: ['b'] }, true],
  [{ 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, { k: ['b', 'c'] }, false],
  [{ 'ForAllValues:StringNotLike': { k: ['a*'] } }, { k: ['bc'] }, true],
  [{ 'ForAllValues:StringNotLike': { k: ['a*'] } }, {}, true],
  [{ 'ForAnyValue:StringEquals': { k: ['a'] } }, { k: ['a', 'c'] }, true],
  [{ 'ForAnyValue:StringEquals': { k: ['a'] } }, { k: ['c'] }, false],
  [{ 'ForAnyValue:StringEquals': { k: ['a'] } }, {}, false],
  [{ Null: { k: ['false'] } }, { k: 'a' }, true],
  [{ Null: { k: ['false'] } }, {}, false],
  [{ Null: { k: ['false'] } }, { k: [] }, false],
  [{ Null: { k: ['true'] } }, {}, true],
  [{ Null: { k: ['true'] } }, { k: 'a' }, false],
  [{ 'ForAllValues:StringLike': { k: ['a*'] }, Null: { k: ['false'] } }, {}, false],
  [{ ArnLike: { k: ['arn:aws:sns:*:1:topic'] } }, { k: 'arn:aws:sns:eu-west-1:1:topic' }, true],
  [{ ArnLike: { k: ['arn:aws:execute-api:r:1:api/v1/GET/*'] } }, { k: 'arn:aws:execute-api:r:1:api/v1/GET/a/b' }, true],
  // Each of the six parts is compared for itself.
  [{ ArnLike: { k: ['arn:aws:sns:*:topic'] } }, { k: 'arn:aws:sns:eu-west-1:1:topic' }, false],
  [{ ArnEquals: { k: ['arn:aws:sns:r:1:t*'] } }, { k: 'arn:aws:sns:r:1:topic' }, true],
  [{ ArnNotLike: { k: ['arn:aws:sns:r:1:t*'] } }, { k: 'arn:aws:sns:r:1:topic' }, false],
  [{ Bool: { 'aws:SecureTransport': ['false'] } }, { 'aws:SecureTransport': 'false' }, true],
  [{ Bool: { 'aws:SecureTransport': ['false'] } }, { 'aws:SecureTransport': 'true' }, false],
  [{ NumericLessThan: { k: ['1.2'] } }, { k: '1.1' }, true],
  [{ NumericLessThan: { k: ['1.2'] } }, { k: '1.2' }, false],
  [{ NumericGreaterThanEquals: { k: ['2'] } }, { k: '10' }, true],
]

describe('a condition', () => {
  it.each(CONDITIONS)('%j and a request with %j: %s', (condition, context, expected) => {
    expect(holds(condition, context)).toBe(expected)
  })
})

/** A statement, and what it allows of `kms:Decrypt` on the key. */
const ELEMENTS: readonly (readonly [statement: Partial<StatementText>, isAllowed: boolean])[] = [
  [{ Action: 'kms:Decrypt', Resource: KEY }, true],
  [{ Action: 'KMS:decrypt', Resource: KEY }, true],
  [{ Action: 'kms:De*', Resource: '*' }, true],
  [{ Action: 'kms:Encrypt', Resource: '*' }, false],
  [{ Action: 'kms:Decrypt', Resource: `${KEY}2` }, false],
  [{ Action: 'kms:Decrypt', Resource: 'arn:aws:kms:*:*:key/*' }, true],
  [{ NotAction: 'kms:Encrypt', Resource: '*' }, true],
  [{ NotAction: 'kms:*', Resource: '*' }, false],
  [{ Action: '*', NotResource: KEY }, false],
  [{ Action: '*', NotResource: `${KEY}2` }, true],
]

describe('a statement', () => {
  it.each(ELEMENTS)('with %j allows: %s', (elements, isAllowed) => {
    const policies = [
      ...attached('identity', OURS, { Effect: 'Allow', ...elements }),
      ...attached('resource', KEY, {
        Effect: 'Allow',
        Principal: { AWS: '111122223333' },
        Action: 'kms:*',
        Resource: '*',
      }),
    ]
    const decision = decide({ principal: { arn: OURS }, action: 'kms:Decrypt', resource: KEY }, policies)
    expect(decision === 'allowed').toBe(isAllowed)
  })
})

/** All that is not of the subset. It throws, and neither allows nor refuses. */
const UNKNOWN: readonly (readonly [what: string, evaluate: () => unknown, words: string])[] = [
  ['an operator', () => holds({ IpAddress: { k: ['192.0.2.0/24'] } }, {}), 'IpAddress is not known'],
  ['an operator like one', () => holds({ StringEqualsIgnoreCase: { k: ['a'] } }, { k: 'a' }), 'is not known'],
  ['an operator of another set', () => holds({ 'ForSome:StringEquals': { k: ['a'] } }, { k: 'a' }), 'is not known'],
  ['several values for one', () => holds({ StringEquals: { k: ['a'] } }, { k: ['a', 'b'] }), 'compares one value'],
  ['NotPrincipal', () => statementOf({ ...EVERYTHING, NotPrincipal: '*' }), 'NotPrincipal'],
  ['a federated principal', () => statementOf({ ...EVERYTHING, Principal: { Federated: 'f' } }), 'Federated'],
  ['an effect', () => statementOf({ ...EVERYTHING, Effect: 'Maybe' }), 'Effect'],
  ['a policy variable', () => statementOf({ ...EVERYTHING, Resource: `a:$\{aws:username}` }), 'policy variables'],
  ['no action', () => statementOf({ ...EVERYTHING, Action: undefined }), 'one of Action and NotAction'],
  ['both resources', () => statementOf({ ...EVERYTHING, NotResource: 'a' }), 'one of Resource and NotResource'],
  ['an intrinsic function', () => resourcesOf(one('A::B', { Name: { 'Fn::Select': [0, ['a']] } })), 'Fn::Select'],
  ['a name', () => resourcesOf(one('A::B', { Name: { Ref: 'Other' } })), 'nothing is called Other'],
  ['a policy of another resource', () => statementsOf(resourcesOf(one('AWS::S3::BucketPolicy', POLICY))), 'Thing has'],
  [
    'a policy in a resource',
    () => statementsOf(resourcesOf(one('AWS::DynamoDB::Table', POLICY))),
    'Thing has a policy',
  ],
  ['an open address', () => statementsOf(resourcesOf(one('AWS::Lambda::Permission', OPEN))), 'FunctionUrlAuthType'],
]

const EVERYTHING = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }
const POLICY = { PolicyDocument: { Statement: [EVERYTHING] } }
const OPEN = { Action: 'lambda:InvokeFunctionUrl', FunctionName: 'f', Principal: '*', FunctionUrlAuthType: 'NONE' }
const one = (Type: string, Properties: object) => ({ Resources: { Thing: { Type, Properties } } })

describe('what the evaluator does not know', () => {
  it.each(UNKNOWN)('throws: %s', (_, evaluate, words) => {
    expect(evaluate).toThrow(words)
  })
})

it('says how many of the published rules it was held against', () => {
  const rules = [2 * TABLES.length, KEYS, NAMED, CONDITIONS, ELEMENTS, UNKNOWN].map((one) =>
    typeof one === 'number' ? one : one.length,
  )
  const count = rules.reduce((sum, one) => sum + one)
  figure('policy-evaluator', `${count} of ${count} published rules`)
  expect(count).toBeGreaterThanOrEqual(100)
})
