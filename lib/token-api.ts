import { Stack } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  AuthorizationType,
  AwsIntegration,
  EndpointType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  type RequestValidator,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway'
import {
  AccountPrincipal,
  AnyPrincipal,
  ArnPrincipal,
  Effect,
  Grant,
  type IGrantable,
  PolicyDocument,
  PolicyStatement,
  type PolicyStatementProps,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { type Operation, ROUTES, STAGE_NAME } from '../functions/api/routes.ts'
import type { Names } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { acknowledge } from './acknowledge.ts'
import { addGatewayAnswers } from './gateway-answers.ts'
import type { OperationsKey } from './operations-key.ts'
import type { Settings, Throttle } from './settings.ts'
import { requireTls12 } from './tls.ts'
import { protect } from './web-acl.ts'

/** Who called what and how it ended. Never a query, a header or a body. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  caller: '$context.identity.userArn',
  account: '$context.identity.accountId',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  error: '$context.error.responseType',
  ms: '$context.responseLatency',
}

export interface TokenApiProps extends Pick<Settings, 'callers'> {
  readonly names: Names
  /** The key of its log. */
  readonly operations: OperationsKey
  readonly accessLogRetention: RetentionDays
  /** Whether it sets the account's role for writing logs. @default true */
  readonly logRole?: boolean
  /** ARN of the web ACL in front of it. @default none */
  readonly webAcl?: string
  /** Of each vendor's routes to tokens, lists and states; its others are allowed a tenth. @default 50 a second, 100 at once */
  readonly throttle?: Throttle
  /** Whose routes there will be. */
  readonly vendors: readonly Vendor[]
}

const THROTTLE: Throttle = { rate: 50, burst: 100 }
/** What is asked often and changes nothing. All else is allowed a tenth, so that no flood of it locks a vendor's account. */
const OFTEN: readonly string[] = ['vend', 'list', 'show', 'describe'] satisfies Operation[]

const METHOD = {
  // The execution log would go to a group without retention, in words we do not choose.
  loggingLevel: MethodLoggingLevel.OFF,
  // Data traces hold whole bodies, which here are tokens.
  dataTraceEnabled: false,
  metricsEnabled: true,
  cachingEnabled: false,
}

/** The REST API: every method signed (AWS_IAM), every vendor a path of its own, so that IAM policies can tell them apart. */
export class TokenApi extends Construct {
  readonly api: RestApi
  private readonly validator: RequestValidator

  constructor(scope: Construct, id: string, props: TokenApiProps) {
    super(scope, id)
    const { names, operations, callers = {}, webAcl, throttle = THROTTLE, logRole = true } = props
    const accessLog = operations.addLog(this, 'AccessLog', props.accessLogRetention)
    this.api = new RestApi(this, 'Api', {
      restApiName: names.service,
      description: 'fresh bearer tokens for third-party APIs',
      endpointTypes: [EndpointType.REGIONAL],
      defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
      // API Gateway writes no log in an account without such a role.
      cloudWatchRole: logRole,
      policy: policyFor(callers, Stack.of(this).account),
      deployOptions: {
        stageName: STAGE_NAME,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
        ...METHOD,
        ...limitsOf(throttle),
        methodOptions: slowerMethods(props.vendors, throttle),
      },
    })
    addGatewayAnswers(this.api)
    requireTls12(this.api)
    this.validator = this.api.addRequestValidator('Validator', {
      validateRequestParameters: true,
      validateRequestBody: true,
    })
    // The stack has an output of its own for the address, in the form that callers append a path to.
    this.api.node.tryRemoveChild('Endpoint')
    acknowledge(
      this.api,
      'callers are services with AWS roles: every method is signed (AWS_IAM), and there are no users to pool',
      'AwsSolutions-COG4',
    )
    acknowledge(
      this.api,
      'the access log says who called what and how it ended; an execution log adds a group without retention',
      'AwsSolutions-APIG6',
      'NIST.800.53.R5-APIGWExecutionLoggingEnabled',
    )
    if (webAcl !== undefined) protect(this.api.deploymentStage, webAcl)
    else
      acknowledge(
        this.api,
        'every method is signed, so an unsigned flood ends at the gateway, and the stage is throttled besides',
        'AwsSolutions-APIG3',
        'NIST.800.53.R5-APIGWAssociatedWithWAF',
      )
    if (!logRole) return
    acknowledge(
      this.api,
      "the role is API Gateway's own for writing logs, and AWS documents this managed policy for it",
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    )
  }

