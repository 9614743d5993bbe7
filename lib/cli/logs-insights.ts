import { defaultProvider } from '@aws-sdk/credential-provider-node'
import * as z from 'zod/mini'
import { namesOf } from '../../functions/environment.ts'
import { signedRequest } from '../client/signed-request.ts'
import { type AuditLine, textsOf, type Wanted, wantedLine } from './audit-line.ts'
import { awsEndpoint } from './aws-endpoint.ts'
import { CommandFailed, EXIT, type Shell } from './command.ts'
import { reasonOf } from './reason.ts'

/** CloudWatch Logs API Reference, StartQuery: what one query returns and how many groups it takes, at most. */
const MOST_LINES = 10_000
const MOST_GROUPS = 50
/** A day of a busy machine takes some seconds. */
const QUERY_SECONDS = 120

interface Deployed {
  readonly region: string
  readonly stage: string | undefined
}

interface Found {
  readonly lines: readonly AuditLine[]
  /** There are more than a query returns. */
  readonly isCutOff: boolean
}

/** Searches the logs of a deployed machine with Logs Insights. Throws CommandFailed, which names a missing permission. */
export async function linesInInsights(wanted: Wanted, { region, stage }: Deployed, shell: Shell): Promise<Found> {
  const call = logsCall(region, shell)
  const { namespace } = namesOf(stage)
  const groups = await groupsOf(namespace, call)
  if (groups.length === 0) {
    const next = 'is this its region, the account it is deployed in, and VENDOMAT_STAGE its stage?'
    throw new CommandFailed(EXIT.notFound, `there is no log of a machine ${namespace} in ${region}\nnext step: ${next}`)
  }
  const query = {
    logGroupNames: groups.slice(0, MOST_GROUPS),
    startTime: Math.floor(wanted.since.getTime() / 1000),
    endTime: Math.ceil(shell.now().getTime() / 1000),
    queryString: queryFor(wanted),
    limit: MOST_LINES,
  }
  const { queryId } = read(started, await call('StartQuery', query))
  for (let waited = 0; waited < QUERY_SECONDS; waited += 1) {
    const { status, results } = read(answered, await call('GetQueryResults', { queryId }))
    if (status === 'Complete') {
      const texts = results.flatMap((fields) => fields.find(({ field }) => field === '@message')?.value ?? [])
      const lines = texts.flatMap((text) => wantedLine(text, wanted) ?? [])
      return { lines, isCutOff: results.length === MOST_LINES }
    }
    if (!WAITS.includes(status)) throw new CommandFailed(EXIT.unavailable, `the search of the logs ended: ${status}`)
    shell.progress?.(`searching ${groups.length} logs, ${waited} of at most ${QUERY_SECONDS} s`)
    await shell.sleep(1)
  }
  await call('StopQuery', { queryId }).catch(() => {})
  const next = 'ask for less: --since 1h, or a connection'
  throw new CommandFailed(EXIT.unavailable, `the search took longer than ${QUERY_SECONDS} s\nnext step: ${next}`)
}

const WAITS = ['Scheduled', 'Running', 'Unknown']

/** Each text is matched as it is: what a regular expression reads otherwise is escaped. */
const queryFor = (wanted: Wanted): string =>
  [
    'fields @message',
    ...textsOf(wanted).map((text) => `filter @message like /${text.replaceAll(/[^\w":# -]/g, '\\$&')}/`),
    'sort @timestamp asc',
  ].join(' | ')

const groupsPage = z.object({
  logGroups: z._default(z.array(z.object({ logGroupName: z.string() })), []),
  nextToken: z.optional(z.string()),
})
const started = z.object({ queryId: z.string() })
const row = z.array(z.object({ field: z.string(), value: z.optional(z.string()) }))
const answered = z.object({ status: z.string(), results: z._default(z.array(row), []) })

/** Which are logs of its functions, as CloudFormation names them: `Vendomat-acceloLog0123ABCD-x1y2z3`. */
export const functionLogs = (namespace: string): RegExp =>
  new RegExp(`^${namespace}-(?!\\w*AccessLog)\\w+Log[0-9A-F]{8}-\\w+$`)

async function groupsOf(namespace: string, call: LogsCall): Promise<string[]> {
  const ours = functionLogs(namespace)
  const found: string[] = []
  let nextToken: string | undefined
  do {
    const asked = { logGroupNamePrefix: `${namespace}-`, ...(nextToken !== undefined && { nextToken }) }
    const page = read(groupsPage, await call('DescribeLogGroups', asked))
    found.push(...page.logGroups.map(({ logGroupName }) => logGroupName).filter((name) => ours.test(name)))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return found
}

type LogsCall = (operation: string, input: object) => Promise<unknown>

/** By hand and signed: the SDK's client for four calls would be a dependency. */
function logsCall(region: string, { environment, http }: Shell): LogsCall {
  const url = awsEndpoint('logs', region, environment)
  return async (operation, input) => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${operation}` }
    const signer = { region, service: 'logs', credentials: defaultProvider(), http, headers, body: input }
    const response = await signedRequest('POST', url, signer).catch((error: Error) => {
      if (error.name === 'CredentialsProviderError')
        throw new CommandFailed(EXIT.forbidden, `no AWS credentials: ${error.message}`)
      throw new CommandFailed(EXIT.unavailable, `${url.host} does not answer (${reasonOf(error)})`)
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (response.ok) return answer
    throw refusal(operation, answer, region)
  }
}

const refused = z.object({ __type: z.string() })

function refusal(operation: string, answer: unknown, region: string): CommandFailed {
  const kind = refused.safeParse(answer).data?.__type.split('#').at(-1) ?? 'unknown'
  const what = `AWS refuses logs:${operation} (${kind})`
  if (/^(LimitExceeded|Throttling|ServiceUnavailable)/.test(kind))
    return new CommandFailed(EXIT.unavailable, `${what}\nnext step: try again in a minute`)
  if (!/^AccessDenied/.test(kind)) return new CommandFailed(EXIT.forbidden, what)
  const statements = [
    allow(['logs:DescribeLogGroups', 'logs:GetQueryResults', 'logs:StopQuery'], '*'),
    allow(['logs:StartQuery'], `arn:*:logs:${region}:*:log-group:Vendomat*`),
  ]
  return new CommandFailed(EXIT.forbidden, `${what}\nnext step: have your policy say\n${statements.join(',\n')}`)
}

const allow = (Action: readonly string[], Resource: string): string =>
  JSON.stringify({ Effect: 'Allow', Action, Resource })

/** Throws CommandFailed, which does not quote the answer. */
function read<T>(schema: z.ZodMiniType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new CommandFailed(EXIT.failed, 'CloudWatch Logs gave an answer that this version does not understand')
}
