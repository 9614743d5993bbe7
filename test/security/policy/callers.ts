import type { Case } from './case.ts'
import { type Machine, OTHER_ACCOUNT, OTHER_ROLE } from './machine.ts'
import { statementOf } from './statement.ts'
import { ACCOUNT } from './template.ts'

type Who = keyof typeof CALLERS | 'nobody'

const CALLERS = {
  'a role of ours': `arn:aws:iam::${ACCOUNT}:role/billing`,
  /** Its account is given accelo/hq where callers are set. */
  'a role of another account': `arn:aws:iam::${OTHER_ACCOUNT}:role/billing`,
  /** It is given iobeya/* where callers are set. */
  'another role': OTHER_ROLE,
  'a role beside it': `${OTHER_ROLE}2`,
} as const

/** What is allowed of the stage v1, or denied. */
type Rule = string | { readonly deny: string }

type Row = readonly [who: Who, rules: readonly Rule[], call: string, asItIs: boolean, withCallers?: boolean]

const ONE = 'GET/tokens/accelo/hq'
const EVERYTHING = '*'
const NOT_HQ = { deny: '*/accelo/hq*' }
const ACKNOWLEDGE = 'POST/connections/*/*/acknowledgement'

/** Who calls, what their IAM policy says of this API, what they call, and whether they get in: also where callers are set. */
const ROWS: readonly Row[] = [
  ['a role of ours', [], 'GET/tokens/accelo/hq', false],
  ['a role of ours', [ONE], 'GET/tokens/accelo/hq', true],
  ['a role of ours', [ONE], 'GET/tokens/accelo/hr', false],
  ['a role of ours', [ONE], 'GET/tokens/accelo/hq2', false],
  ['a role of ours', [ONE], 'GET/tokens/accelo/HQ', false],
  ['a role of ours', [ONE], 'GET/tokens/accelo/%68%71', false],
  ['a role of ours', [ONE], 'GET/tokens/netrex/hq', false],
  ['a role of ours', [ONE], 'DELETE/tokens/accelo/hq', false],
  ['a role of ours', [ONE], 'POST/tokens/accelo/hq/refresh', false],
  ['a role of ours', [ONE], 'GET/connections/accelo/hq', false],
  ['a role of ours', [ONE], 'GET/tokens/accelo/hq v2', false],
  ['a role of ours', [ONE], 'GET/tokens/accelo/hq v1 of another API', false],
  ['a role of ours', [ONE, 'POST/tokens/accelo/hq/refresh'], 'POST/tokens/accelo/hq/refresh', true],
  ['a role of ours', [ONE, 'POST/tokens/accelo/hq/refresh'], 'POST/tokens/accelo/hr/refresh', false],

  ['a role of ours', ['GET/tokens/accelo/*'], 'GET/tokens/accelo/hq', true],
  ['a role of ours', ['GET/tokens/accelo/*'], 'GET/tokens/accelo/hr', true],
  ['a role of ours', ['GET/tokens/accelo/*'], 'GET/tokens/accelox/hq', false],
  ['a role of ours', ['GET/tokens/accelo/*'], 'GET/tokens/netrex/hq', false],
  ['a role of ours', ['GET/tokens/accelo/*'], 'GET/connections/accelo', false],

  ['a role of ours', ['GET/tokens/*'], 'GET/tokens/netrex/hq', true],
  ['a role of ours', ['GET/tokens/*'], 'DELETE/tokens/netrex/hq', false],
  ['a role of ours', [EVERYTHING], 'DELETE/tokens/netrex/hq', true],
  ['a role of ours', [EVERYTHING], 'POST/connections/netrex/hq/authorization', true],
  ['a role of ours', [EVERYTHING], 'GET/tokens/netrex/hq v2', false],

  ['a role of ours', [EVERYTHING, NOT_HQ], 'GET/tokens/accelo/hq', false],
  ['a role of ours', [EVERYTHING, NOT_HQ], 'POST/tokens/accelo/hq/refresh', false],
  ['a role of ours', [EVERYTHING, NOT_HQ], 'GET/tokens/accelo/hr', true],
  ['a role of ours', [EVERYTHING, NOT_HQ], 'GET/tokens/netrex/hq', true],
  ['a role of ours', [EVERYTHING, { deny: ONE }], 'DELETE/tokens/accelo/hq', true],
  // IAM compares the path as it was sent, so these get past the Deny; the function has to refuse what is not spelled `hq`.
  ['a role of ours', [EVERYTHING, NOT_HQ], 'GET/tokens/accelo/%68%71', true],
  ['a role of ours', [EVERYTHING, NOT_HQ], 'GET/tokens/accelo/h%71', true],
  ['a role of ours', [EVERYTHING, NOT_HQ], 'GET/tokens/accelo/HQ', true],

  ['a role of ours', [ACKNOWLEDGE], 'POST/connections/accelo/hq/acknowledgement', true],
  ['a role of ours', [ACKNOWLEDGE], 'PUT/connections/accelo/hq/status', false],
  ['a role of ours', [ACKNOWLEDGE], 'PUT/connections/accelo/hq/owner', false],
  ['a role of ours', [ACKNOWLEDGE], 'POST/connections/accelo/hq/check', false],
  ['a role of ours', [ACKNOWLEDGE], 'DELETE/connections/accelo/hq', false],
  ['a role of ours', [EVERYTHING, { deny: 'PUT/connections/*/status' }], 'PUT/connections/accelo/hq/status', false],
  ['a role of ours', [EVERYTHING, { deny: 'PUT/connections/*/status' }], 'PUT/connections/accelo/hq/owner', true],
  ['a role of ours', ['PUT/connections/accelo/hq/keep-warm'], 'PUT/connections/accelo/hq/keep-warm', true],
  ['a role of ours', ['PUT/connections/accelo/hq/keep-warm'], 'POST/connections/accelo/hq/trial', false],

  ['nobody', [EVERYTHING], 'GET/tokens/accelo/hq', false],
  ['nobody', [EVERYTHING], 'GET/connections/accelo', false],

  ['a role of another account', [], 'GET/tokens/accelo/hq', false, false],
  ['a role of another account', [ONE], 'GET/tokens/accelo/hq', false, true],
  ['a role of another account', [EVERYTHING], 'POST/tokens/accelo/hq/refresh', false, true],
  ['a role of another account', [EVERYTHING, NOT_HQ], 'GET/tokens/accelo/hq', false, false],
  ['a role of another account', [EVERYTHING], 'GET/tokens/accelo/hr', false, false],
  ['a role of another account', [EVERYTHING], 'GET/tokens/iobeya/hq', false, false],
  ['a role of another account', [EVERYTHING], 'DELETE/tokens/accelo/hq', false, false],
  ['a role of another account', [EVERYTHING], 'GET/connections/accelo/hq', false, false],
  ['a role of another account', [EVERYTHING], 'POST/connections/accelo/hq/acknowledgement', false, false],
  ['a role of another account', [EVERYTHING], 'GET/tokens/accelo/hq v2', false, false],
  ['another role', [EVERYTHING], 'GET/tokens/iobeya/hq', false, true],
  ['another role', [EVERYTHING], 'POST/tokens/iobeya/hr/refresh', false, true],
  ['another role', [], 'GET/tokens/iobeya/hq', false, false],
  ['another role', [EVERYTHING], 'GET/tokens/accelo/hq', false, false],
  ['another role', [EVERYTHING], 'DELETE/tokens/iobeya/hq', false, false],
  ['a role beside it', [EVERYTHING], 'GET/tokens/iobeya/hq', false, false],
]

/** Calls of the API, by the rules that the callers' accounts give them. */
export function callerCases({ apis, hasCallers }: Machine): readonly Case[] {
  const ruleOf = (rule: Rule) =>
    statementOf({
      Effect: typeof rule === 'string' ? 'Allow' : 'Deny',
      Action: 'execute-api:Invoke',
      Resource: `${apis.signed}/v1/${typeof rule === 'string' ? rule : rule.deny}`,
    })
  return ROWS.map(([who, rules, call, asItIs, withCallers = asItIs]) => {
    const [path = '', stage = 'v1', ...elsewhere] = call.split(' ')
    const api = elsewhere.length > 0 ? `${apis.signed}x` : apis.signed
    return {
      title: `${who} with ${JSON.stringify(rules)} calls ${call}`,
      principal: who === 'nobody' ? 'anybody' : { arn: CALLERS[who] },
      own: rules.map(ruleOf),
      action: 'execute-api:Invoke',
      resource: `${api}/${stage}/${path}`,
      isAllowed: hasCallers ? withCallers : asItIs,
    }
  })
}
