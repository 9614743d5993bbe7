// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { SecurityPromise } from '../promise.ts'

const POLICIES = 'test/security/policy/policies.test.ts'
const test = (title: string) => ({ file: POLICIES, title })

const ROLES = test('lets each role do what it needs, and nothing else that there is to try')
const STRANGERS = test('lets services, administrators and other accounts do what they are there for, and nothing else')
const CALLERS = test('lets callers get what their IAM policies and its own say')

/** What IAM holds, tried on the template by an evaluator of its policies. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'policy-evaluator',
    asset: 'permissions',
    threat: 'a proof about policies that does not evaluate them as AWS does',
    stoppedBy: 'the evaluator is held against the rules that AWS publishes, and throws at what it does not know',
    tests: [
      { file: 'test/security/policy/evaluator.test.ts', title: 'one that ' },
      { file: 'test/security/policy/evaluator.test.ts', title: 'throws: ' },
      { file: 'test/security/policy/evaluator.test.ts', title: 'says how many of the published rules' },
    ],
    removal: {
      file: 'test/security/policy/decide.ts',
      was: '  if (!isOwn) return isAllowedItself && (isNamed || isAccountNamed)\n',
      becomes: '  if (!isOwn) return isNamed || isAllowedItself\n',
    },
  },
  {
    id: 'vendor-isolation',
    asset: 'vendor credentials',
    threat: "code in one vendor's function reads another vendor's secret, rows, index or data keys",
    stoppedBy: 'each vendor has a role that names its own secrets and rows, and data keys are bound to the vendor',
    tests: [test('may read a row'), test('counts the matrix')],
    removal: {
      file: 'lib/token-table.ts',
      was: 'const own = leadingKeys(`${id}#*`)',
      becomes: "const own = leadingKeys(id && '*')",
    },
  },
  {
    id: 'secrets-by-vendor',
    asset: 'vendor credentials',
    threat: "code in one vendor's function reads another vendor's secret by its name",
    stoppedBy: 'a role reads the secrets below the name of its vendor; it sees the names of others and no value',
    tests: [test('may read the secret')],
    removal: {
      file: 'lib/vendor-function.ts',
      was: 'resourceName: `${names.service}/${vendor.id}/*`',
      becomes: 'resourceName: `${names.service}/*`',
    },
  },
  {
    id: 'data-keys-by-vendor',
    asset: 'access tokens',
    threat: "code in one vendor's function opens sealed tokens of another vendor that it came by",
    stoppedBy: 'the policy of the envelope key lets a role use it in the encryption context of its own vendor alone',
    tests: [test('may open a data key')],
    removal: {
      file: 'lib/envelope-key.ts',
      was: "{ StringEquals: { 'kms:EncryptionContext:app': 'vendomat', 'kms:EncryptionContext:vendor': id } }",
      becomes: "{ StringLike: { 'kms:EncryptionContext:app': 'vendomat', 'kms:EncryptionContext:vendor': id && '*' } }",
    },
  },
  {
    id: 'envelope-key-not-iam',
    asset: 'access tokens',
    threat: 'a person of the account whose IAM allows everything opens sealed tokens',
    stoppedBy: 'the envelope key leaves its use to no IAM policy: it names the roles that may use it itself',
    tests: [STRANGERS],
    removal: {
      file: 'lib/envelope-key.ts',
      was: "  'kms:CancelKeyDeletion',\n",
      becomes: "  'kms:Decrypt',\n  'kms:CancelKeyDeletion',\n",
    },
  },
  {
    id: 'memory-tokens-not-stored',
    asset: 'access tokens',
    threat: "a mistake of ours stores a token of ClearID's, which forbids that",
    stoppedBy:
      'its role may write no attribute that is meant for a token, may not see a whole row, and has no data key',
    tests: [test('whose tokens are never stored may write no attribute that could hold one, and others may')],
    removal: { file: 'lib/token-table.ts', was: "tokens.storage === 'memory' ?", becomes: 'tokens === undefined ?' },
  },
  {
    id: 'rows-named',
    asset: 'access tokens',
    threat: 'a request that names no key gets past a condition on the keys it names, as a scan would',
    stoppedBy: 'the conditions refuse a request without keys, and no role may scan, export or use PartiQL',
    tests: [ROLES],
    removal: {
      file: 'lib/token-table.ts',
      was: "  Null: { 'dynamodb:LeadingKeys': 'false' },\n",
      becomes: "  Null: { 'dynamodb:Attributes': 'false' },\n",
    },
  },
  {
    id: 'callback-powerless',
    asset: 'vendor credentials',
    threat: 'who breaks into the one function that is open to the internet reads secrets, tokens or states',
    stoppedBy:
      'its role carries consents on and calls the exchange; it reads no row, no secret and has no key of tokens',
    tests: [ROLES],
    removal: {
      file: 'lib/token-table.ts',
      was: 'conditions: leadingKeys(`${vendorId}#FLOW`)',
      becomes: 'conditions: leadingKeys(`${vendorId}#*`)',
    },
  },
  {
    id: 'least-privilege',
    asset: 'permissions',
    threat: 'a role may do more than its work, and who takes it over may too',
    stoppedBy: 'everything that there is to try is tried as every role, and all but its work has to be refused',
    tests: [ROLES],
    removal: {
      file: 'lib/vending-stack.ts',
      was: '      tokens.grantDirectory(fn, vendor)\n',
      becomes: '',
    },
  },
  {
    id: 'no-idle-statement',
    asset: 'permissions',
    threat: 'a statement that nobody needs hides among those that are needed, and is wrong one day',
    stoppedBy: 'each statement and each condition is taken out, and some case has to come out otherwise',
    tests: [test('and every condition of the machine, ')],
    removal: {
      file: 'lib/envelope-key.ts',
      was: '    fn.addEnvironment(ENV.envelopeKey, this.key.keyArn)\n',
      becomes:
        "    fn.addEnvironment(ENV.envelopeKey, this.key.keyArn)\n    fn.addToRolePolicy(new PolicyStatement({ actions: ['kms:Decrypt'], resources: [this.key.keyArn] }))\n",
    },
  },
  {
    id: 'caller-scope',
    asset: 'access tokens',
    threat: 'a caller who is allowed one connection gets another, or does more with it than it is allowed',
    stoppedBy: 'every method is signed and every command is a path of its own, so IAM decides on each',
    tests: [CALLERS, STRANGERS],
    removal: {
      file: 'lib/token-api.ts',
      was: 'defaultMethodOptions: { authorizationType: AuthorizationType.IAM },',
      becomes: 'defaultMethodOptions: { authorizationType: AuthorizationType.NONE },',
    },
  },
  {
    id: 'gateway-alone-invokes',
    asset: 'access tokens',
    threat: 'another API, stage or service calls a function and makes up who the caller is',
    stoppedBy: "a function's policy lets the gateway call it from the paths of its vendor, in one stage of one API",
    tests: [STRANGERS],
    removal: {
      file: 'lib/token-api.ts',
      was: "        sourceArn: this.api.arnForExecuteApi('*', path, STAGE_NAME),\n",
      becomes: '',
    },
  },
  {
    id: 'services-and-accounts',
    asset: 'permissions',
    threat: "a service that acts for another account uses this one's topic or keys",
    stoppedBy: 'what is said to a service names the account or the resource that it has to act for',
    tests: [STRANGERS],
    removal: {
      file: 'lib/alerts.ts',
      was: "      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },\n",
      becomes: '',
    },
  },
  {
    id: 'schedules-of-our-group',
    asset: 'permissions',
    threat: 'a schedule that somebody else made takes on the role that calls our functions',
    stoppedBy: 'only schedules of our group and account can take it on, and it calls one function',
    tests: [STRANGERS],
    removal: {
      file: 'lib/schedules.ts',
      was: "            'aws:SourceArn': this.group.scheduleGroupArn,\n",
      becomes: '',
    },
  },
  {
    id: 'log-not-taken-back',
    asset: 'audit trail',
    threat: 'who takes over a function deletes or reads what it has logged',
    stoppedBy: 'no role of the machine may delete, shorten or read a log; each appends to its own',
    tests: [ROLES],
    removal: {
      file: 'lib/vendor-function.ts',
      was: '    logGroup.grantWrite(role)\n',
      becomes: "    logGroup.grant(role, 'logs:*')\n",
    },
  },
]
