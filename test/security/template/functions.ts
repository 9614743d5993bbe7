import { descriptionSchema } from '../../../lib/description-schema.ts'
import { add, all, first, idIn, none, type Property, type Synthesised, text, unless, vendorsIn } from './property.ts'

const FUNCTION = 'AWS::Lambda::Function'
const ASYNC = 'AWS::Lambda::EventInvokeConfig'
const SCHEDULE = 'AWS::Scheduler::Schedule'
const LOG = 'AWS::Logs::LogGroup'
const ALARM = 'AWS::CloudWatch::Alarm'

/** Names and numbers of what the stack made; no value among them is a secret. */
const ENVIRONMENT = [
  ...['POWERTOOLS_SERVICE_NAME', 'POWERTOOLS_METRICS_NAMESPACE', 'VENDOMAT_STAGE', 'VENDOMAT_STACK', 'VENDOMAT_TABLE'],
  ...['VENDOMAT_ENVELOPE_KEY', 'VENDOMAT_TOPIC', 'VENDOMAT_CHAT_TOPIC', 'VENDOMAT_RUNBOOK', 'VENDOMAT_ALLOWED_HOSTS'],
  ...['VENDOMAT_ALLOWED_NETWORKS', 'VENDOMAT_CALLBACK_URL', 'VENDOMAT_EXCHANGE_FUNCTIONS', 'VENDOMAT_REST_AFTER_DAYS'],
  'VENDOMAT_DESCRIPTION',
]
/** As long as a secret, of the letters that secrets are made of. */
const SECRET = /[\w+/=~-]{24,}/

/** A description is read member by member: its addresses are long. */
const isPublic = (name: string, value: string): boolean =>
  name === 'VENDOMAT_DESCRIPTION' ? descriptionSchema.safeParse(JSON.parse(value)).success : !SECRET.test(value)

const variables = (template: Synthesised) => first(template, FUNCTION).Environment.Variables
const vending = ({ Description }: { Description?: string }): boolean => /^vends /.test(Description ?? '')
const scheduled = (template: Synthesised) =>
  all(template, SCHEDULE).map(([, { Properties }]) => idIn(Properties.Target.Arn))
const target = (template: Synthesised) => first(template, SCHEDULE).Target

/** Alarms that there have to be, after the name of the stack. */
const alarmsOf = (template: Synthesised) => [
  ...['api-5xx', 'table-throttled', 'table-system-errors', 'sweeps-undelivered', 'notices-lost'],
  ...vendorsIn(template).flatMap((id) =>
    ['sweep-stopped', 'check-stopped', 'checks-failing', 'function-errors', 'function-throttled'].map(
      (what) => `${id}-${what}`,
    ),
  ),
]

