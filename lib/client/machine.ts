import { once } from '../../functions/kit/once.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter, secondsBetween } from '../../functions/kit/time.ts'
import { KINDS, MachineUnreachable, NoToken, NotAllowed } from './errors.ts'
import { type AwsCredentials, signedRequest } from './signed-request.ts'

/** When to call again, where nobody says. */
const AGAIN_SECONDS = 2

/** A bearer token and what its calls need beside it. Times are this computer's. */
export interface Token {
  readonly value: Secret
  /** Left out for a token that does not end. */
  readonly expiresAt?: Date
  /** When to ask for the next one. */
  readonly refreshAfter: Date
  /** Base URL, account id and the like, as the vendor's API needs them. */
  readonly context: Readonly<Record<string, string>>
}

export interface Connected {
  readonly vendor: string
  readonly connection: string
  /** Of the machine, with its stage: `https://….execute-api.eu-central-1.amazonaws.com/v1` */
  readonly base: string
  readonly region: string
  readonly credentials: () => Promise<AwsCredentials>
  readonly http: typeof fetch
  readonly now: () => Date
}

/** The default credential chain of the AWS SDK, which is loaded when the first call is signed. */
export const defaultCredentials = (): (() => Promise<AwsCredentials>) => {
  const provider = once(async () => {
    const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
    return defaultProvider()
  })
  return async () => (await provider())()
}

/** Asks for a token with at least `minTtlSeconds` left. Throws NoToken. */
export function vend(machine: Connected, minTtlSeconds: number): Promise<Token> {
  const query = minTtlSeconds > 0 ? `?min_ttl=${minTtlSeconds}` : ''
  return ask(machine, 'GET', query)
}

/** Says that the vendor has refused a token, and gives the one that takes its place. Throws NoToken. */
export const report = (machine: Connected, refused: Secret): Promise<Token> =>
  ask(machine, 'POST', '/refresh', { rejected: refused.fingerprint })

async function ask(machine: Connected, method: string, rest: string, body?: object): Promise<Token> {
  const { vendor, connection, base, now } = machine
  const url = new URL(`${base}/tokens/${vendor}/${connection}${rest}`)
  const askedAt = now()
  const response = await signedRequest(method, url, { ...machine, ...(body && { body }) }).catch((error: Error) => {
    throw unanswered(url, error)
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusal(response, answer)
  const token = tokenIn(answer, askedAt)
  if (token) return token
  throw new MachineUnreachable('the machine gave an answer that this client does not understand', {
    nextStep: 'see that VENDOMAT_URL is the address of the machine, stage included',
  })
}

function unanswered({ origin }: URL, cause: Error): NoToken {
  if (cause.name === 'CredentialsProviderError')
    return new NotAllowed('there are no AWS credentials to sign the call with', {
      nextStep: 'give this process a role, or AWS credentials in its environment',
      cause,
    })
  return new MachineUnreachable(`${origin} does not answer`, {
    nextStep: 'call again',
    retryAfterSeconds: AGAIN_SECONDS,
    cause,
  })
}

function refusal({ status, headers }: Response, answer: unknown): NoToken {
  const { title, detail, code, next_step, request_id, message } = textsIn(answer)
  const Kind = KINDS.get(code ?? '') ?? kindOf(status, code)
  const stated = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfterSeconds = Number.isFinite(stated) ? stated : Kind === MachineUnreachable ? AGAIN_SECONDS : undefined
  // Below its first line the gateway repeats what was to be signed, a session token among it.
  const [what] = (detail ?? message ?? '').split('\n')
  return new Kind([title, what].filter(Boolean).join(': ') || `the machine answered ${status}`, {
    code,
    nextStep: next_step ?? (status === 403 ? 'see that the policy of this role allows the call' : 'call again'),
    retryAfterSeconds,
    requestId: request_id,
  })
}

/** Of what the machine itself did not say, or not in words that this client knows. */
function kindOf(status: number, code: string | undefined): typeof NoToken {
  if (status === 403) return NotAllowed
  const isOurs = status === 429 || status >= 500
  return isOurs && code !== 'refresh_rate_limited' && code !== 'configuration' ? MachineUnreachable : NoToken
}

/** Counts from when it was asked for, so that this computer's clock need not be right. */
function tokenIn(answer: unknown, askedAt: Date): Token | undefined {
  const { access_token, expires_at, refresh_after } = textsIn(answer)
  if (!access_token || !refresh_after) return undefined
  // It has members, so it is an object.
  const { expires_in, context } = answer as { readonly expires_in?: unknown; readonly context?: unknown }
  const expiresAt = typeof expires_in === 'number' ? secondsAfter(askedAt, expires_in) : undefined
  // What the machine's clock is ahead of ours.
  const ahead = expires_at && expiresAt ? secondsBetween(expiresAt, new Date(expires_at)) : 0
  return {
    value: new Secret(access_token),
    ...(expiresAt && { expiresAt }),
    refreshAfter: secondsAfter(new Date(refresh_after), -ahead),
    context: textsIn(context),
  }
}

/** The members that are text. */
const textsIn = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(value ?? {}).filter(([, member]) => typeof member === 'string'))
