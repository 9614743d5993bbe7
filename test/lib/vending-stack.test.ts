import { DynamoDBClient, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb'
import { App, CfnResource, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { dynamoAllowance } from '../../functions/aws/dynamo-allowance.ts'
import { dynamoLedger } from '../../functions/aws/dynamo-ledger.ts'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoRounds } from '../../functions/aws/dynamo-rounds.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { vendors } from '../../functions/vendors.ts'
import { addGatewayAnswers } from '../../lib/gateway-answers.ts'
import { requireTls12 } from '../../lib/tls.ts'
import { VendingStack, type VendingStackProps } from '../../lib/vending-stack.ts'
import { machineStack, machineTemplate, synthesisOnly, validatingApp } from '../support/machine-stack.ts'
import { fakeVendor } from '../support/world.ts'
import { BOX } from '../support/wrong-descriptions.ts'

interface Statement {
  readonly Action: string | string[]
  readonly Resource: unknown
  readonly Effect: string
  readonly Condition?: Record<string, Record<string, unknown>>
}

const template = machineTemplate()
const ids = Object.keys(vendors)
const resources = (type: string) => Object.entries(template.findResources(type))
const functionOf = (vendorId: string) => {
  const found = resources('AWS::Lambda::Function').find(
    ([, { Properties }]) =>
      Properties.Description === `vends ${vendors[vendorId as keyof typeof vendors].title} tokens`,
  )
  if (!found) throw new Error(`no function of ${vendorId}`)
  return found
}
/** All that the role of a vendor's function may do. */
function statementsOf(vendorId: string): Statement[] {
  const role = functionOf(vendorId)[1].Properties.Role['Fn::GetAtt'][0]
  const policies = resources('AWS::IAM::Policy').filter(([, { Properties }]) =>
    Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role),
  )
  return policies.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
}
const actionsOf = ({ Action }: Statement) => [Action].flat()
const allStatements = () =>
  resources('AWS::IAM::Policy').flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[])