  /** Adds the routes of one vendor, answered by its own function. */
  addVendor(fn: LambdaFunction, vendor: Vendor): void {
    const integration = new AwsIntegration({
      proxy: true,
      service: 'lambda',
      path: `2015-03-31/functions/${fn.functionArn}/invocations`,
    })
    const routes = routesOf(vendor)
    for (const { path, method: verb, query } of routes) {
      this.api.root.resourceForPath(path).addMethod(verb, integration, {
        requestParameters: {
          ...(path.includes('{connection}') && { 'method.request.path.connection': true }),
          ...Object.fromEntries(query.map((name) => [`method.request.querystring.${name}`, false])),
        },
        requestValidator: this.validator,
      })
    }
    // Not LambdaIntegration, whose permissions let the console call past IAM. Not one for each route either: a stack takes 500
    // resources. Without `sourceAccount`: the ARN names the account, and where API Gateway assumes a role for an integration
    // it was seen to leave `aws:SourceAccount` empty (2026-07, every call ended in 500).
    for (const path of coveringPaths(routes.map((route) => route.path))) {
      fn.addPermission(path, {
        principal: new ServicePrincipal('apigateway.amazonaws.com'),
        sourceArn: this.api.arnForExecuteApi('*', path, STAGE_NAME),
      })
    }
  }

  /** Lets `grantee` get tokens of one connection, or of all connections of a vendor. */
  grantVend(grantee: IGrantable, vendorId: string, connection = '*'): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: [this.api.arnForExecuteApi('GET', `/tokens/${vendorId}/${connection}`, STAGE_NAME)],
    })
  }
}

/** The routes of one vendor; `authorize` only where it needs consent. */
const routesOf = ({ id, authorization }: Vendor) =>
  Object.entries(ROUTES)
    .map(([operation, route]) => ({ ...route, operation, path: route.path.replace('{vendor}', id) }))
    .filter(({ operation }) => operation !== 'authorize' || authorization)

/** Few paths with wildcards that stand for those of one vendor and for no others: `/tokens/accelo/*`. */
function coveringPaths(paths: readonly string[]): string[] {
  const covering = paths.map((path) => {
    const root = path.split('/').slice(0, 3).join('/')
    return path === root ? root : `${root}/*`
  })
  return [...new Set(covering)]
}

const limitsOf = ({ rate, burst }: Throttle) => ({ throttlingRateLimit: rate, throttlingBurstLimit: burst })

/** By `/path/METHOD`. What a method of its own does not say is not as the stage has it but as API Gateway does. */
const slowerMethods = (vendors: readonly Vendor[], { rate, burst }: Throttle) =>
  Object.fromEntries(
    vendors
      .flatMap(routesOf)
      .filter(({ operation }) => !OFTEN.includes(operation))
      .map(({ path, method }) => [
        `${path}/${method}`,
        { ...METHOD, ...limitsOf({ rate: Math.ceil(rate / 10), burst: Math.ceil(burst / 10) }) },
      ]),
  )

/**
 * Refuses what comes without TLS, and whoever is of an account that is not named, whatever an IAM says. Lets callers of other
 * accounts get tokens and report them, and do nothing else; their own IAM has to allow the call as well. Within this account
 * IAM decides, since this policy allows it nothing: either of both may allow (API Gateway developer guide, "How API Gateway
 * resource policies affect authorization workflow" and "AWS condition keys that can be used", 2026-11).
 */
function policyFor(callers: NonNullable<Settings['callers']>, account: string): PolicyDocument {
  const named = Object.keys(callers).map((caller) => /\d{12}/.exec(caller)?.[0] ?? caller)
  return new PolicyDocument({
    statements: [
      denyTo({ Bool: { 'aws:SecureTransport': 'false' } }),
      denyTo({ StringNotEquals: { 'aws:PrincipalAccount': [...new Set([account, ...named])] } }),
      ...allowTo(callers),
    ],
  })
}

const denyTo = (conditions: PolicyStatementProps['conditions'] & object): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['execute-api:Invoke'],
    resources: ['execute-api:/*'],
    conditions,
  })

const allowTo = (callers: NonNullable<Settings['callers']>): PolicyStatement[] =>
  Object.entries(callers).map(
    ([caller, connections]) =>
      new PolicyStatement({
        principals: [caller.startsWith('arn:') ? new ArnPrincipal(caller) : new AccountPrincipal(caller)],
        actions: ['execute-api:Invoke'],
        resources: connections.flatMap((connection) =>
          [ROUTES.vend, ROUTES.refresh].map(
            ({ method, path }) =>
              `execute-api:/${STAGE_NAME}/${method}${path.replace('{vendor}/{connection}', connection)}`,
          ),
        ),
      }),
  )
