import {
  add,
  all,
  first,
  idIn,
  list,
  none,
  type Property,
  type Statement,
  type Synthesised,
  text,
  unless,
} from './property.ts'

const STAGE = 'AWS::ApiGateway::Stage'
const METHOD = 'AWS::ApiGateway::Method'
const API = 'AWS::ApiGateway::RestApi'
const RESPONSE = 'AWS::ApiGateway::GatewayResponse'
const PERMISSION = 'AWS::Lambda::Permission'

interface MethodSetting {
  HttpMethod: string
  ResourcePath: string
  DataTraceEnabled: boolean
  LoggingLevel: string
  CachingEnabled: boolean
  ThrottlingRateLimit: number
  ThrottlingBurstLimit: number
}

/** Of every stage and method, those of which this does not hold. */
const unlessSet = (isFine: (setting: MethodSetting) => boolean) =>
  unless(STAGE, ({ MethodSettings = [] }) => MethodSettings.length > 0 && MethodSettings.every(isFine))
/** Of the stage as a whole, and of a method that has settings of its own. */
const settings = (template: Synthesised): MethodSetting[] =>
  first(template, STAGE, ({ MethodSettings }) => MethodSettings.length > 1).MethodSettings
const whole = (template: Synthesised): MethodSetting => settings(template)[0] as MethodSetting // it has more than one
const single = (template: Synthesised): MethodSetting => settings(template).at(-1) as MethodSetting // it has more than one

const isSigned = (api: string | undefined, template: Synthesised): boolean =>
  all(template, METHOD).some(
    ([, { Properties }]) => idIn(Properties.RestApiId) === api && Properties.AuthorizationType === 'AWS_IAM',
  )
/** Of the API whose methods are signed. */
const policyOf = (template: Synthesised): Statement[] =>
  all(template, API).find(([id]) => isSigned(id, template))?.[1].Properties.Policy?.Statement ?? []
const isForAll = ({ Principal }: Statement): boolean => /^("\*"|\{"AWS":"\*"\})$/.test(text(Principal))
const allows = ({ Effect }: Statement): boolean => Effect === 'Allow'
/** One fault unless a statement refuses everybody everything in this case. */
const unlessRefused = (isCase: (condition: string) => boolean) => (template: Synthesised) =>
  policyOf(template).some(
    (one) =>
      one.Effect === 'Deny' &&
      isForAll(one) &&
      list(one.Action).includes('execute-api:Invoke') &&
      list(one.Resource).includes('execute-api:/*') &&
      isCase(text(one.Condition)),
  )
    ? []
    : ['the policy of the API']