describe('the API', () => {
  const pathOf = (id: string | undefined): string => {
    const found = resources('AWS::ApiGateway::Resource').find(([name]) => name === id)?.[1].Properties
    return found ? `${pathOf(found.ParentId.Ref)}/${found.PathPart}` : ''
  }

  it('has the routes of every vendor and no other, each signed', () => {
    const methods = resources('AWS::ApiGateway::Method').map(([, { Properties }]) => Properties)
    expect(
      methods.every(({ AuthorizationType, ApiKeyRequired }) => AuthorizationType === 'AWS_IAM' && !ApiKeyRequired),
    ).toBe(true)
    const routes = methods.map(({ HttpMethod, ResourceId }) => `${HttpMethod} ${pathOf(ResourceId.Ref)}`)
    const expected = ids.flatMap((id) => [
      `GET /tokens/${id}/{connection}`,
      `DELETE /tokens/${id}/{connection}`,
      `POST /tokens/${id}/{connection}/refresh`,
      `GET /vendors/${id}`,
      `GET /connections/${id}`,
      `GET /connections/${id}/{connection}`,
      `PUT /connections/${id}/{connection}/owner`,
      `PUT /connections/${id}/{connection}/status`,
      `PUT /connections/${id}/{connection}/keep-warm`,
      `POST /connections/${id}/{connection}/acknowledgement`,
      `POST /connections/${id}/{connection}/check`,
      `POST /connections/${id}/{connection}/trial`,
      `DELETE /connections/${id}/{connection}`,
    ])
    expect(routes.sort()).toEqual([...expected, 'POST /connections/netrex/{connection}/authorization'].sort())
  })

  it('has the stage v1, throttled, without a cache and without traces of bodies', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'v1',
      AccessLogSetting: { DestinationArn: Match.anyValue() },
      MethodSettings: Match.arrayWith([
        Match.objectLike({
          HttpMethod: '*',
          ResourcePath: '/*',
          CachingEnabled: false,
          DataTraceEnabled: false,
          ThrottlingRateLimit: 50,
          ThrottlingBurstLimit: 100,
        }),
      ]),
    })
  })

  interface MethodSetting {
    readonly HttpMethod: string
    readonly ResourcePath: string
    readonly ThrottlingRateLimit: number
    readonly ThrottlingBurstLimit: number
  }

  it('allows all but getting tokens, lists and states a tenth of that of that, and keeps all else as it is', () => {
    const [, stage] = resources('AWS::ApiGateway::Stage')[0] ?? []
    const settings: readonly MethodSetting[] = stage?.Properties.MethodSettings
    const [whole, ...others] = settings
    const slower = others.map(({ HttpMethod, ResourcePath }) => `${HttpMethod} ${ResourcePath.replaceAll('~1', '/')}`)
    const methods = resources('AWS::ApiGateway::Method').map(
      ([, { Properties }]) => `${Properties.HttpMethod} /${pathOf(Properties.ResourceId.Ref)}`,
    )
    const isRead = (route: string) => route.startsWith('GET ')
    expect(slower.toSorted()).toEqual(methods.filter((route) => !isRead(route)).toSorted())
    for (const { HttpMethod, ResourcePath, ...setting } of others)
      expect({ ...setting, HttpMethod: '*', ResourcePath: '/*' }).toEqual({
        ...whole,
        ThrottlingRateLimit: 5,
        ThrottlingBurstLimit: 10,
      })
  })

  it('allows one a second of the others where the whole API is allowed no more', () => {
    const one = machineTemplate({ throttle: { rate: 1, burst: 1 } })
    const [stage] = Object.values(one.findResources('AWS::ApiGateway::Stage'))
    const settings: readonly MethodSetting[] = stage?.Properties.MethodSettings
    const limits = settings.map(({ ThrottlingRateLimit }) => ThrottlingRateLimit)
    expect(new Set(limits)).toEqual(new Set([1]))
  })

  it('logs who called what, and never a query, a header or a body', () => {
    const [, stage] = resources('AWS::ApiGateway::Stage')[0] ?? []
    const format = JSON.parse(stage?.Properties.AccessLogSetting.Format)
    expect(format).toMatchObject({ caller: '$context.identity.userArn', requestId: '$context.requestId' })
    expect(JSON.stringify(format)).not.toMatch(/query|header|body|Override|authorizer/i)
  })

  const refusals = () => resources('AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => Properties)
  const header = (name: string) => `gatewayresponse.header.${name}`

  it('lets no answer of the gateway itself be stored', () => {
    const types = refusals().map(({ ResponseType }) => ResponseType)
    expect(types).toEqual(expect.arrayContaining(['DEFAULT_4XX', 'DEFAULT_5XX', 'ACCESS_DENIED', 'THROTTLED']))
    for (const { ResponseParameters } of refusals()) {
      expect(ResponseParameters[header('Cache-Control')]).toBe("'no-store'")
      expect(ResponseParameters[header('Content-Type')]).toBe("'application/problem+json'")
    }
  })

  it('answers in the shape of a problem where no function does, and repeats nothing that was sent or was to be signed', () => {
    for (const { StatusCode, ResponseParameters, ResponseTemplates, ResponseType } of refusals()) {
      const text: string = ResponseTemplates['application/json']
      const { status, retryable, code, ...said } = JSON.parse(text)
      expect(Object.keys(said)).toEqual(['type', 'title', 'detail', 'next_step', 'request_id'])
      expect(said.type).toBe(`urn:vendomat:gateway:${code.replaceAll('_', '-')}`)
      // One type stands for several statuses.
      expect(String(status)).toBe(/^DEFAULT_/.test(ResponseType) ? 'undefined' : StatusCode)
      expect([ResponseType, retryable]).toEqual([ResponseType, header('Retry-After') in ResponseParameters])
      expect(text.match(/\$\w+(\.\w+)*/g)).toEqual(['$context.requestId'])
    }
    const waits = refusals().filter(({ ResponseParameters }) => header('Retry-After') in ResponseParameters)
    expect(waits.map(({ ResponseType }) => ResponseType)).toEqual(expect.arrayContaining(['THROTTLED', 'DEFAULT_5XX']))
  })

  it('is deployed anew with other answers and another security policy, which hold from the next deployment on', () => {
    const deploymentOf = (change?: (api: RestApi) => void) => {
      const stack = new Stack(new App(synthesisOnly), 'One')
      const api = new RestApi(stack, 'Api')
      api.root.addMethod('GET')
      change?.(api)
      return Object.keys(Template.fromStack(stack).findResources('AWS::ApiGateway::Deployment'))
    }
    const ids = [deploymentOf(), deploymentOf(addGatewayAnswers), deploymentOf(requireTls12)].flat()
    expect(new Set(ids).size).toBe(3)
  })

  const policyOf = (props?: VendingStackProps) =>
    Object.values(machineTemplate(props).findResources('AWS::ApiGateway::RestApi'))[0]?.Properties.Policy.Statement
  const deny = {
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 'execute-api:Invoke',
    Resource: 'execute-api:/*',
  }

  it('refuses what comes without TLS and every account but its own, and allows nobody anything: IAM does', () => {
    const own = { StringNotEquals: { 'aws:PrincipalAccount': [{ Ref: 'AWS::AccountId' }] } }
    const statements = [
      { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { ...deny, Condition: own },
    ]
    expect(policyOf()).toEqual(statements)
    expect(policyOf({ callers: {} })).toEqual(statements)
  })

  it('lets callers of other accounts get and report the tokens that they are given, and nothing beside it', () => {
    const role = 'arn:aws:iam::444455556666:role/erp'
    const callers = { '111122223333': ['accelo/hq'], [role]: ['iobeya/*', 'netrex/main'] }
    const may = (...connections: string[]) =>
      connections.flatMap((connection) => [
        `execute-api:/v1/GET/tokens/${connection}`,
        `execute-api:/v1/POST/tokens/${connection}/refresh`,
      ])
    const account = ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::111122223333:root']]
    const invoke = { Effect: 'Allow', Action: 'execute-api:Invoke' }
    const [, others, ...allowed] = policyOf({ callers })
    expect(allowed).toEqual([
      { ...invoke, Principal: { AWS: { 'Fn::Join': account } }, Resource: may('accelo/hq') },
      { ...invoke, Principal: { AWS: role }, Resource: may('iobeya/*', 'netrex/main').sort() },
    ])
    const named = [{ Ref: 'AWS::AccountId' }, '111122223333', '444455556666']
    expect(others).toEqual({ ...deny, Condition: { StringNotEquals: { 'aws:PrincipalAccount': named } } })
    const deployments = [template, machineTemplate({ callers })].map((one) =>
      Object.keys(one.findResources('AWS::ApiGateway::Deployment')),
    )
    // A policy holds from the next deployment of the API on, so another policy has to be another deployment.
    expect(deployments[0]).not.toEqual(deployments[1])
  })

  it('and the hosted callback take TLS 1.2 with forward secrecy and nothing below, under their own names alone', () => {
    const apis = Object.values(machineTemplate({ hostedCallback: true }).findResources('AWS::ApiGateway::RestApi'))
    expect(apis.map(({ Properties }) => [Properties.SecurityPolicy, Properties.EndpointAccessMode])).toEqual([
      ['SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09', 'STRICT'],
      ['SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09', 'STRICT'],
    ])
  })

  it('may call each function by the paths of its vendor in this account and stage, and not from the console', () => {
    const permissions = resources('AWS::Lambda::Permission').map(([, { Properties }]) => Properties)
    const paths = permissions.map(({ SourceArn }) => SourceArn['Fn::Join'][1].at(-1))
    const expected = ids.flatMap((id) => [
      `/v1/*/tokens/${id}/*`,
      `/v1/*/connections/${id}`,
      `/v1/*/connections/${id}/*`,
      `/v1/*/vendors/${id}`,
    ])
    expect(paths.toSorted()).toEqual(expected.toSorted())
    for (const { Principal, SourceAccount, SourceArn } of permissions) {
      // The address names the account. Whether the gateway states the account besides, nobody could try.
      expect([Principal, SourceAccount]).toEqual(['apigateway.amazonaws.com', undefined])
      expect(JSON.stringify(SourceArn)).toContain('":execute-api:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"}')
    }
  })

  it('leaves room in the policy of each function, of which Lambda takes 20 KB', () => {
    const permissions = resources('AWS::Lambda::Permission').map(([, { Properties }]) => Properties)
    const sizes = ids.map((id) => {
      const [name] = functionOf(id)
      const own = permissions.filter(({ FunctionName }) => FunctionName['Fn::GetAtt'][0] === name)
      // Resolved, an address is shorter than its template; a name has at most 64 characters and a Sid 100.
      const statements = own.map(({ Principal, SourceArn }) => ({
        ...{
          Sid: 'x'.repeat(100),
          Effect: 'Allow',
          Principal: { Service: Principal },
          Action: 'lambda:InvokeFunction',
        },
        Resource: `arn:aws:lambda:ap-southeast-2:111122223333:function:${'x'.repeat(64)}`,
        Condition: { ArnLike: { 'AWS:SourceArn': SourceArn } },
      }))
      return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements }).length
    })
    expect(Math.max(...sizes)).toBeLessThan(10 * 1024)
  })

  it('leaves room in the stack and the API, of which CloudFormation takes 500 resources and API Gateway 300 paths', () => {
    const all = machineTemplate({ hostedCallback: true }).toJSON().Resources
    expect(Object.keys(all).length).toBeLessThan(400)
    expect(resources('AWS::ApiGateway::Resource').length).toBeLessThan(150)
  })
})

