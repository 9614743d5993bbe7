import { defaultProvider } from '@aws-sdk/credential-provider-node'
import * as z from 'zod/mini'
import { PROBLEM } from '../../functions/api/answers.ts'
import { endpointIn } from '../client/endpoint.ts'
import { ANSWER_SECONDS, signedRequest } from '../client/signed-request.ts'
import { CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { reasonOf } from './reason.ts'
import { inWords } from './time-left.ts'

/** A refusal of the machine or of the gateway before it, with the exit code for it. */
export class ApiError extends CommandFailed {
  /** The machine's code of the problem; left out when the gateway refused. */
  readonly code: string | undefined
  /** The same as the machine said it. */
  readonly problem: Problem | undefined
  /** The gateway has nothing at this path. */
  readonly isNoRoute: boolean

  constructor(exitCode: number, message: string, said?: Problem) {
    super(exitCode, message)
    const ours = said && !isOfGateway(said) ? said : undefined
    this.problem = ours
    this.code = ours?.code
    this.isNoRoute = !ours && NO_ROUTE.test(message)
  }
}

const problem = z.pick(PROBLEM, {
  type: true,
  title: true,
  detail: true,
  code: true,
  next_step: true,
  request_id: true,
})
type Problem = z.output<typeof problem>
/** All calls are signed, so this is what the gateway says of a path that it does not know. */
const NO_ROUTE = /Missing Authentication Token/
/** API Gateway uses both spellings. */
const gatewayError = z.union([z.object({ message: z.string() }), z.object({ Message: z.string() })])

/** Calls the machine at VENDOMAT_URL, signed with the default AWS credential chain. Throws ApiError or UsageError. */
export async function callApi(
  method: string,
  path: string,
  { environment, http }: Shell,
  body?: object,
): Promise<unknown> {
  const { base, region } = machineAt(environment)
  const url = new URL(`${base}${path}`)
  const signer = { region, credentials: defaultProvider(), http, ...(body && { body }) }
  const response = await signedRequest(method, url, signer).catch((error: Error) => {
    if (error.name === 'CredentialsProviderError')
      throw new ApiError(EXIT.forbidden, `no AWS credentials: ${error.message}`)
    throw new ApiError(EXIT.unavailable, silence(url, error))
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok) return answer
  throw refusal(response, answer)
}

function silence({ origin, hostname }: URL, error: unknown): string {
  const reason = reasonOf(error)
  if (reason === 'TimeoutError') return `${origin} does not answer within ${ANSWER_SECONDS} s`
  const isHere = hostname === '127.0.0.1' || hostname === 'localhost'
  const hint =
    isHere && reason.startsWith('ECONNREFUSED') ? '\nnext step: start the machine on this computer: npm start' : ''
  return `${origin} does not answer (${reason})${hint}`
}

/** Returns the answer in the expected shape. Throws ApiError, which does not quote it. */
export function readAnswer<T>(schema: z.ZodMiniType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new ApiError(EXIT.failed, 'the machine gave an answer that this version of the command does not understand')
}

/** Returns the machine's address and region. Throws UsageError when the environment does not state them. */
export function machineAt(environment: Shell['environment']): ReturnType<typeof endpointIn> {
  try {
    return endpointIn(environment)
  } catch (error) {
    // It throws nothing else.
    throw new UsageError((error as Error).message)
  }
}

export function exitCodeOf(status: number): number {
  if (status === 400 || status === 422) return EXIT.usage
  if (status === 403) return EXIT.forbidden
  if (status === 404) return EXIT.notFound
  if (status === 424) return EXIT.personNeeded
  return status === 429 || status === 503 || status === 504 ? EXIT.unavailable : EXIT.failed
}

function refusal({ status, headers }: Response, body: unknown): ApiError {
  const ours = problem.safeParse(body)
  if (!ours.success) return new ApiError(exitCodeOf(status), describeGateway(status, body))
  const { title, detail, request_id } = ours.data
  const code = isOfGateway(ours.data) ? undefined : ours.data.code
  // RFC 9110 section 10.2.3. The problem itself refers to the header, which a person does not see.
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const next_step = Number.isFinite(seconds) ? `try again in ${inWords(seconds)}` : ours.data.next_step
  // Status 400, but the command was not called wrongly: the consent is over.
  const exitCode = code === 'authorization_invalid' ? EXIT.failed : exitCodeOf(status)
  return new ApiError(exitCode, `${title}: ${detail}\nnext step: ${next_step}\nrequest: ${request_id}`, ours.data)
}

/** Whether the gateway says so, in our words (lib/gateway-answers.ts), of a call that the machine has not seen. */
export const isOfGateway = ({ type }: { readonly type: string }): boolean => type.startsWith('urn:vendomat:gateway:')

/** What the gateway says in its own words, in the first line: below it stands all that was to be signed, a session token among it. */
export function gatewayMessage(body: unknown): string | undefined {
  const { data } = gatewayError.safeParse(body)
  return (data && ('message' in data ? data.message : data.Message))?.split('\n')[0]
}

function describeGateway(status: number, body: unknown): string {
  const message = gatewayMessage(body)
  if (message === undefined) return `the gateway answered ${status}`
  const hint = NO_ROUTE.test(message) ? '\nthere is no such vendor, or the call was not signed' : ''
  return `the gateway answered ${status}: ${message}${hint}`
}
