import { readFileSync } from 'node:fs'
import { type Stack, Validations } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { rulePacks } from '../../lib/rule-packs.ts'
import { figure } from '../support/figure.ts'
import { machineStack } from '../support/machine-stack.ts'

interface Finding {
  /** As it is acknowledged: the pack, and the rule with what it found. */
  readonly rule: string
  readonly path: string
}

const findingsIn = (stack: Stack): Finding[] =>
  rulePacks().flatMap((pack) =>
    pack
      .validateScope(stack)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath: path = '' }) => ({ rule: `${pack.name}::${ruleName}`, path })),
      ),
  )

const acknowledgedIn = (stack: Stack) =>
  stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries<string>(data))
      .map(([rule, reason]) => ({ path: node.path, rule, reason })),
  )

const openIn = (stack: Stack): Finding[] =>
  findingsIn(stack).filter(
    ({ rule, path }) =>
      !acknowledgedIn(stack).some((given) => given.rule === rule && `${path}/`.startsWith(`${given.path}/`)),
  )

/** The rule without what it found: `AwsSolutions-IAM5[Resource::…:secret:vendomat/accelo/*]` is of a kind with NetRex's. */
const kindOf = (rule: string): string =>
  rule
    .slice(rule.indexOf('::') + 2)
    .replace(/arn:\S+:secretsmanager:\S+:secret:vendomat\/[a-z]+\//, 'vendomat/<vendor>/')

function countsOf(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { rule } of findings) counts[kindOf(rule)] = (counts[kindOf(rule)] ?? 0) + 1
  return counts
}

const ACL = 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/ours/a1b2c3d4'
const machine = machineStack({ chatTopic: true, alertEmail: 'platform@example.com' })
const everything = machineStack({
  chatTopic: true,
  alertEmail: 'platform@example.com',
  hostedCallback: true,
  callers: { '111122223333': ['accelo/hq'] },
})
const machines: readonly (readonly [string, Stack])[] = [
  ['the machine', machine],
  ['the machine with a hosted callback', everything],
  ['the machine behind web ACLs', machineStack({ hostedCallback: true, webAcl: { callback: ACL, api: ACL } })],
]

describe('of the rules of AwsSolutions, NIST 800-53 and Serverless', () => {
  it.each(machines)('%s breaks none that is not acknowledged', (_, stack) => {
    expect(rulePacks().map(({ name }) => name)).toEqual(['AwsSolutions', 'NIST.800.53.R5', 'Serverless'])
    expect(openIn(stack)).toEqual([])
  })

  it('a queue that is not encrypted in transit is noticed', () => {
    const stack = machineStack()
    new Queue(stack, 'Open')
    expect(openIn(stack).map(({ rule }) => kindOf(rule))).toContain('AwsSolutions-SQS4')
  })

  it('these are acknowledged, with so many findings each', () => {
    expect(countsOf(findingsIn(machine))).toEqual(ACKNOWLEDGED)
    const more = countsOf(findingsIn(everything))
    expect(Object.keys(more).filter((kind) => !(kind in ACKNOWLEDGED))).toEqual([
      'AwsSolutions-APIG4',
      'NIST.800.53.R5-LambdaDLQ',
      'Serverless-LambdaDLQ',
    ])
    const found = Object.values(ACKNOWLEDGED).reduce((sum, n) => sum + n)
    figure('rule-packs', `0 open, ${found} findings of ${Object.keys(ACKNOWLEDGED).length} kinds acknowledged`)
  })

  it.each(machines)('%s acknowledges each with a reason, and none that is not broken', (_, stack) => {
    const found = findingsIn(stack)
    const acknowledged = acknowledgedIn(stack)
    expect(acknowledged.filter(({ reason }) => reason.length < 40)).toEqual([])
    const isBroken = ({ rule, path }: Finding) =>
      found.some((one) => one.rule === rule && `${one.path}/`.startsWith(`${path}/`))
    expect(acknowledged.filter((one) => !isBroken(one))).toEqual([])
  })

  it('for the whole stack no more is acknowledged than what holds for the whole machine', () => {
    const wide = acknowledgedIn(everything).filter(({ path }) => path === everything.node.path)
    expect(wide.map(({ rule }) => kindOf(rule))).toEqual([
      'NIST.800.53.R5-LambdaInsideVPC',
      'NIST.800.53.R5-IAMNoInlinePolicy',
      'Serverless-LambdaTracing',
      'Serverless-APIGWXrayEnabled',
      'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted',
      'NIST.800.53.R5-APIGWSSLEnabled',
    ])
  })

  it('that methods have no user pool is acknowledged once, for the API', () => {
    const once = acknowledgedIn(machine).filter(({ rule }) => rule.endsWith('-COG4'))
    expect(once.map(({ path }) => path)).toEqual(['Vendomat/Api/Api'])
  })

  it('each is looked at whenever the stack is synthesised', () => {
    const app = readFileSync(new URL('../../bin/app.ts', import.meta.url), 'utf8')
    expect(app).toContain('Validations.of(app).addPlugins(...rulePacks())')
  })
})

/** What the packs find in the machine, by kind. A finding more is looked at before it is counted here. */
const ACKNOWLEDGED: Readonly<Record<string, number>> = {
  'AwsSolutions-APIG3': 1,
  'AwsSolutions-APIG6': 1,
  'AwsSolutions-COG4': Object.keys(Template.fromStack(machine).findResources('AWS::ApiGateway::Method')).length,
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]': 1,
  'AwsSolutions-IAM5[Resource::*]': 5,
  'AwsSolutions-IAM5[Resource::vendomat/<vendor>/*]': 5,
  'NIST.800.53.R5-APIGWAssociatedWithWAF': 1,
  'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted': 1,
  'NIST.800.53.R5-APIGWExecutionLoggingEnabled': 1,
  'NIST.800.53.R5-APIGWSSLEnabled': 1,
  'NIST.800.53.R5-DynamoDBInBackupPlan': 1,
  'NIST.800.53.R5-IAMNoInlinePolicy': 10,
  'NIST.800.53.R5-LambdaConcurrency': 5,
  'NIST.800.53.R5-LambdaInsideVPC': 5,
  'Serverless-APIGWXrayEnabled': 1,
  'Serverless-LambdaAsyncFailureDestination': 5,
  'Serverless-LambdaTracing': 5,
  'Serverless-SNSRedrivePolicy': 1,
  'Serverless-SQSRedrivePolicy': 1,
}
