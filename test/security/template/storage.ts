import {
  add,
  all,
  first,
  idIn,
  keyPolicy,
  list,
  none,
  type Property,
  type Statement,
  type Synthesised,
  text,
  unless,
} from './property.ts'

const TABLE = 'AWS::DynamoDB::Table'
const KEY = 'AWS::KMS::Key'
const QUEUE = 'AWS::SQS::Queue'
const TOPIC = 'AWS::SNS::Topic'

/** That give away or use what is under a key. */
const USES = /^kms:(\*|Decrypt|Encrypt|GenerateDataKey|ReEncrypt|CreateGrant)/
const uses = ({ Effect, Action }: Statement): boolean =>
  Effect === 'Allow' && list(Action).some((action) => USES.test(action))

/** Those of a type without a policy that refuses calls without TLS. */
const unlessTls = (type: string, policy: string, of: string) => (template: Synthesised) =>
  all(template, type)
    .map(([id]) => id)
    .filter(
      (id) =>
        !all(template, policy).some(
          ([, { Properties }]) =>
            Properties[of].map(idIn).includes(id) &&
            Properties.PolicyDocument.Statement.some(
              ({ Effect, Principal, Condition }: Statement) =>
                Effect === 'Deny' &&
                /"\*"/.test(text(Principal)) &&
                text(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
            ),
        ),
    )

export const STORAGE_PROPERTIES: readonly Property[] = [
  {
    title: 'the table is of the kind that rule packs look at',
    faults: (template) => [
      ...none('AWS::DynamoDB::GlobalTable')(template),
      ...(all(template, TABLE).length === 1 ? [] : ['not one table']),
    ],
    broken: ['a TableV2', (template) => add(template, 'AWS::DynamoDB::GlobalTable')],
  },
  {
    title: 'the table is encrypted with a key of the stack',
    faults: unless(
      TABLE,
      ({ SSESpecification }) => SSESpecification?.SSEType === 'KMS' && idIn(SSESpecification.KMSMasterKeyId),
    ),
    broken: ['a key of AWS', (template) => delete first(template, TABLE).SSESpecification.KMSMasterKeyId],
  },
  {
    title: 'the table can be put back, and is deleted neither by mistake nor with the stack',
    faults: unless(
      TABLE,
      ({ PointInTimeRecoverySpecification, DeletionProtectionEnabled }, { DeletionPolicy, UpdateReplacePolicy }) =>
        PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true &&
        DeletionProtectionEnabled === true &&
        DeletionPolicy === 'Retain' &&
        UpdateReplacePolicy === 'Retain',
    ),
    broken: ['one that is', (template) => Object.assign(first(template, TABLE), { DeletionProtectionEnabled: false })],
  },
  {
    title: 'rows of the table end by themselves',
    faults: unless(
      TABLE,
      ({ TimeToLiveSpecification }) => text(TimeToLiveSpecification) === '{"AttributeName":"ttl","Enabled":true}',
    ),
    broken: ['never', (template) => delete first(template, TABLE).TimeToLiveSpecification],
  },
  {
    title: 'no row leaves the table by a stream, a copy, an import or a list of its busiest keys',
    faults: unless(TABLE, (properties) =>
      [
        'StreamSpecification',
        'KinesisStreamSpecification',
        'ContributorInsightsSpecification',
        'ImportSourceSpecification',
        'Replicas',
      ].every((name) => properties[name] === undefined),
    ),
    broken: [
      'a stream',
      (template) => Object.assign(first(template, TABLE), { StreamSpecification: { StreamViewType: 'NEW_IMAGE' } }),
    ],
  },
  {
    title: 'nobody else is let at the table by a policy of its own',
    faults: unless(TABLE, ({ ResourcePolicy }) => ResourcePolicy === undefined),
    broken: ['one', (template) => Object.assign(first(template, TABLE), { ResourcePolicy: {} })],
  },
  {
    title: 'indexes hold names and no more',
    faults: unless(TABLE, ({ GlobalSecondaryIndexes }) =>
      GlobalSecondaryIndexes.every(
        ({ Projection }: { Projection: object }) => text(Projection) === '{"ProjectionType":"KEYS_ONLY"}',
      ),
    ),
    broken: [
      'all attributes',
      (template) =>
        Object.assign(first(template, TABLE).GlobalSecondaryIndexes[0].Projection, { ProjectionType: 'ALL' }),
    ],
  },
  {
    title: 'every key turns over, and stays when the stack goes',
    faults: unless(
      KEY,
      ({ EnableKeyRotation }, { DeletionPolicy, UpdateReplacePolicy }) =>
        EnableKeyRotation === true && /^Retain/.test(DeletionPolicy) && UpdateReplacePolicy === 'Retain',
    ),
    broken: ['one that does not', (template) => Object.assign(first(template, KEY), { EnableKeyRotation: false })],
  },
  {
    title: 'nobody may be granted the use of a key beside its policy, but AWS services for what they encrypt',
    faults: unless(KEY, ({ KeyPolicy }) => {
      const statements: readonly Statement[] = KeyPolicy.Statement
      const isGiven = statements.some(
        ({ Effect, Action }) =>
          Effect === 'Allow' && list(Action).some((action) => /^kms:(\*|CreateGrant)$/.test(action)),
      )
      const isRefused = statements.some(
        ({ Effect, Action, Principal, Condition }) =>
          Effect === 'Deny' &&
          Action === 'kms:CreateGrant' &&
          text(Principal) === '{"AWS":"*"}' &&
          text(Condition) ===
            '{"BoolIfExists":{"kms:GrantIsForAWSResource":"false","aws:PrincipalIsAWSService":"false"}}',
      )
      return !isGiven || isRefused
    }),
    broken: ['anybody', (template) => keyPolicy(template, 'token table').splice(1, 1)],
  },
  {
    title: 'the key of sealed tokens is used for one vendor at a time, and not by the account',
    faults: (template) =>
      keyPolicy(template, 'sealed tokens')
        .filter(uses)
        .filter(
          ({ Condition }) => !/EncryptionContext:app.*EncryptionContext:vendor":"[a-z][a-z0-9]*"/.test(text(Condition)),
        )
        .map(text),
    broken: [
      'by the account',
      (template) =>
        keyPolicy(template, 'sealed tokens').push({ Effect: 'Allow', Action: 'kms:*', Principal: { AWS: 'root' } }),
    ],
  },
  {
    title: 'services use keys for this account, or for the logs of this stack, and not for others',
    faults: (template) =>
      all(template, KEY).flatMap(([, { Properties }]) =>
        Properties.KeyPolicy.Statement.filter(
          ({ Principal, Condition }: Statement) =>
            /"Service"/.test(text(Principal)) &&
            !/"aws:SourceAccount":\{"Ref":"AWS::AccountId"\}|"kms:EncryptionContext:aws:logs:arn"/.test(
              text(Condition),
            ),
        ).map(text),
      ),
    broken: [
      'for anybody',
      (template) => {
        for (const one of keyPolicy(template, 'notices'))
          if (/cloudwatch/.test(text(one.Principal))) delete one.Condition
      },
    ],
  },
  {
    title: 'CloudWatch Logs may use the key of logs, or nothing could be logged',
    faults: (template) =>
      keyPolicy(template, 'logs').some(
        ({ Principal, Action }) => /"logs\."/.test(text(Principal)) && list(Action).includes('kms:GenerateDataKey'),
      )
        ? []
        : ['it may not'],
    broken: [
      'it may not',
      (template) => {
        for (const one of keyPolicy(template, 'logs'))
          if (/"logs\."/.test(text(one.Principal))) one.Action = 'kms:Encrypt'
      },
    ],
  },
  {
    title: 'every queue is encrypted and keeps what is in it for 14 days',
    faults: unless(
      QUEUE,
      ({ SqsManagedSseEnabled, KmsMasterKeyId, MessageRetentionPeriod }) =>
        (SqsManagedSseEnabled === true || KmsMasterKeyId) && MessageRetentionPeriod === 14 * 24 * 3600,
    ),
    broken: ['one that is not', (template) => Object.assign(first(template, QUEUE), { SqsManagedSseEnabled: false })],
  },
  {
    title: 'no queue takes what comes without TLS',
    faults: unlessTls(QUEUE, 'AWS::SQS::QueuePolicy', 'Queues'),
    broken: ['one that does', (template) => Object.assign(first(template, 'AWS::SQS::QueuePolicy'), { Queues: [] })],
  },
  {
    title: 'no topic takes what comes without TLS',
    faults: unlessTls(TOPIC, 'AWS::SNS::TopicPolicy', 'Topics'),
    broken: ['one that does', (template) => Object.assign(first(template, 'AWS::SNS::TopicPolicy'), { Topics: [] })],
  },
  {
    title: 'every topic is encrypted with a key of the stack',
    faults: unless(TOPIC, ({ KmsMasterKeyId }) => idIn(KmsMasterKeyId)),
    broken: ['one that is not', (template) => delete first(template, TOPIC).KmsMasterKeyId],
  },
  {
    title: 'the policy of a topic allows CloudWatch of this account and nobody else to publish',
    faults: unless('AWS::SNS::TopicPolicy', ({ PolicyDocument }) =>
      PolicyDocument.Statement.every(
        ({ Effect, Principal, Condition }: Statement) =>
          Effect === 'Deny' ||
          (text(Principal) === '{"Service":"cloudwatch.amazonaws.com"}' &&
            text(Condition) === '{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}'),
      ),
    ),
    broken: [
      'everybody',
      (template) =>
        first(template, 'AWS::SNS::TopicPolicy').PolicyDocument.Statement.push({
          Effect: 'Allow',
          Principal: '*',
          Action: 'sns:Publish',
        }),
    ],
  },
  {
    title: 'no secret is made by the stack, and none is read into it',
    faults: (template) => [
      ...none('AWS::SecretsManager::Secret')(template),
      ...(/\{\{resolve:|SecretString|"NoEcho"/.test(text(template)) ? ['a secret in the template'] : []),
    ],
    broken: [
      'one that is read',
      (template) =>
        Object.assign(first(template, TABLE), { TableName: '{{resolve:secretsmanager:vendomat/accelo/hq}}' }),
    ],
  },
  {
    title: 'the stack prints addresses and names, and no more than are known',
    faults: ({ Outputs }) =>
      Object.keys(Outputs).filter(
        (name) =>
          !['Url', 'Stage', 'Vendors', 'SecretsKey', 'CallbackUrl', 'ChatTopicArn', 'DashboardUrl', 'TryIt'].includes(
            name,
          ),
      ),
    broken: ['a token', ({ Outputs }) => Object.assign(Outputs, { Token: { Value: 'canary' } })],
  },
  {
    title: 'nothing of the stack may be chosen from outside but where the CDK finds its assets',
    faults: ({ Parameters = {} }) => Object.keys(Parameters).filter((name) => name !== 'BootstrapVersion'),
    broken: ['a host', ({ Parameters }) => Object.assign(Parameters, { Host: { Type: 'String' } })],
  },
]
