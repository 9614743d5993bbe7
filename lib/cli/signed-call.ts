import * as z from 'zod/mini'
import { PROBLEM } from '../../functions/api/answers.ts'
import { type AwsCredentials, signedRequest } from '../client/signed-request.ts'
import { gatewayMessage, isOfGateway } from './api.ts'
import type { Identity } from './identity.ts'
import { reasonOf } from './reason.ts'

/** Who calls which machine. */
export interface Caller {
  readonly base: string
  readonly region: string
  readonly credentials: () => Promise<AwsCredentials>
  readonly http: typeof fetch
  /** Left out where AWS did not say. */
  readonly identity?: Identity
}

/** What a call came to. */
export interface Answer {
  /** 0 where nobody answered. */
  readonly status: number
  readonly body: unknown
  /** What the gateway or the machine said, where it refused. */
  readonly said: string
  /** Of the machine's own problems. Left out where the gateway answered itself. */
  readonly code?: string
  /** What the machine says to do. */
  readonly nextStep?: string
}

/** A signed GET. Never rejects for what is answered or not answered: that is what is looked for. */
export async function call(path: string, { base, ...signer }: Caller): Promise<Answer> {
  const response = await signedRequest('GET', new URL(`${base}${path}`), signer).catch((error: Error) => error)
  if (!('status' in response)) return { status: 0, body: undefined, said: `no answer (${reasonOf(response)})` }
  return answerIn(response)
}

const problem = z.pick(PROBLEM, { type: true, code: true, title: true, detail: true, next_step: true })

/** Reads it in the words of API Gateway and in those that the stack gives it (lib/gateway-answers.ts). */
export async function answerIn(response: Response): Promise<Answer> {
  const { status, headers } = response
  const body: unknown = await response.json().catch(() => undefined)
  const ours = problem.safeParse(body).data
  if (!ours) return { status, body, said: gatewayMessage(body) ?? 'it did not say why' }
  const said = `${ours.title}: ${ours.detail}`
  if (!isOfGateway(ours)) return { status, body, said, code: ours.code, nextStep: ours.next_step }
  // AWS's name of the reason, which says more than a default does.
  const [reason] = /^\w+/.exec(headers.get('x-amzn-errortype') ?? '') ?? []
  return { status, body, said: reason ? `${said} (${reason})` : said }
}

/** Why the gateway lets a call through to no function. */
export type Refusal = (typeof REFUSALS)[number][0]

/** By AWS's set phrases, or its names of them. */
const REFUSALS = [
  ['not allowed', /not authorized to perform|explicit deny|AccessDenied/],
  ['clock', /Signature expired|Signature not yet current|not within/],
  ['region', /valid region/],
  ['session over', /security token included in the request is expired|ExpiredToken/],
  ['unknown key', /security token included in the request is invalid|UnrecognizedClient/],
  ['signature', /signature we calculated does not match|Authorization header|InvalidSignature|IncompleteSignature/i],
  // Of a route that there is, and of one that there is not.
  ['not signed', /Missing Authentication Token/],
  ['firewall', /web ACL/],
  ['no such API', /^Forbidden$/],
] as const

export const refusalIn = ({ status, said }: Answer): Refusal | undefined =>
  status === 403 ? REFUSALS.find(([, phrase]) => phrase.test(said))?.[0] : undefined
