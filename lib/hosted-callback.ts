import { Duration, Lazy, Stack } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  AuthorizationType,
  AwsIntegration,
  EndpointType,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { ENV, type Names } from '../functions/environment.ts'
import { HEADERS } from '../functions/lambda/callback-page.ts'
import { acknowledge, acknowledgeNoQueue, acknowledgeUnreserved } from './acknowledge.ts'
import type { OperationsKey } from './operations-key.ts'
import { requireTls12 } from './tls.ts'
import type { TokenApi } from './token-api.ts'
import { functionCode } from './vendor-code.ts'
import { protect } from './web-acl.ts'

const STAGE = 'v1'

/** All that is open to the internet. The path names the vendor, so each has its own redirect URI (RFC 9700 4.4). */
const PATHS = {
  begin: '/oauth/{vendor}/begin',
  callback: '/oauth/{vendor}/callback',
  done: '/oauth/done',
} as const

/** Without the query, which holds tickets and codes. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  address: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.resourcePath',
  status: '$context.status',
  error: '$context.error.responseType',
  ms: '$context.responseLatency',
}

/** What the gateway itself answers with. It quotes each value with `'`, so the content security policy cannot be among them. */
const GATEWAY_HEADERS = Object.fromEntries(
  Object.entries(HEADERS).flatMap(([name, value]) => (value.includes("'") ? [] : [[name, `'${value}'`]])),
)

export interface HostedCallbackProps {
  /** The API whose account setting lets API Gateway write logs. */
  readonly after: TokenApi
  readonly names: Names
  /** The key of its logs. */
  readonly operations: OperationsKey
  /** @default 2 */
  readonly concurrency?: number | 'unreserved'
  /** ARN of the web ACL in front of it. @default none */
  readonly webAcl?: string
  readonly logRetention: RetentionDays
  readonly accessLogRetention: RetentionDays
}

export interface ConsentFunctions {
  /** Begins consents. */
  readonly fn: LambdaFunction
  /** Exchanges their codes. */
  readonly exchange: LambdaFunction
}

/** Where vendors send people back to: an API of its own and a function that holds no secret and can read no token. */
export class HostedCallback extends Construct {
  /** `https://.../v1` */
  readonly url: string
  readonly fn: LambdaFunction
  private readonly exchangeNames: Record<string, string> = {}

  constructor(scope: Construct, id: string, props: HostedCallbackProps) {
    super(scope, id)
    const stack = Stack.of(this)
    this.fn = this.publicFunction(props)
    const api = this.publicApi(props)
    const logRole = props.after.api.node.tryFindChild('Account')
    if (logRole) api.deploymentStage.node.addDependency(logRole)
    // Made of the API's id alone: the stage depends on the functions, and they depend on this address.
    this.url = `https://${api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}/${STAGE}`
  }

  /** Sends people who begin a consent with `fn` through here, and their codes to `exchange`. */
  addVendor(vendorId: string, { fn, exchange }: ConsentFunctions): void {
    fn.addEnvironment(ENV.callbackUrl, this.url)
    this.exchangeNames[vendorId] = exchange.functionName
    this.fn.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [exchange.functionArn] }),
    )
  }

  private publicFunction({ operations, concurrency = 2, logRetention }: HostedCallbackProps): LambdaFunction {
    const logGroup = operations.addLog(this, 'Log', logRetention)
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    logGroup.grantWrite(role)
    const fn = new LambdaFunction(this, 'Function', {
      description: 'takes people back from vendors',
      code: functionCode('callback/handler'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(20),
      tracing: Tracing.DISABLED,
      role,
      logGroup,
      // A flood from outside takes no concurrency from the functions that vend.
      ...(concurrency !== 'unreserved' && { reservedConcurrentExecutions: concurrency }),
      environment: {
        [ENV.exchangeFunctions]: Lazy.string({ produce: () => Stack.of(this).toJsonString(this.exchangeNames) }),
      },
    })
    acknowledgeNoQueue(fn)
    if (concurrency === 'unreserved') acknowledgeUnreserved(fn)
    return fn
  }

  private publicApi({ names, operations, accessLogRetention, webAcl }: HostedCallbackProps): RestApi {
    const accessLog = operations.addLog(this, 'AccessLog', accessLogRetention)
    const api = new RestApi(this, 'Api', {
      restApiName: `${names.service}-callback`,
      description: 'where vendors send people back to',
      endpointTypes: [EndpointType.REGIONAL],
      defaultMethodOptions: { authorizationType: AuthorizationType.NONE },
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
        // Execution logs and data traces hold whole requests, which here are codes.
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        metricsEnabled: true,
        cachingEnabled: false,
        throttlingRateLimit: 5,
        throttlingBurstLimit: 10,
      },
    })
    for (const type of [ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX]) {
      api.addGatewayResponse(type.responseType, {
        type,
        responseHeaders: GATEWAY_HEADERS,
        // Its own words repeat some of the request.
        templates: { 'application/json': '{"message":"there is nothing here"}' },
      })
    }
    requireTls12(api)
    api.node.tryRemoveChild('Endpoint')
    this.addRoutes(api)
    acknowledge(
      api,
      'a browser comes here from the vendor and cannot sign, and there are no users to pool; a one-time state and a cookie stand for both',
      'AwsSolutions-APIG4',
      'AwsSolutions-COG4',
    )
    acknowledge(
      api,
      'the access log says what was called and how it ended; an execution log would hold codes',
      'AwsSolutions-APIG6',
      'NIST.800.53.R5-APIGWExecutionLoggingEnabled',
    )
    if (webAcl !== undefined) protect(api.deploymentStage, webAcl)
    else
      acknowledge(
        api,
        'the stage is throttled to five calls a second, and the function is apart from those that vend',
        'AwsSolutions-APIG3',
        'NIST.800.53.R5-APIGWAssociatedWithWAF',
      )
    return api
  }

  private addRoutes(api: RestApi): void {
    const integration = new AwsIntegration({
      proxy: true,
      service: 'lambda',
      path: `2015-03-31/functions/${this.fn.functionArn}/invocations`,
    })
    const requestValidator = api.addRequestValidator('Validator', {
      validateRequestParameters: true,
      validateRequestBody: true,
    })
    for (const [name, path] of Object.entries(PATHS)) {
      const method = api.root.resourceForPath(path).addMethod('GET', integration, {
        requestParameters: { ...(path.includes('{vendor}') && { 'method.request.path.vendor': true }) },
        requestValidator,
      })
      this.fn.addPermission(name, {
        principal: new ServicePrincipal('apigateway.amazonaws.com'),
        sourceArn: method.methodArn,
      })
    }
  }
}
