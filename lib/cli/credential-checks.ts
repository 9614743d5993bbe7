import { defaultProvider } from '@aws-sdk/credential-provider-node'
import * as z from 'zod/mini'
import type { Shell } from './command.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'
import { timeLeft } from './time-left.ts'

type Environment = Shell['environment']

const CHECK = 'credentials'
const SIGN_IN = 'run: aws sts get-caller-identity; if that fails too: aws configure, or aws sso login'

export type CredentialChain = ReturnType<typeof defaultProvider>

/** The default chain. That there are two sources is for a finding to say, not for the chain. */
export const credentialChain = (): CredentialChain => {
  const ignore = () => {}
  return defaultProvider({ logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } })
}

/** Whether there are credentials, and from where: the chain takes the first it comes to, meant or not. */
export async function credentials(chain: CredentialChain, environment: Environment): Promise<Finding> {
  const { AWS_PROFILE: profile, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = environment
  try {
    const found = await chain()
    const { accessKeyId, expiration } = found
    const source = sourceOf(found, environment)
    const key = `the key ${accessKeyId.slice(0, 4)}...${accessKeyId.slice(-4)} of ${source.called}`
    const now = new Date()
    if (expiration && expiration <= now)
      return wrong(CHECK, `${key} ended ${timeLeft(expiration, now)}`, renewalOf(source.kind, environment))
    if (profile && AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) {
      const todo =
        'unset AWS_PROFILE or AWS_ACCESS_KEY_ID: the aws command and boto3 take the key, this and Node the profile'
      return warning(CHECK, `${key}; AWS_PROFILE and AWS_ACCESS_KEY_ID are both set`, todo)
    }
    if (profile && source.kind !== 'profile' && source.kind !== 'sso')
      return warning(CHECK, `${key}; AWS_PROFILE is ${profile}, which gives none`, 'run: aws configure list-profiles')
    return ok(CHECK, expiration ? `${key}, for ${timeLeft(expiration, now)}` : key)
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'unknown', message: '' }
    if (message.includes('aws sso login'))
      return wrong(CHECK, `the SSO session of ${profileIn(environment)} is over`, renewalOf('sso', environment))
    if (!profile) return wrong(CHECK, `none were found (${name})`, SIGN_IN)
    const keys = AWS_ACCESS_KEY_ID ? '; AWS_PROFILE goes before AWS_ACCESS_KEY_ID' : ''
    const todo = 'set AWS_PROFILE to one of these, or unset it: aws configure list-profiles'
    return wrong(CHECK, `none were found in the profile ${profile} (${name})${keys}`, todo)
  }
}

type SourceKind = 'environment' | 'profile' | 'sso' | 'other'

/** By what the SDK notes of the credentials that it has found (its feature ids). */
const SOURCES: readonly (readonly [noted: RegExp, kind: SourceKind, called: (environment: Environment) => string])[] = [
  [/ENV_VARS$/, 'environment', () => 'AWS_ACCESS_KEY_ID in the environment'],
  [/ENV_VARS_STS_WEB_ID/, 'other', () => 'AWS_WEB_IDENTITY_TOKEN_FILE'],
  [/SSO/, 'sso', (environment) => `the SSO session of ${profileIn(environment)}`],
  [/PROFILE|PROCESS|LOGIN/, 'profile', (environment) => profileIn(environment)],
  [/HTTP/, 'other', () => 'the container'],
]

function sourceOf(found: object, environment: Environment): { kind: SourceKind; called: string } {
  const noted = Object.keys(attributed.safeParse(found).data?.$source ?? {})
  const [, kind, called] = SOURCES.find(([pattern]) => noted.some((name) => pattern.test(name))) ?? []
  if (kind && called) return { kind, called: called(environment) }
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI } = environment
  const isContainer = AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || AWS_CONTAINER_CREDENTIALS_FULL_URI
  return { kind: 'other', called: isContainer ? 'the container' : 'this instance' }
}

const attributed = z.object({ $source: z.record(z.string(), z.unknown()) })

const profileIn = ({ AWS_PROFILE }: Environment): string => `the profile ${AWS_PROFILE || 'default'}`

/** What to do when they are over. */
function renewalOf(kind: SourceKind, { AWS_PROFILE }: Environment): string {
  if (kind === 'sso') return `run: aws sso login${AWS_PROFILE ? ` --profile ${AWS_PROFILE}` : ''}`
  if (kind === 'environment')
    return 'set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew, or unset them to use a profile'
  return SIGN_IN
}
