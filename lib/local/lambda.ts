import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Account, refusal } from './aws-service.ts'
import type { WireAnswer } from './aws-wire.ts'
import type { FunctionPool } from './function-pool.ts'

export type Functions = ReadonlyMap<string, Pick<FunctionPool, 'invoke' | 'logFile'>>

const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations(?:\?|$)/

/** The name of the function that is to be invoked; undefined for any other call. A name may be an ARN, or part of one. */
export function invoked({ method, url = '' }: IncomingMessage): string | undefined {
  const [, id] = method === 'POST' ? (INVOCATIONS.exec(url) ?? []) : []
  return id && /^(?:.*:?function:)?([^:]+)(?::[^:]+)?$/.exec(decodeURIComponent(id))?.[1]
}

interface Invocation {
  readonly name: string
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

/** Runs a function as a schedule or the gateway would. Source: AWS Lambda API Reference, Invoke. */
export async function invoke(
  { name, body, headers }: Invocation,
  { functions, account }: { readonly functions: Functions; readonly account: Account },
): Promise<WireAnswer> {
  const found = functions.get(name)
  if (!found) {
    const arn = `arn:aws:lambda:${account.region}:${account.accountId}:function:${name}`
    const there = [...functions.keys()].join(', ')
    throw refusal('ResourceNotFoundException', `Function not found: ${arn}. There are ${there}`, 404)
  }
  const event = eventOf(body)
  const requestId = randomUUID()
  const answer = (status: number, payload = '', more: WireAnswer['headers'] = {}): WireAnswer => ({
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...more },
    body: payload,
  })

  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse'
  if (type === 'DryRun') return answer(204)
  if (type === 'Event') {
    void found.invoke(event, requestId)
    return answer(202)
  }
  if (type !== 'RequestResponse') throw refusal('InvalidParameterValueException', `Unknown invocation type: ${type}`)
  const result = await found.invoke(event, requestId)
  const ran = { 'x-amz-executed-version': '$LATEST' }
  if (result !== undefined) return answer(200, JSON.stringify(result), ran)
  const failure = { errorType: 'Error', errorMessage: `the function failed; its log is ${found.logFile}` }
  return answer(200, JSON.stringify(failure), { ...ran, 'x-amz-function-error': 'Unhandled' })
}

function eventOf(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body)
  } catch {
    throw refusal('InvalidRequestContentException', 'Could not parse request body into json')
  }
}