describe('each function', () => {
  it.each(ids)('of %s runs Node 24 on arm64 with names in its environment and nothing else', (id) => {
    const [, { Properties }] = functionOf(id)
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      // Of a task; a call of the API ends before the gateway's 29 s by itself.
      Timeout: 300,
    })
    expect(Object.keys(Properties.Environment.Variables).sort()).toEqual([
      'POWERTOOLS_METRICS_NAMESPACE',
      'POWERTOOLS_SERVICE_NAME',
      'VENDOMAT_ENVELOPE_KEY',
      'VENDOMAT_RUNBOOK',
      'VENDOMAT_STACK',
      'VENDOMAT_TABLE',
      'VENDOMAT_TOPIC',
    ])
    for (const absent of ['Layers', 'SnapStart', 'TracingConfig', 'FileSystemConfigs'])
      expect(Properties[absent]).toBeUndefined()
  })

  it('has no switch to simulated vendors or other endpoints, whatever is configured', () => {
    const configured = machineTemplate({
      alertEmail: 'platform@example.com',
      allowedHosts: { iobeya: ['boards.example.com'] },
      reservedConcurrency: { accelo: 20 },
      chatTopic: true,
      hostedCallback: true,
    })
    const text = JSON.stringify(configured.toJSON())
    expect(text).not.toMatch(/VENDOMAT_SIMULATOR_URL|AWS_ENDPOINT_URL/)
    expect(text).toContain('boards.example.com')
  })

  it('of a vendor whose tokens are never stored may write all that its store writes of one', async () => {
    const written = await writtenWithoutTokens()
    expect(written.size).toBeGreaterThan(15)
    const [update] = statementsOf('clearid').filter((statement) => actionsOf(statement).includes('dynamodb:UpdateItem'))
    const allowed = [update?.Condition?.['ForAllValues:StringEquals']?.['dynamodb:Attributes']].flat()
    expect([...written].filter((attribute) => !allowed.includes(attribute))).toEqual([])
    expect(allowed.filter((attribute) => !written.has(String(attribute)))).toEqual([])
  })

  it('has a log of its own that is kept for a while', () => {
    const groups = resources('AWS::Logs::LogGroup').map(([, { Properties }]) => Properties.RetentionInDays)
    expect(groups).toHaveLength(ids.length + 1)
    expect(groups.every((days) => days >= 90)).toBe(true)
  })

  it('has a log under the key of logs and notices, which CloudWatch Logs may use for the logs of this stack', () => {
    const everything = machineTemplate({ hostedCallback: true })
    const [id, key] =
      Object.entries(everything.findResources('AWS::KMS::Key')).find(([, { Properties }]) =>
        Properties.Description.includes('logs'),
      ) ?? []
    for (const { Properties } of Object.values(everything.findResources('AWS::Logs::LogGroup')))
      expect(Properties.KmsKeyId).toEqual({ 'Fn::GetAtt': [id, 'Arn'] })
    const service = (key?.Properties.KeyPolicy.Statement ?? []).find(({ Principal }: { Principal: object }) =>
      JSON.stringify(Principal).includes('logs.'),
    )
    expect(service.Condition).toEqual({
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': { 'Fn::Join': ['', expect.arrayContaining([':log-group:Vendomat-*'])] },
      },
    })
  })
})

