import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import dynalite from 'dynalite'
import { type Account, type AwsService, isRefusal, refusal } from './aws-service.ts'
import { type BusEvent, eventBus } from './event-bus.ts'
import { kms } from './kms.ts'
import { closed, type Loopback, listenOnLoopback, readBody } from './loopback.ts'
import { secretsManager } from './secrets-manager.ts'
import { type Notice, sns, snsErrorXml, snsXml } from './sns.ts'

export interface AwsEndpoints extends Loopback {
  /** What was published to SNS, oldest first. */
  readonly messages: readonly Notice[]
  /** What was put on the event bus, oldest first. */
  readonly events: readonly BusEvent[]
  /** How often each operation was called, for example `{ 'secretsmanager.GetSecretValue': 3 }`. */
  calls(): Readonly<Record<string, number>>
}

export interface AwsEndpointsOptions extends Account {
  readonly port: number
  /** The clock that dates their answers. @default real time */
  readonly now?: () => Date
  readonly onNotice?: (notice: Notice) => void
  readonly onEvent?: (event: BusEvent) => void
}

/**
 * DynamoDB, Secrets Manager, KMS, SNS and EventBridge on one loopback address, in memory: point the SDK's `endpoint` at it.
 * Signatures are not checked here; the gateway does that for the callers of Vendomat.
 */
export async function startAwsEndpoints(options: AwsEndpointsOptions): Promise<AwsEndpoints> {
  const { now = () => new Date() } = options
  const messages: Notice[] = []
  const events: BusEvent[] = []
  const counts = new Map<string, number>()
  const dynamo = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  const jsonServices: Readonly<Record<string, AwsService>> = {
    secretsmanager: secretsManager(options, now),
    TrentService: kms(options, now),
    AWSEvents: eventBus(now, (event) => {
      events.push(event)
      options.onEvent?.(event)
    }),
  }
  const topics = sns(options, (notice) => {
    messages.push(notice)
    options.onNotice?.(notice)
  })
  const count = (call: string) => counts.set(call, (counts.get(call) ?? 0) + 1)

  const server = await listenOnLoopback(options.port, (request, response) => {
    const target = request.headersDistinct['x-amz-target']?.[0]
    if (target?.startsWith('DynamoDB_')) {
      count(target)
      // The functions take the table's time for theirs, so it has to be the machine's (RFC 9110 section 6.6.1).
      response.setHeader('date', now().toUTCString())
      return handOver(dynamo, request, response)
    }
    readBody(request)
      .then((body) => (target ? answerJson(target, `${body}`, response) : answerForm(`${body}`, response)))
      .catch(() => response.destroy())
  })

  function answerJson(target: string, body: string, response: ServerResponse) {
    count(target)
    const [prefix = '', name = ''] = target.split('.')
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() }
    try {
      const output = run(jsonServices[prefix], name, JSON.parse(body))
      response.writeHead(200, headers).end(JSON.stringify(output))
    } catch (error) {
      const { errorType, status, message } = asRefusal(error)
      response.writeHead(status, { ...headers, 'x-amzn-errortype': errorType })
      response.end(JSON.stringify({ __type: errorType, message }))
    }
  }

  function answerForm(body: string, response: ServerResponse) {
    const { Action: action = '', ...input } = Object.fromEntries(new URLSearchParams(body))
    count(`sns.${action}`)
    const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': randomUUID() }
    try {
      const output = run(topics, action, input)
      response.writeHead(200, headers).end(snsXml(action, output))
    } catch (error) {
      const failure = asRefusal(error)
      response.writeHead(failure.status, headers).end(snsErrorXml(failure))
    }
  }

  const close = async () => {
    await server.close()
    await closed(dynamo)
  }
  return { url: server.url, close, messages, events, calls: () => Object.fromEntries(counts) }
}

/** dynalite reads the body itself. Its own error listener throws: one client that leaves would end the process. */
function handOver(dynamo: ReturnType<typeof dynalite>, request: IncomingMessage, response: ServerResponse) {
  dynamo.emit('request', request, response)
  request.removeAllListeners('error').on('error', () => response.destroy())
}

function run(service: AwsService | undefined, name: string, input: unknown): object {
  const operation = service && Object.hasOwn(service, name) ? service[name] : undefined
  if (!operation) throw refusal('UnknownOperationException', `The local endpoint has no operation '${name}'.`)
  return operation(input)
}

function asRefusal(error: unknown) {
  if (isRefusal(error)) return error
  if (error instanceof SyntaxError) return refusal('SerializationException', 'The body is not JSON.')
  return refusal('InternalFailure', `The local endpoint failed: ${error}`, 500)
}
