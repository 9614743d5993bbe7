import * as z from 'zod/mini'
import { TOKEN } from '../../functions/api/answers.ts'
import { regionIn } from '../client/endpoint.ts'
import type { Shell } from './command.ts'
import type { ConnectionName } from './connection.ts'
import { type Finding, ok, unseen, wrong } from './finding.ts'
import { type Identity, identityOf } from './identity.ts'
import { apiIn, isLaptop, routeArn } from './machine-address.ts'
import { principalNamed } from './principal.ts'
import { type Answer, type Caller, call, refusalIn } from './signed-call.ts'

const WHO = 'run: aws sts get-caller-identity'
const SETTINGS = 'take all settings of this machine: . .local/env'

/** What STS calls it when it does not take credentials. */
const REFUSED_KEYS: Readonly<Record<string, readonly [found: string, next_step: string]>> = {
  ExpiredToken: ['the session of these credentials is over', 'sign in again, or set new credentials'],
  InvalidClientTokenId: ['AWS does not know the key', 'is it deleted, inactive, or of another partition of AWS?'],
  RequestExpired: ['the clock of this computer is off', 'set it: sudo timedatectl set-ntp true'],
  SignatureDoesNotMatch: ['the secret key is not that of the key', 'set both anew'],
}

/** Who AWS says that these credentials are of. */
export async function identityCheck(
  caller: Caller,
  shell: Shell,
): Promise<{ readonly finding: Finding; readonly identity?: Identity }> {
  const check = 'identity'
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS } = shell.environment
  // AWS itself knows nothing of its keys.
  if (isLaptop(caller.base) && !AWS_ENDPOINT_URL && !AWS_ENDPOINT_URL_STS)
    return { finding: unseen(check, 'AWS_ENDPOINT_URL does not name the AWS of this machine', SETTINGS) }
  const identity = await identityOf(caller, shell)
  if ('arn' in identity) return { finding: ok(check, identity.arn), identity }
  const [found, next] = (identity.isRefused && REFUSED_KEYS[identity.said]) || []
  if (found && next) return { finding: wrong(check, `${found} (${identity.said})`, next) }
  return { finding: unseen(check, `AWS does not say (${identity.said})`, WHO) }
}

/** Whether the gateway takes what we sign, whatever the caller may do then. Not every machine has every vendor. */
export async function signatureCheck(ids: readonly string[], caller: Caller) {
  const { path, answer } = await firstAnswered(ids, caller)
  return { path, answer, signature: await signatureOf(answer, { path, ids }, caller) }
}

interface Asked {
  readonly path: string
  /** All vendors that were asked for. */
  readonly ids: readonly string[]
}

async function signatureOf(answer: Answer, { path, ids }: Asked, caller: Caller): Promise<Finding> {
  const check = 'signature'
  const { status, said } = answer
  if (status === 0) return unseen(check, said, 'try again')
  switch (refusalIn(answer)) {
    case 'clock':
      return wrong(check, said, 'set the clock of this computer')
    case 'session over':
      return wrong(check, said, 'sign in again: these credentials have ended')
    case 'unknown key':
      return wrong(check, 'the gateway does not know the key', isLaptop(caller.base) ? SETTINGS : WHO)
    case 'region':
    case 'signature':
      return mismatch(answer, path, caller)
    case 'not signed':
      return wrong(
        'routes',
        `${new URL(caller.base).host} has none for ${ids.join(', ')}, or the signature is lost on the way`,
        'is VENDOMAT_URL the output Url of this stack, not of another API or an older stack? is there a proxy?',
      )
    case 'firewall':
    case 'no such API':
      return wrong('routes', `${status}: ${said}`, 'compare VENDOMAT_URL with the output Url of the stack')
    default:
      return ok(check, 'is taken')
  }
}

async function firstAnswered(ids: readonly string[], caller: Caller): Promise<{ answer: Answer; path: string }> {
  const [id, ...more] = ids
  const path = `/connections/${id}`
  const answer = await call(path, caller)
  return refusalIn(answer) === 'not signed' && more.length > 0 ? firstAnswered(more, caller) : { answer, path }
}