describe('people and programs', () => {
  const withChat = machineTemplate({ chatTopic: true })
  const topicsOf = (one: Template) => Object.keys(one.findResources('AWS::SNS::Topic'))
  const environmentsOf = (one: Template) =>
    Object.values(one.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties.Environment.Variables)

  it('have no topic for chat channels unless the deployment wants one', () => {
    expect(topicsOf(template)).toHaveLength(1)
    expect(JSON.stringify(template.toJSON())).not.toMatch(/chat/i)
    expect(machineTemplate({ chatTopic: false }).toJSON()).toEqual(template.toJSON())
  })

  it('that listen in a chat channel have a topic of their own, under the same key, that all functions know', () => {
    const [mail, chat, ...more] = topicsOf(withChat)
    expect(more).toEqual([])
    const [topic, ofChat] = Object.values(withChat.findResources('AWS::SNS::Topic')).map(({ Properties }) => Properties)
    expect(ofChat.KmsMasterKeyId).toEqual(topic.KmsMasterKeyId)
    for (const { VENDOMAT_TOPIC, VENDOMAT_CHAT_TOPIC } of environmentsOf(withChat))
      expect([VENDOMAT_TOPIC, VENDOMAT_CHAT_TOPIC]).toEqual([{ Ref: mail }, { Ref: chat }])
    expect(withChat.toJSON().Outputs.ChatTopicArn.Value).toEqual({ Ref: chat })
  })

  it('reach a topic over TLS only', () => {
    const policies = Object.values(withChat.findResources('AWS::SNS::TopicPolicy'))
    expect(policies).toHaveLength(2)
    for (const { Properties } of policies) {
      expect(Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      )
    }
  })

  it('read which stack it was, and where to read on', () => {
    for (const { VENDOMAT_STACK, VENDOMAT_RUNBOOK } of environmentsOf(template))
      expect([VENDOMAT_STACK, VENDOMAT_RUNBOOK]).toEqual(['Vendomat', 'lib/RUNBOOK.md'])
    const runbookUrl = 'https://git.example/vendomat/lib/RUNBOOK.md'
    for (const { VENDOMAT_RUNBOOK } of environmentsOf(machineTemplate({ runbookUrl })))
      expect(VENDOMAT_RUNBOOK).toBe(runbookUrl)
  })
})

