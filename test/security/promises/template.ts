import type { SecurityPromise } from '../promise.ts'

const holds = (title: string) => ({ file: 'test/security/template.test.ts', title })
const STACK = 'test/lib/vending-stack.test.ts'

/** What the stack and the gateway before the functions promise. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'signed-routes',
    asset: 'access tokens',
    threat: 'a call without a signature, or with a wrong one, gets a token',
    stoppedBy: 'every method but those of the hosted callback wants AWS_IAM',
    tests: [
      holds('every method is signed but those of the hosted callback'),
      { file: 'test/end-to-end.test.ts', title: 'gets 403 with the reason, as a deployed gateway has it' },
    ],
    removal: {
      file: 'lib/token-api.ts',
      was: 'authorizationType: AuthorizationType.IAM',
      becomes: 'authorizationType: AuthorizationType.NONE',
    },
  },
  {
    id: 'named-accounts',
    asset: 'access tokens',
    threat: 'a policy of another account lets its principals call this API',
    stoppedBy: 'the resource policy of the API refuses every account but its own and those that a setting names',
    tests: [
      holds('the policy of the API refuses every account but this one and those that are named'),
      { file: STACK, title: 'refuses what comes without TLS and every account but its own' },
    ],
    removal: {
      file: 'lib/token-api.ts',
      was: 'denyTo({ StringNotEquals:',
      becomes: 'denyTo({ StringEquals:',
    },
  },
  {
    id: 'callers-elsewhere',
    asset: 'the registry and its grants',
    threat: 'a caller of another account changes or revokes what it may only use',
    stoppedBy: 'the resource policy allows accounts elsewhere to get and to report tokens, and nothing else',
    tests: [
      holds('the policy of the API allows others to get and to report tokens and nothing else'),
      { file: STACK, title: 'lets callers of other accounts get and report the tokens that they are given' },
    ],
    removal: {
      file: 'lib/token-api.ts',
      was: '[ROUTES.vend, ROUTES.refresh]',
      becomes: '[ROUTES.vend, ROUTES.revoke]',
    },
  },
  {
    id: 'tls',
    asset: 'access tokens',
    threat: 'a token is read on its way, in a connection that was talked down',
    stoppedBy: 'the security policy of each API ends a handshake below TLS 1.2 or without forward secrecy',
    tests: [holds('every API ends a handshake below TLS 1.2')],
    removal: {
      file: 'lib/tls.ts',
      was: 'SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09',
      becomes: 'SecurityPolicy.TLS_1_0',
    },
  },
  {
    id: 'slower-changes',
    asset: 'the vendor account, which failures lock',
    threat: 'a flood of forced renewals, consents or changes',
    stoppedBy: 'each route that is not asked often is allowed a tenth of what vending is',
    tests: [
      holds('every signed method that is no GET has a limit below that of its stage'),
      { file: STACK, title: 'allows all but getting tokens, lists and states a tenth of that' },
    ],
    removal: { file: 'lib/token-api.ts', was: 'Math.ceil(rate / 10)', becomes: 'rate' },
  },
  {
    id: 'one-way-in',
    asset: 'access tokens',
    threat: 'an event with any identity, past the gateway',
    stoppedBy: 'a function may be called by the paths of its vendor in one stage of the API, which its policy names',
    tests: [holds('every function may be called by paths that its permissions name, of an API of this account')],
    removal: {
      file: 'lib/token-api.ts',
      was: "this.api.arnForExecuteApi('*', path, STAGE_NAME)",
      becomes: 'this.api.arnForExecuteApi()',
    },
  },
  {
    id: 'no-bodies-in-logs',
    asset: 'access tokens',
    threat: 'a log of the gateway holds whole answers',
    stoppedBy: 'data traces are off for the stage and for each method that has settings of its own',
    tests: [holds('no stage and no method writes bodies to a log')],
    removal: { file: 'lib/token-api.ts', was: 'dataTraceEnabled: false', becomes: 'dataTraceEnabled: true' },
  },
  {
    id: 'no-query-in-access-log',
    asset: 'consent codes and states',
    threat: 'the access log of the callback holds the code of a consent',
    stoppedBy: 'the log has the path of the resource and no query',
    tests: [holds('every stage logs who called, without a query, a header or a body')],
    removal: {
      file: 'lib/hosted-callback.ts',
      was: "path: '$context.resourcePath'",
      becomes: "path: '$context.requestOverride.querystring'",
    },
  },
  {
    id: 'gateway-repeats-nothing',
    asset: 'AWS sessions of callers',
    threat:
      'the refusal of a signature repeats what was to be signed, the session token among it, and a caller logs it',
    stoppedBy: 'the answers of the gateway are in our words, with nothing of the call but its id',
    tests: [
      holds('no answer of a gateway has anything of the call but its id'),
      { file: STACK, title: 'answers in the shape of a problem where no function does' },
    ],
    removal: {
      file: 'lib/gateway-answers.ts',
      was: "detail: 'Missing Authentication Token'",
      becomes: "detail: '$context.error.message'",
    },
  },
  {
    id: 'gateway-answers-not-stored',
    asset: 'access tokens',
    threat: 'a cache on the way keeps an answer for the next who asks',
    stoppedBy: 'every answer of the gateway says no-store, as those of the functions do',
    tests: [holds('every API has answers of its own for refusals and faults, which nobody may store')],
    removal: { file: 'lib/gateway-answers.ts', was: '"\'no-store\'"', becomes: '"\'public\'"' },
  },
  {
    id: 'logs-under-our-key',
    asset: 'the audit trail',
    threat: 'who may read logs of the account reads who got which token',
    stoppedBy: 'every log is under a key of the stack, which may be taken away, and which stays with the log',
    tests: [
      holds('every log is encrypted with a key of the stack'),
      { file: STACK, title: 'has a log under the key of logs and notices' },
    ],
    removal: { file: 'lib/operations-key.ts', was: 'encryptionKey: this.key, ', becomes: '' },
  },
  {
    id: 'no-hidden-grants',
    asset: 'keys',
    threat: 'a person grants the use of a key, which no policy shows',
    stoppedBy: 'the policies of keys that IAM may use refuse grants but those of AWS services',
    tests: [holds('nobody may be granted the use of a key beside its policy')],
    removal: { file: 'lib/key-grants.ts', was: "'kms:CreateGrant'", becomes: "'kms:ListGrants'" },
  },
  {
    id: 'table-is-not-lost',
    asset: 'refresh tokens',
    threat: 'the table is deleted by mistake, and a person has to consent anew for each connection',
    stoppedBy: 'the table is protected, kept when the stack goes, and can be put back to any second',
    tests: [holds('the table can be put back, and is deleted neither by mistake nor with the stack')],
    removal: { file: 'lib/token-table.ts', was: 'deletionProtection: true', becomes: 'deletionProtection: false' },
  },
  {
    id: 'failed-tasks-are-kept',
    asset: 'the ability to get a token',
    threat: 'renewals fail without a trace',
    stoppedBy: 'a task that a function fails for good goes to a queue that an alarm watches',
    tests: [holds('every function that is called without waiting keeps what it failed for good in a queue')],
    removal: {
      file: 'lib/vendor-function.ts',
      was: '...(undelivered && { deadLetterQueue: undelivered }),',
      becomes: '',
    },
  },
  {
    id: 'rule-packs',
    asset: 'the whole deployment',
    threat: 'a setting that is known to be unsafe',
    stoppedBy: 'AwsSolutions, NIST 800-53 r5 and Serverless are checked in each synthesis, and an open finding ends it',
    tests: [
      { file: 'test/security/rule-packs.test.ts', title: 'the machine breaks none that is not acknowledged' },
      { file: 'test/security/rule-packs.test.ts', title: 'these are acknowledged, with so many findings each' },
    ],
    removal: {
      file: 'lib/token-table.ts',
      was: 'pointInTimeRecoveryEnabled: true',
      becomes: 'pointInTimeRecoveryEnabled: false',
    },
  },
  {
    id: 'template',
    asset: 'the whole deployment',
    threat: 'what rule packs do not look at is changed by mistake',
    stoppedBy: 'properties of the template are tests, each with a change that it notices',
    tests: [holds('no row leaves the table by a stream'), holds('each is said once')],
    removal: {
      file: 'lib/token-table.ts',
      was: "timeToLiveAttribute: 'ttl',",
      becomes: "timeToLiveAttribute: 'ttl', contributorInsightsSpecification: { enabled: true },",
    },
  },
]
