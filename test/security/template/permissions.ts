import { vendors } from '../../../functions/vendors.ts'
import {
  add,
  all,
  first,
  firstHeld,
  heldIn,
  list,
  none,
  type Property,
  type Statement,
  type Synthesised,
  text,
  unless,
  unlessHeld,
  vendorsIn,
} from './property.ts'

const ROLE = 'AWS::IAM::Role'
const ANY = /./

const lets = (template: Synthesised, statement: Partial<Statement>): void => {
  first(template, 'AWS::IAM::Policy').PolicyDocument.Statement.push({ Effect: 'Allow', Resource: 'arn', ...statement })
}
const trust = (properties: ReturnType<typeof first>): readonly Statement[] =>
  properties.AssumeRolePolicyDocument.Statement

/** What roles of the stack have to do with. */
const SERVICES = ['dynamodb', 'events', 'kms', 'lambda', 'logs', 'secretsmanager', 'sns', 'sqs']
/** What a vendor whose tokens are never stored must not be able to write. */
const TOKEN_ATTRIBUTES = ['sealed', 'refreshToken', 'context', 'fingerprint', 'scope', 'leaseId']
const written = (template: Synthesised, vendorId: string): Statement | undefined =>
  heldIn(template).find(
    ({ statement }) =>
      list(statement.Action).includes('dynamodb:UpdateItem') && text(statement.Condition).includes(`"${vendorId}#*"`),
  )?.statement
/** Those with code, and those whose description says so. */
const tokenlessIn = (template: Synthesised): readonly string[] => [
  ...Object.values(vendors).flatMap(({ id, tokens }) => (tokens.storage === 'memory' ? [id] : [])),
  ...all(template, 'AWS::Lambda::Function').flatMap(([, { Properties }]) => {
    const { id, keep } = JSON.parse(Properties.Environment.Variables.VENDOMAT_DESCRIPTION ?? '{}')
    return keep === 'memory' ? [String(id)] : []
  }),
]