/** Finds out what of the signature does not fit: AWS may say of a wrong region no more than of a wrong key. */
async function mismatch({ said }: Answer, path: string, caller: Caller): Promise<Finding> {
  const { base, region, identity } = caller
  const isStated = regionIn(base) !== undefined
  const right = isStated ? undefined : await regionTaken(path, caller)
  if (right !== undefined)
    return wrong('signature', `it is for ${region}, and the machine is in ${right}`, `set AWS_REGION=${right}`)
  if (isLaptop(base)) return wrong('signature', 'the secret key is not that of the key', SETTINGS)
  const key = identity ? 'a proxy changes the request' : 'the secret key is wrong, or a proxy changes the request'
  return wrong('signature', said, isStated ? key : `AWS_REGION is not that of the machine, or ${key}`)
}

/** AWS General Reference, "Regional endpoints", 2026-11: those where API Gateway is. */
const REGIONS = [
  ...['eu-west-1', 'eu-central-1', 'us-east-1', 'us-east-2', 'us-west-2', 'us-west-1', 'ca-central-1', 'ca-west-1'],
  ...[
    'eu-west-2',
    'eu-west-3',
    'eu-north-1',
    'eu-central-2',
    'eu-south-1',
    'eu-south-2',
    'il-central-1',
    'me-central-1',
  ],
  ...['me-south-1', 'af-south-1', 'sa-east-1', 'mx-central-1', 'ap-south-1', 'ap-south-2', 'ap-east-1', 'ap-east-2'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3'],
  ...['ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'cn-north-1', 'cn-northwest-1'],
  ...['us-gov-west-1', 'us-gov-east-1'],
]

/** The region for which the gateway takes a signature. */
async function regionTaken(path: string, caller: Caller): Promise<string | undefined> {
  for (const region of REGIONS.filter((one) => one !== caller.region)) {
    const answer = await call(path, { ...caller, region })
    if (answer.status === 0) return undefined
    const refusal = refusalIn(answer)
    if (refusal !== 'region' && refusal !== 'signature') return region
  }
  return undefined
}

const vended = z.pick(TOKEN, { source: true })

/** How a token was obtained, where the answer has one. */
export const sourceIn = ({ status, body }: Answer): string | undefined =>
  status === 200 ? vended.safeParse(body).data?.source : undefined

/** Whether this caller gets a token of the connection. */
export async function vendCheck({ vendor, connection }: ConnectionName, caller: Caller): Promise<Finding> {
  const check = `${vendor}/${connection}`
  const path = `/tokens/${vendor}/${connection}`
  const answer = await call(path, caller)
  const source = sourceIn(answer)
  if (source !== undefined) return ok(check, `a token is vended (${source})`)
  if (refusalIn(answer) === 'not allowed')
    return wrong(check, notAllowed(path, answer, caller), policyFor(`${vendor} ${connection}`, caller))
  if (refusalIn(answer) === 'not signed') return wrong(check, 'there is no such route', `is ${vendor} deployed there?`)
  const { status, said, nextStep = 'call again; then look at the log of the function' } = answer
  return wrong(check, status === 0 ? said : `${status}: ${said}`, nextStep)
}

/** Which permission is missing. */
export function notAllowed(path: string, { status, said }: Answer, { base, region, identity }: Caller): string {
  // The gateway leaves the last four digits of the account.
  const [, masked] = /:execute-api:[a-z0-9-]+:(\*+\d{4}):/.exec(said) ?? []
  const account = masked ?? identity?.account ?? '<account>'
  const arn = routeArn({ region, account, api: apiIn(base) ?? '<api>' }, 'GET', path)
  const [, why = ''] = /( because no [a-z-]+ policy allows| with an explicit deny)/.exec(said) ?? []
  return `${status}: not authorized to perform execute-api:Invoke on ${arn}${why}`
}

/** The command that prints the policy for it; `what` is like `accelo hq`. */
export function policyFor(what: string, { identity }: Caller): string {
  const receiver = identity ? ` --for ${receiverOf(identity)}` : ''
  return `in the account of the machine this prints what is missing: vendomat policy ${what}${receiver}`
}

/** A session changes with each sign-in, its role does not. */
function receiverOf({ arn, account }: Identity): string {
  try {
    return principalNamed(arn).arn ?? account
  } catch {
    // A federated user, whom no policy is attached to.
    return account
  }
}