describe('no statement', () => {
  it('allows an action with a star, or anything on everything but what AWS gives no resource for: the names of secrets', () => {
    for (const statement of allStatements()) {
      expect(actionsOf(statement).filter((action) => action.includes('*'))).toEqual([])
      if (statement.Resource === '*') expect(statement.Action).toBe('secretsmanager:ListSecrets')
    }
  })
})

it('lets a list be gone on with, as the one query parameter that its route has', () => {
  const lists = resources('AWS::ApiGateway::Method')
    .map(([, { Properties }]) => Properties.RequestParameters ?? {})
    .filter((parameters) => 'method.request.querystring.next' in parameters)
  expect(lists).toEqual(ids.map(() => ({ 'method.request.querystring.next': false })))
})

describe('the table', () => {
  it('has the keys, the indexes, the broom and the safety net', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          Match.objectLike({
            IndexName: 'due',
            KeySchema: [
              { AttributeName: 'vendor', KeyType: 'HASH' },
              { AttributeName: 'sweepAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          }),
          Match.objectLike({
            IndexName: 'names',
            KeySchema: [
              { AttributeName: 'vendor', KeyType: 'HASH' },
              { AttributeName: 'pk', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          }),
        ],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: Match.objectLike({ SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() }),
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
      },
    })
  })
})

describe('the keys', () => {
  it('turn over', () => {
    const keys = resources('AWS::KMS::Key').map(([, { Properties }]) => Properties)
    expect(new Set(keys.map(({ EnableKeyRotation }) => EnableKeyRotation))).toEqual(new Set([true]))
  })
})

describe('the stack', () => {
  it('prints the address and a whole signed call, and no secret', () => {
    const outputs = template.toJSON().Outputs
    expect(Object.keys(outputs)).toEqual(['Url', 'Vendors', 'DashboardUrl', 'TryIt'])
    expect(JSON.stringify(outputs.Url.Value)).toContain('execute-api')
    expect(outputs.Vendors).toEqual({ Value: ids.join(), Description: 'VENDOMAT_VENDORS' })
    expect(JSON.stringify(outputs.DashboardUrl.Value)).toContain('#dashboards/dashboard/Vendomat')
    const call = JSON.stringify(outputs.TryIt.Value)
    expect(call).toContain('curl --aws-sigv4')
    expect(call).toContain('/tokens/accelo/hq')
    // Of temporary credentials only, and nothing that a shell would pass on empty.
    expect(call).toContain(` \${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN} `)
  })

  it('is not made of settings that do not fit', () => {
    expect(() => machineStack({ allowedHosts: { iobeia: ['a.example'] } })).toThrow('did you mean iobeya?')
    expect(() => machineStack({ memorySize: 127 })).toThrow('memorySize: 127 is no whole number from 128 to 10240')
  })

  it('opens a private network to the functions of the vendor it was allowed for, and to no other', () => {
    const allowedNetworks = { netrex: ['10.20.0.0/16', 'fd12:3456:789a::/48'] }
    const given = machineTemplate({ allowedNetworks, hostedCallback: true })
    const opened = Object.entries(given.findResources('AWS::Lambda::Function'))
      .map(([id, { Properties }]) => [id, Properties.Environment?.Variables.VENDOMAT_ALLOWED_NETWORKS])
      .filter(([, networks]) => networks !== undefined)
    const both = '10.20.0.0/16,fd12:3456:789a::/48'
    expect(opened).toEqual([
      [expect.stringMatching(/^Callbacknetrex/), both],
      [expect.stringMatching(/^netrex/), both],
    ])
  })

  it('has the daily check in the time zone it is given', () => {
    const zones = Object.values(
      machineTemplate({ timeZone: 'Europe/Zurich' }).findResources('AWS::Scheduler::Schedule'),
    ).map(({ Properties }) => `${Properties.Target.Input} ${Properties.ScheduleExpressionTimezone}`)
    expect([...new Set(zones)].sort()).toEqual(['{"task":"check"} Europe/Zurich', '{"task":"renew"} Etc/UTC'])
  })

  it('has the throttling and the memory that it is given', () => {
    const given = machineTemplate({ throttle: { rate: 500, burst: 1000 }, memorySize: 1024, hostedCallback: true })
    const [, signed] =
      Object.entries(given.findResources('AWS::ApiGateway::Stage')).find(([id]) => id.startsWith('Api')) ?? []
    expect(signed?.Properties.MethodSettings[0]).toMatchObject({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 })
    const memory = Object.values(given.findResources('AWS::Lambda::Function')).map(
      ({ Properties }) => `${Properties.Description}: ${Properties.MemorySize}`,
    )
    expect(memory).toContain('vends Accelo tokens: 1024')
    expect(memory).toContain('exchanges NetRex codes: 1024')
    expect(memory).toContain('takes people back from vendors: 512')
    expect(functionOf('accelo')[1].Properties.MemorySize).toBe(512)
  })

  it('keeps logs as long as it is told: those of functions, and those of who called', () => {
    const kept = (props: VendingStackProps) =>
      Object.values(machineTemplate({ hostedCallback: true, ...props }).findResources('AWS::Logs::LogGroup'))
        .map(({ Properties }) => Properties.RetentionInDays)
        .sort((a, b) => a - b)
    const functions = ids.length + 2
    expect(kept({})).toEqual([...Array(functions).fill(90), 400, 400])
    expect(kept({ logRetentionDays: 30, accessLogRetentionDays: 731 })).toEqual([
      ...Array(functions).fill(30),
      731,
      731,
    ])
  })

  it('leaves the role that API Gateway writes logs with alone where it is told to', () => {
    const left = machineTemplate({ apiGatewayLogRole: false, hostedCallback: true })
    expect(resources('AWS::ApiGateway::Account')).toHaveLength(1)
    expect(left.findResources('AWS::ApiGateway::Account')).toEqual({})
    expect(JSON.stringify(left.toJSON())).not.toContain('AmazonAPIGatewayPushToCloudWatchLogs')
    expect(Object.keys(left.findResources('AWS::ApiGateway::Stage'))).toHaveLength(2)
  })

  it('reserves concurrency for the hosted callback: two, what it is told, or none in a small account', () => {
    const reserved = (props: VendingStackProps) =>
      Object.values(machineTemplate({ hostedCallback: true, ...props }).findResources('AWS::Lambda::Function')).flatMap(
        ({ Properties }) => Properties.ReservedConcurrentExecutions ?? [],
      )
    expect(reserved({})).toEqual([2])
    expect(reserved({ callbackConcurrency: 5 })).toEqual([5])
    expect(reserved({ callbackConcurrency: 'unreserved' })).toEqual([])
  })

  it('is the same each time', () => {
    expect(machineTemplate().toJSON()).toEqual(template.toJSON())
  })

  it('prints the key of its secrets where they have one', () => {
    const secretsKey = 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-0000-4000-8000-000000000000'
    const { SecretsKey } = machineTemplate({ secretsKey }).toJSON().Outputs
    expect(SecretsKey).toEqual({ Value: secretsKey, Description: 'VENDOMAT_SECRETS_KEY' })
  })

  it('prints its stage beside its address', () => {
    expect(machineTemplate({ stage: 'dev' }).toJSON().Outputs.Stage).toEqual({
      Value: 'dev',
      Description: 'VENDOMAT_STAGE',
    })
  })

  it('grows by function, roles, log, schedules, alarms and routes with a sixth vendor and no other change', () => {
    const acme = { ...fakeVendor().vendor, id: 'acme', title: 'Acme' }
    const grown = machineTemplate({ vendors: [...Object.values(vendors), acme] })
    const more = {
      'AWS::Lambda::Function': 1,
      'AWS::IAM::Role': 2,
      'AWS::Scheduler::Schedule': 2,
      'AWS::Logs::LogGroup': 1,
      'AWS::ApiGateway::Method': 13,
      'AWS::CloudWatch::Alarm': 5,
      'AWS::CloudWatch::Dashboard': 0,
      'AWS::KMS::Key': 0,
      'AWS::SQS::Queue': 0,
      'AWS::SNS::Topic': 0,
    }
    for (const [type, count] of Object.entries(more)) {
      expect([type, Object.keys(grown.findResources(type)).length]).toEqual([type, resources(type).length + count])
    }
    expect(JSON.stringify(grown.toJSON())).toContain('acme#*')
  })

  it('lets a caller vend one connection and nothing beside it', () => {
    const stack = machineStack()
    const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    stack.api.grantVend(role, 'accelo', 'hq')
    const text = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
    expect(text).toContain('/v1/GET/tokens/accelo/hq')
  })
})

describe('the rules of CloudFormation', () => {
  const everything: VendingStackProps = {
    stage: 'dev',
    alertEmail: 'platform@example.com',
    allowedHosts: { iobeya: ['boards.example.com'] },
    allowedNetworks: { iobeya: ['10.20.0.0/16'] },
    callers: { '111122223333': ['accelo/hq'], 'arn:aws:iam::444455556666:role/erp': ['iobeya/*'] },
    logRetentionDays: 30,
    accessLogRetentionDays: 731,
    apiGatewayLogRole: false,
    secretsKey: 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-0000-4000-8000-000000000000',
    callbackConcurrency: 5,
    reservedConcurrency: { accelo: 20 },
    memorySize: 1024,
    throttle: { rate: 500, burst: 1000 },
    restAfterDays: 30,
    hostedCallback: true,
    timeZone: 'Europe/Zurich',
    chatTopic: true,
    runbookUrl: 'https://git.example/RUNBOOK.md',
    vendors: [...Object.values(vendors), 'zoom', { ...fakeVendor().vendor, id: 'acme', title: 'Acme' }],
    oauthVendors: { box: BOX },
  }

  it.each([
    ['as it is', {}],
    ['with everything that can be added to it', everything],
  ])(
    'hold for the machine %s',
    (_, props) => {
      expect(() => Template.fromStack(new VendingStack(validatingApp(), 'Vendomat', props))).not.toThrow()
    },
    30_000,
  )

  it('do not hold for a queue with a member that there is not', () => {
    const stack = new Stack(validatingApp(), 'Odd')
    new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue', properties: { Nonsense: 1 } })
    expect(() => Template.fromStack(stack)).toThrow('Additional properties are not allowed')
  })
})

/** The attributes that the store of a vendor whose tokens are never stored names when it writes, as DynamoDB tells them to IAM. */
async function writtenWithoutTokens(): Promise<Set<string>> {
  const written = new Set(['pk', 'sk'])
  const client = new DynamoDBClient({ region: 'eu-west-1' })
  let holds = true
  // It answers nothing: the test checks what would be sent.
  client.send = async ({ input }: { input: UpdateItemCommandInput }) => {
    const { UpdateExpression = '', ConditionExpression = '', ExpressionAttributeNames = {} } = input
    for (const [word] of `${UpdateExpression} ${ConditionExpression}`.matchAll(/(?<![:\w])[#\w]+(?!\w*\()/g))
      if (!/^([A-Z]+|\d+)$/.test(word)) written.add(ExpressionAttributeNames[word] ?? word)
    expect(['NONE', 'UPDATED_NEW', undefined]).toContain(input.ReturnValues)
    if (!holds) throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException', $metadata: {} })
    return {}
  }
  const envelope = {
    sealer: () => Promise.reject(new Error('seals nothing')),
    open: () => Promise.reject(new Error('opens nothing')),
  }
  const options = { client, table: 'tokens' }
  const tokens = dynamoTokens({ ...options, envelope, onUnsealable: () => {} })
  const registry = dynamoRegistry(options)
  const allowance = dynamoAllowance(options)
  const ledger = dynamoLedger(options)
  const vendor = vendors.clearid
  const connection = { vendor, name: 'main' }
  const now = new Date('2026-11-21T12:00:00Z')
  const failure = { code: 'credential_revoked', detail: 'd', count: 1, since: now, credentialVersion: 'v' } as const
  const success = { credentialVersion: 'v', at: now, usualSeconds: 1, sweepAt: now, used: true } as const
  const acknowledged = { by: 'arn', at: now, until: now, endsAt: now }
  const ends = { since: now, until: now }
  const reading = { connection, epoch: 0 }
  await dynamoRounds(options).replace(vendor, { seen: undefined, next: { id: 'r', since: now } })
  await tokens.record(reading, { failure, refusedVersion: 'v' })
  await tokens.record(reading, { success: { ...success, checked: { at: now, result: 'alive' }, ends } })
  await tokens.record(reading, { success: { ...success, ends: 'never' } })
  await tokens.stop(connection, { kind: 'disable' })
  await tokens.stop(connection, { kind: 'revoke', failure })
  await tokens.enable(connection)
  await registry.register(connection, { owner: 'o', keepWarm: true, acknowledged, ends, sweepAt: now })
  await registry.register(connection, { ends: 'never', sweepAt: now, wakes: true })
  await registry.forget(connection)
  await registry.postpone(connection, { now, until: now })
  await registry.touch(connection, now)
  const change = { seen: { mark: 'm', at: now, sent: false }, next: { mark: 'm', at: now, sent: true } }
  for (const subject of [connection, { vendor, all: 'failing' }, { vendor, all: 'sweep' }] as const)
    for (const matter of ['end', 'trouble'] as const) await ledger.replace(subject, matter, change)
  const limit = { name: 'obtained', most: 1, windowSeconds: 3600 }
  // Each as it goes when the conditions of the one before do not hold.
  for (const held of [true, false]) {
    holds = held
    await allowance.take(vendor, limit, { id: 'a', now })
  }
  await allowance.giveBack(vendor, limit, { id: 'a', now })
  await allowance.block(vendor, limit, now)
  return written
}