export const FUNCTION_PROPERTIES: readonly Property[] = [
  {
    title: 'every function runs the newest Node there is, on arm64, from a bundle',
    faults: unless(
      FUNCTION,
      ({ Runtime, Architectures, PackageType }) =>
        Runtime === 'nodejs24.x' && text(Architectures) === '["arm64"]' && PackageType === undefined,
    ),
    broken: ['an old one', (template) => Object.assign(first(template, FUNCTION), { Runtime: 'nodejs18.x' })],
  },
  {
    title: 'no function has a layer, a snapshot or a file system beside its bundle',
    faults: unless(FUNCTION, (properties) =>
      ['Layers', 'SnapStart', 'FileSystemConfigs', 'ImageConfig'].every((name) => properties[name] === undefined),
    ),
    broken: [
      'a snapshot',
      (template) => Object.assign(first(template, FUNCTION), { SnapStart: { ApplyOn: 'PublishedVersions' } }),
    ],
  },
  {
    title: 'no function is traced',
    faults: unless(FUNCTION, ({ TracingConfig }) => TracingConfig === undefined),
    broken: [
      'one that is',
      (template) => Object.assign(first(template, FUNCTION), { TracingConfig: { Mode: 'Active' } }),
    ],
  },
  {
    title: 'the environment of a function has names that are known and no other',
    faults: unless(FUNCTION, ({ Environment }) =>
      Object.keys(Environment.Variables).every((name) => ENVIRONMENT.includes(name)),
    ),
    broken: ['NODE_OPTIONS', (template) => Object.assign(variables(template), { NODE_OPTIONS: '--inspect' })],
  },
  {
    title: 'no value in the environment of a function looks like a secret',
    faults: unless(FUNCTION, ({ Environment }) =>
      Object.entries(Environment.Variables).every(
        ([name, value]) => typeof value !== 'string' || isPublic(name, value),
      ),
    ),
    broken: [
      'one that does',
      (template) => Object.assign(variables(template), { VENDOMAT_STACK: 'canary-0123456789abcdef0123' }),
    ],
  },
  {
    title: 'every function has a log of its own',
    faults: (template) => {
      const logs = all(template, FUNCTION).map(([, { Properties }]) => idIn(Properties.LoggingConfig?.LogGroup))
      return all(template, FUNCTION)
        .filter((_, i) => logs[i] === undefined || logs.indexOf(logs[i]) !== i)
        .map(([id]) => id)
    },
    broken: ['none of its own', (template) => delete first(template, FUNCTION).LoggingConfig],
  },
  {
    title: 'every function has a role of its own',
    faults: (template) => {
      const roles = all(template, FUNCTION).map(([, { Properties }]) => idIn(Properties.Role))
      return roles.filter((role, i) => role === undefined || roles.indexOf(role) !== i).map(String)
    },
    broken: [
      'two that share one',
      (template) => Object.assign(first(template, FUNCTION), { Role: all(template, FUNCTION)[1]?.[1].Properties.Role }),
    ],
  },
  {
    title: 'every function that is called without waiting keeps what it failed for good in a queue',
    faults: unless(
      FUNCTION,
      ({ Description, DeadLetterConfig }) => !vending({ Description }) || DeadLetterConfig?.TargetArn,
    ),
    broken: ['one that does not', (template) => delete first(template, FUNCTION, vending).DeadLetterConfig],
  },
  {
    title: 'no answer of a function is kept: there is no destination for what went well, nor one beside the queue',
    faults: unless(ASYNC, ({ DestinationConfig }) => DestinationConfig === undefined),
    broken: [
      'one',
      (template) => Object.assign(first(template, ASYNC), { DestinationConfig: { OnSuccess: { Destination: 'arn' } } }),
    ],
  },
  {
    title: 'a task is tried twice at most and is given up after an hour',
    faults: (template) => [
      ...unless(
        ASYNC,
        ({ MaximumRetryAttempts, MaximumEventAgeInSeconds }) =>
          MaximumRetryAttempts <= 1 && MaximumEventAgeInSeconds <= 3600,
      )(template),
      ...scheduled(template)
        .map(String)
        .filter((id) => !all(template, ASYNC).some(([, { Properties }]) => idIn(Properties.FunctionName) === id)),
    ],
    broken: ['six hours', (template) => Object.assign(first(template, ASYNC), { MaximumEventAgeInSeconds: 21_600 })],
  },
  {
    title: 'a schedule says what to do and names no connection',
    faults: unless(SCHEDULE, ({ Target }) => /^\{"task":"(renew|check)"\}$/.test(Target.Input)),
    broken: [
      'a connection in it',
      (template) => Object.assign(target(template), { Input: '{"task":"renew","connection":"accelo#hq"}' }),
    ],
  },
  {
    title: 'a schedule keeps what it could not deliver, and gives up in time',
    faults: unless(
      SCHEDULE,
      ({ Target: { DeadLetterConfig, RetryPolicy } }) =>
        DeadLetterConfig?.Arn &&
        RetryPolicy.MaximumEventAgeInSeconds <= 21_600 &&
        RetryPolicy.MaximumRetryAttempts <= 185,
    ),
    broken: ['no queue', (template) => delete target(template).DeadLetterConfig],
  },
  {
    title: 'a schedule is of a group of the stack and calls a function of a vendor, with a role of its own',
    faults: unless(SCHEDULE, ({ GroupName, Target }, _, template) => {
      const called = all(template, FUNCTION).find(([id]) => id === idIn(Target.Arn))
      return (
        GroupName !== undefined &&
        idIn(Target.RoleArn)?.startsWith('Schedules') &&
        vending(called?.[1].Properties ?? {})
      )
    }),
    broken: ['the default group', (template) => delete first(template, SCHEDULE).GroupName],
  },
  {
    title: 'the hosted callback takes no concurrency from those that vend',
    faults: unless(
      FUNCTION,
      ({ Description, ReservedConcurrentExecutions }) =>
        !/takes people back/.test(Description) || ReservedConcurrentExecutions <= 2,
    ),
    broken: [
      'all that there is',
      (template) =>
        delete first(template, FUNCTION, ({ Description }) => /takes people/.test(Description))
          .ReservedConcurrentExecutions,
    ],
  },
  {
    title: 'every log is encrypted with a key of the stack, ends by itself and stays when the stack goes',
    faults: unless(
      LOG,
      ({ KmsKeyId, RetentionInDays }, { DeletionPolicy, UpdateReplacePolicy }) =>
        idIn(KmsKeyId) && RetentionInDays >= 90 && DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain',
    ),
    broken: ['one without a key', (template) => delete first(template, LOG).KmsKeyId],
  },
  {
    title: 'every log of who called is kept for 400 days',
    faults: (template) =>
      all(template, LOG)
        .filter(([id, { Properties }]) => /AccessLog/.test(id) && Properties.RetentionInDays < 400)
        .map(([id]) => id),
    broken: [
      'one for 90',
      (template) =>
        Object.assign(
          first(template, LOG, ({ RetentionInDays }) => RetentionInDays === 400),
          { RetentionInDays: 90 },
        ),
    ],
  },
  {
    title: 'there is an alarm for each thing that no notice can report',
    faults: (template) => {
      const names = all(template, ALARM).map(([, { Properties }]) => Properties.AlarmName)
      return alarmsOf(template).filter((name) => !names.includes(`Vendomat-${name}`))
    },
    broken: [
      'one that is called something else',
      (template) => Object.assign(first(template, ALARM), { AlarmName: 'x' }),
    ],
  },
  {
    title: 'every alarm notifies people, says where to read on and what no data means',
    faults: unless(
      ALARM,
      ({ AlarmActions, OKActions, AlarmDescription, TreatMissingData }) =>
        AlarmActions?.length > 0 &&
        OKActions?.length > 0 &&
        /Runbook: \S+#[a-z0-9-]+$/.test(AlarmDescription) &&
        TreatMissingData,
    ),
    broken: ['one that notifies nobody', (template) => Object.assign(first(template, ALARM), { AlarmActions: [] })],
  },
  {
    title: 'nothing of the stack is in a network or runs but functions',
    faults: (template) =>
      [
        'AWS::EC2::SecurityGroup',
        'AWS::EC2::Instance',
        'AWS::ECS::Service',
        'AWS::Lambda::LayerVersion',
        'Custom::AWS',
      ].flatMap((type) => none(type)(template)),
    broken: ['an instance', (template) => add(template, 'AWS::EC2::Instance')],
  },
]