export const PERMISSION_PROPERTIES: readonly Property[] = [
  {
    title: 'no role may do an action with a star',
    faults: unlessHeld(/\*/, ({ Effect }) => Effect === 'Deny'),
    broken: ['one that may', (template) => lets(template, { Action: 'kms:GenerateDataKey*' })],
  },
  {
    title: 'no role may do anything on everything but see what secrets are called',
    faults: unlessHeld(ANY, ({ Action, Resource }) => Resource !== '*' || Action === 'secretsmanager:ListSecrets'),
    broken: ['one that may', (template) => lets(template, { Action: 'sns:Publish', Resource: '*' })],
  },
  {
    title: 'no statement allows all but something',
    faults: (template) =>
      Object.entries(template.Resources).flatMap(([id, one]) =>
        /"Not(Action|Resource|Principal)"/.test(text(one)) ? [id] : [],
      ),
    broken: ['one that does', (template) => lets(template, { Action: 'sns:Publish', ...{ NotResource: 'arn' } })],
  },
  {
    title: 'roles have to do with eight services and no other',
    faults: unlessHeld(ANY, ({ Action }) =>
      list(Action).every((action) => SERVICES.includes(action.split(':')[0] ?? '')),
    ),
    broken: ['one that makes roles', (template) => lets(template, { Action: 'iam:PassRole' })],
  },
  {
    title: 'no role can end, shorten or unmask a log, or read one',
    faults: unlessHeld(/^logs:/, ({ Action }) =>
      list(Action).every((action) => ['logs:CreateLogStream', 'logs:PutLogEvents'].includes(action)),
    ),
    broken: ['one that can', (template) => lets(template, { Action: 'logs:PutRetentionPolicy' })],
  },
  {
    title: 'every role writes to one log, which it names',
    faults: unlessHeld(/^logs:/, ({ Resource }) => /^\{"Fn::GetAtt":\["\w+Log\w+","Arn"\]\}$/.test(text(Resource))),
    broken: [
      'all logs of the account',
      (template) => Object.assign(firstHeld(template, /^logs:/), { Resource: 'arn:aws:logs:*:*:*' }),
    ],
  },
  {
    title: 'no role can scan, put, delete, export or ask the table in PartiQL',
    faults: unlessHeld(/^dynamodb:/, ({ Action }) =>
      list(Action).every((action) => /^dynamodb:(GetItem|BatchGetItem|Query|UpdateItem)$/.test(action)),
    ),
    broken: ['one that can', (template) => lets(template, { Action: 'dynamodb:Scan' })],
  },
  {
    title: 'every permission on the table is for rows of one vendor',
    faults: unlessHeld(/^dynamodb:/, ({ Condition }, _, template) => {
      const keys = list(Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []).map(String)
      const ids = new Set(keys.map((key) => /^([a-z0-9]+)(#\*|#FLOW)?$/.exec(key)?.[1]))
      return keys.length > 0 && ids.size === 1 && vendorsIn(template).includes([...ids][0] ?? '')
    }),
    broken: ['one for all', (template) => delete firstHeld(template, /^dynamodb:/).Condition],
  },
  {
    title: 'every permission on the table, beside that on its indexes of names, is refused where no key is named',
    faults: unlessHeld(
      /^dynamodb:/,
      ({ Condition, Resource }) =>
        text(Resource).includes('/index/') || Condition?.Null?.['dynamodb:LeadingKeys'] === 'false',
    ),
    broken: [
      'one that is not',
      (template) => delete firstHeld(template, /^dynamodb:(UpdateItem|GetItem)$/).Condition?.Null,
    ],
  },
  {
    title: 'every role that may use the table may use its key, through DynamoDB and no other way',
    faults: (template) => {
      const uses = heldIn(template).filter(({ statement }) => text(statement.Condition).includes('"kms:ViaService"'))
      return unlessHeld(/^dynamodb:/, (_, { roles }) =>
        roles.every((role) =>
          uses.some((use) => use.roles.includes(role) && text(use.statement.Condition).includes('dynamodb.')),
        ),
      )(template)
    },
    broken: [
      'one that may not',
      (template) => {
        const use = heldIn(template).find(({ statement }) => text(statement.Condition).includes('dynamodb.'))?.statement
        Object.assign(use ?? {}, { Condition: {} })
      },
    ],
  },
  {
    title: 'a vendor whose tokens are never stored can write no attribute that could hold one',
    faults: (template) =>
      tokenlessIn(template).filter((id) => {
        const allowed = list(
          written(template, id)?.Condition?.['ForAllValues:StringEquals']?.['dynamodb:Attributes'] ?? [],
        )
        return allowed.length === 0 || TOKEN_ATTRIBUTES.some((name) => allowed.includes(name))
      }),
    broken: [
      'one that can',
      (template) => delete written(template, tokenlessIn(template)[0] ?? '')?.Condition?.['ForAllValues:StringEquals'],
    ],
  },
  {
    title: 'every role reads the secrets of one vendor, and its rows are of the same',
    faults: unlessHeld(/^secretsmanager:GetSecretValue$/, ({ Resource }, { roles }, template) => {
      const [, vendor] = /:secret:vendomat\/([a-z0-9]+)\/\*"\]\]\}$/.exec(text(Resource)) ?? []
      const rows = heldIn(template).filter(
        (held) => roles.some((role) => held.roles.includes(role)) && /dynamodb:/.test(text(held.statement.Action)),
      )
      return (
        vendor !== undefined &&
        rows.length > 0 &&
        rows.every(({ statement }) => text(statement.Condition).includes(`"${vendor}#*"`))
      )
    }),
    broken: [
      'those of all',
      (template) =>
        Object.assign(firstHeld(template, /GetSecretValue/), {
          Resource: { 'Fn::Join': ['', ['arn:aws:secretsmanager:::secret:vendomat/*']] },
        }),
    ],
  },
  {
    title: 'no two roles that vend can read the same secret',
    faults: (template) => {
      const vending = all(template, 'AWS::Lambda::Function')
        .filter(([, { Properties }]) => /^vends /.test(Properties.Description))
        .map(([, { Properties }]) => Properties.Role['Fn::GetAtt'][0])
      const read = vending.map((role) =>
        text(
          heldIn(template)
            .filter(
              ({ roles, statement }) => roles.includes(role) && statement.Action === 'secretsmanager:GetSecretValue',
            )
            .map(({ statement }) => statement.Resource),
        ),
      )
      return read.filter((resources, i) => resources === '[]' || read.indexOf(resources) !== i)
    },
    broken: [
      'two that can',
      (template) => {
        const reads = heldIn(template).filter(({ statement }) => statement.Action === 'secretsmanager:GetSecretValue')
        Object.assign(reads.at(-1)?.statement ?? {}, { Resource: reads.at(-2)?.statement.Resource })
      },
    ],
  },
  {
    title: 'no role can write a secret, or change a key or who may use it',
    faults: unlessHeld(/^(secretsmanager|kms):/, ({ Action }) =>
      list(Action).every((action) =>
        /^(secretsmanager:(GetSecretValue|ListSecrets)|kms:(Decrypt|DescribeKey|Encrypt|GenerateDataKey(WithoutPlaintext)?|ReEncrypt(From|To)))$/.test(
          action,
        ),
      ),
    ),
    broken: ['one that can', (template) => lets(template, { Action: 'kms:PutKeyPolicy' })],
  },
  {
    title: 'a role that calls a function names it, without its versions',
    faults: unlessHeld(/^lambda:/, ({ Action, Resource }) =>
      list(Resource).every(
        (one) => Action === 'lambda:InvokeFunction' && /^\{"Fn::GetAtt":\["\w+","Arn"\]\}$/.test(text(one)),
      ),
    ),
    broken: [
      'every version',
      (template) => {
        const statement = firstHeld(template, /^lambda:/)
        statement.Resource = { 'Fn::Join': ['', [statement.Resource, ':*']] }
      },
    ],
  },
  {
    title: 'no function that vends can call another',
    faults: (template) => {
      const vending = all(template, 'AWS::Lambda::Function')
        .filter(([, { Properties }]) => !/takes people back/.test(Properties.Description))
        .map(([, { Properties }]) => Properties.Role['Fn::GetAtt'][0])
      return unlessHeld(/^lambda:/, (_, { roles }) => !roles.some((role) => vending.includes(role)))(template)
    },
    broken: [
      'one that can',
      (template) => {
        const { roles } = heldIn(template).find(({ statement }) => /GetSecretValue/.test(text(statement.Action))) ?? {}
        add(template, 'AWS::IAM::Policy', {
          Roles: [{ Ref: roles?.[0] }],
          PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: 'arn' }] },
        })
      },
    ],
  },
  {
    title: 'a role that puts events on the bus puts them as from the machine',
    faults: unlessHeld(
      /^events:/,
      ({ Action, Condition }) =>
        Action === 'events:PutEvents' &&
        text(Condition?.['ForAllValues:StringEquals']) === '{"events:source":["vendomat"]}' &&
        text(Condition?.Null) === '{"events:source":"false"}',
    ),
    broken: ['as from anybody', (template) => delete firstHeld(template, /^events:/).Condition],
  },
  {
    title: 'every role is taken on by one service and by nobody else',
    faults: unless(ROLE, (properties) => {
      const [statement, ...more] = trust(properties)
      const service = /^\{"Service":"(lambda|scheduler|apigateway)\.amazonaws\.com"\}$/
      return more.length === 0 && service.test(text(statement?.Principal)) && statement?.Action === 'sts:AssumeRole'
    }),
    broken: [
      'an account',
      (template) => Object.assign(trust(first(template, ROLE))[0] ?? {}, { Principal: { AWS: '111122223333' } }),
    ],
  },
  {
    title: 'a role of schedules is taken on for schedules of this group in this account',
    faults: unless(ROLE, (properties) => {
      const [statement] = trust(properties)
      const conditions = Object.keys(statement?.Condition?.StringEquals ?? {})
      return (
        !text(statement?.Principal).includes('scheduler') ||
        text(conditions) === '["aws:SourceAccount","aws:SourceArn"]'
      )
    }),
    broken: [
      'for any',
      (template) => delete trust(first(template, ROLE, (one) => text(trust(one)).includes('scheduler')))[0]?.Condition,
    ],
  },
  {
    title: 'no role has a managed policy but that with which API Gateway writes logs',
    faults: (template) => [
      ...none('AWS::IAM::ManagedPolicy')(template),
      ...unless(ROLE, ({ ManagedPolicyArns = [] }) =>
        ManagedPolicyArns.every((arn: unknown) => text(arn).includes('/AmazonAPIGatewayPushToCloudWatchLogs"')),
      )(template),
    ],
    broken: [
      'one that has',
      (template) =>
        Object.assign(first(template, ROLE), { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
    ],
  },
  {
    title: 'the stack makes no user, group or access key',
    faults: (template) => ['User', 'Group', 'AccessKey'].flatMap((what) => none(`AWS::IAM::${what}`)(template)),
    broken: ['a user', (template) => add(template, 'AWS::IAM::User')],
  },
]