export const API_PROPERTIES: readonly Property[] = [
  {
    title: 'every method is signed but those of the hosted callback',
    faults: unless(METHOD, ({ AuthorizationType, RestApiId }) =>
      idIn(RestApiId)?.startsWith('Callback') ? AuthorizationType === 'NONE' : AuthorizationType === 'AWS_IAM',
    ),
    broken: [
      'a method that is not',
      (template) => Object.assign(first(template, METHOD), { AuthorizationType: 'NONE' }),
    ],
  },
  {
    title: 'the hosted callback has three methods, each a GET',
    faults: (template) => {
      const open = all(template, METHOD).filter(([, { Properties }]) => Properties.AuthorizationType === 'NONE')
      const isFine = open.every(([, { Properties }]) => Properties.HttpMethod === 'GET') && open.length <= 3
      return isFine ? [] : open.map(([id]) => id)
    },
    broken: ['one that posts', (template) => add(template, METHOD, { AuthorizationType: 'NONE', HttpMethod: 'POST' })],
  },
  {
    title: 'no stage and no method writes bodies to a log',
    faults: unlessSet(({ DataTraceEnabled }) => DataTraceEnabled === false),
    broken: ['one method that does', (template) => Object.assign(single(template), { DataTraceEnabled: true })],
  },
  {
    title: 'no stage and no method writes an execution log',
    faults: unlessSet(({ LoggingLevel }) => LoggingLevel === 'OFF'),
    broken: ['one of a stage', (template) => Object.assign(whole(template), { LoggingLevel: 'INFO' })],
  },
  {
    title: 'no stage and no method keeps answers in a cache',
    faults: (template) => [
      ...unlessSet(({ CachingEnabled }) => CachingEnabled === false)(template),
      ...unless(STAGE, ({ CacheClusterEnabled }) => CacheClusterEnabled !== true)(template),
    ],
    broken: ['one of a stage', (template) => Object.assign(first(template, STAGE), { CacheClusterEnabled: true })],
  },
  {
    title: 'no stage is traced',
    faults: unless(STAGE, ({ TracingEnabled }) => TracingEnabled !== true),
    broken: ['one that is', (template) => Object.assign(first(template, STAGE), { TracingEnabled: true })],
  },
  {
    title: 'every stage has a limit for all of its methods',
    faults: unless(STAGE, ({ MethodSettings = [] }) =>
      MethodSettings.some(
        ({ HttpMethod, ResourcePath, ThrottlingRateLimit, ThrottlingBurstLimit }: MethodSetting) =>
          `${HttpMethod} ${ResourcePath}` === '* /*' && ThrottlingRateLimit >= 1 && ThrottlingBurstLimit >= 1,
      ),
    ),
    broken: ['none', (template) => Object.assign(whole(template), { ThrottlingRateLimit: undefined })],
  },
  {
    title: 'every signed method that is no GET has a limit below that of its stage',
    faults: (template) => {
      const { ThrottlingRateLimit: most } = whole(template)
      const lower = settings(template).filter((one) => one.ThrottlingRateLimit < most).length
      const changing = all(template, METHOD).filter(
        ([, { Properties }]) => Properties.AuthorizationType === 'AWS_IAM' && Properties.HttpMethod !== 'GET',
      ).length
      return lower === changing ? [] : [`${lower} of ${changing}`]
    },
    broken: ['that of the stage', (template) => Object.assign(single(template), { ThrottlingRateLimit: 50 })],
  },
  {
    title: 'every stage logs who called, without a query, a header or a body',
    faults: unless(
      STAGE,
      ({ AccessLogSetting }) =>
        /\$context\.requestId/.test(AccessLogSetting?.Format) &&
        !/query|header|body|authorizer|Override|apiKey/i.test(AccessLogSetting.Format),
    ),
    broken: [
      'the query of the callback in it',
      (template) =>
        Object.assign(first(template, STAGE), {
          AccessLogSetting: { Format: '$context.requestId $input.params().querystring' },
        }),
    ],
  },
  {
    title: 'every API has answers of its own for refusals and faults, which nobody may store',
    faults: (template) => [
      ...unless(RESPONSE, ({ ResponseParameters }) =>
        /"gatewayresponse\.header\.cache-control":"'no-store'"/i.test(text(ResponseParameters)),
      )(template),
      ...all(template, API).flatMap(([id]) =>
        ['DEFAULT_4XX', 'DEFAULT_5XX'].filter(
          (type) =>
            !all(template, RESPONSE).some(
              ([, { Properties }]) => idIn(Properties.RestApiId) === id && Properties.ResponseType === type,
            ),
        ),
      ),
    ],
    broken: [
      'one that may be stored',
      (template) => Object.assign(first(template, RESPONSE), { ResponseParameters: {} }),
    ],
  },
  {
    title: 'no answer of a gateway has anything of the call but its id, nor what the gateway would have said',
    faults: unless(RESPONSE, ({ ResponseParameters, ResponseTemplates, RestApiId }, _, template) => {
      const said = text(ResponseTemplates)
      const isPlain = !/\$(?!context\.requestId)/.test(said) && !/method\.request/.test(text(ResponseParameters))
      // Without a template it is API Gateway's own, which repeats what a signed call was to be signed as.
      return isPlain && (ResponseTemplates !== undefined || !isSigned(idIn(RestApiId), template))
    }),
    broken: [
      'the message of API Gateway in it',
      (template) =>
        Object.assign(first(template, RESPONSE), {
          ResponseTemplates: { 'application/json': '$context.error.message' },
        }),
    ],
  },
  {
    title: 'where to wait helps, the answer of the gateway says how long',
    faults: unless(RESPONSE, ({ ResponseType, ResponseParameters, RestApiId }, _, template) => {
      const waits = ['THROTTLED', 'DEFAULT_5XX'].includes(ResponseType) && isSigned(idIn(RestApiId), template)
      return !waits || /^'\d+'$/.test(ResponseParameters['gatewayresponse.header.Retry-After'])
    }),
    broken: [
      'none when it is called too often',
      (template) => {
        const { ResponseParameters } = first(template, RESPONSE, ({ ResponseType }) => ResponseType === 'THROTTLED')
        delete ResponseParameters['gatewayresponse.header.Retry-After']
      },
    ],
  },
  {
    title: 'the policy of the API allows nobody who is not named',
    faults: (template) =>
      policyOf(template)
        .filter((one) => allows(one) && isForAll(one))
        .map(text),
    broken: [
      'an Allow for everybody',
      (template) => policyOf(template).push({ Effect: 'Allow', Principal: '*', Action: 'execute-api:Invoke' }),
    ],
  },
  {
    title: 'the policy of the API allows others to get and to report tokens and nothing else',
    faults: (template) =>
      policyOf(template)
        .filter(allows)
        .flatMap(({ Resource }) => list(Resource).map(String))
        .filter(
          (resource) =>
            !/^execute-api:\/v1\/(GET\/tokens\/[a-z0-9]+\/[a-z0-9*-]+|POST\/tokens\/[a-z0-9]+\/[a-z0-9*-]+\/refresh)$/.test(
              resource,
            ),
        ),
    broken: [
      'an Allow to take a token back',
      (template) =>
        policyOf(template).push({
          Effect: 'Allow',
          Principal: { AWS: '111122223333' },
          Action: 'execute-api:Invoke',
          Resource: 'execute-api:/v1/DELETE/tokens/accelo/hq',
        }),
    ],
  },
  {
    title: 'the policy of the API refuses what comes without TLS',
    faults: unlessRefused((condition) => condition === '{"Bool":{"aws:SecureTransport":"false"}}'),
    broken: [
      'its Deny for something else',
      (template) =>
        Object.assign(policyOf(template)[0] ?? {}, { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    ],
  },
  {
    title: 'the policy of the API refuses every account but this one and those that are named',
    faults: unlessRefused((condition) =>
      /^\{"StringNotEquals":\{"aws:PrincipalAccount":\[\{"Ref":"AWS::AccountId"\}(,"\d{12}")*\]\}\}$/.test(condition),
    ),
    broken: ['no such Deny', (template) => policyOf(template).splice(1, 1)],
  },
  {
    title: 'every API ends a handshake below TLS 1.2',
    faults: unless(
      API,
      ({ SecurityPolicy, EndpointAccessMode }) =>
        /^SecurityPolicy_TLS13_1_[23]_/.test(SecurityPolicy) && EndpointAccessMode === 'STRICT',
    ),
    broken: ['the default', (template) => delete first(template, API).SecurityPolicy],
  },
  {
    title: 'every API is of one region, without CloudFront before it',
    faults: unless(API, ({ EndpointConfiguration }) => text(EndpointConfiguration?.Types) === '["REGIONAL"]'),
    broken: [
      'an edge',
      (template) => Object.assign(first(template, API), { EndpointConfiguration: { Types: ['EDGE'] } }),
    ],
  },
  {
    title:
      'every function may be called by paths that its permissions name, of an API of this account, and by nobody else',
    faults: unless(PERMISSION, ({ Action, Principal, SourceArn, FunctionUrlAuthType }) => {
      const arn = text(SourceArn)
      return (
        Action === 'lambda:InvokeFunction' &&
        Principal === 'apigateway.amazonaws.com' &&
        FunctionUrlAuthType === undefined &&
        arn.includes('":execute-api:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"}') &&
        /\/v1\/\*\/(tokens|connections|vendors)\/[a-z]|\/GET\/oauth\//.test(arn)
      )
    }),
    broken: ['one for the whole account', (template) => delete first(template, PERMISSION).SourceArn],
  },
  {
    title: 'no function has an address of its own',
    faults: none('AWS::Lambda::Url'),
    broken: ['one that has', (template) => add(template, 'AWS::Lambda::Url', { AuthType: 'NONE' })],
  },
]
