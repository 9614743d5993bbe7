import { placeholdersIn } from '../functions/generic/placeholders.ts'
import { didYouMean } from './did-you-mean.ts'
import { namesSecret } from './secret-like.ts'

export interface Fault {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

export const DAY_SECONDS = 24 * 60 * 60

/** Members of an answer that are never vended. */
export const UNVENDED = ['access_token', 'refresh_token', 'id_token', 'client_secret']

export const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !Array.isArray(given)

/** What two members say that cannot both be. */
interface Rule {
  readonly at: readonly [string, ...string[]]
  readonly isBroken: (description: Given) => boolean
  readonly says: string
}

/** What a description has to be is not known yet of any of its members. */
type Given = Readonly<Record<string, unknown>>

const has = (name: string) => (description: Given) => description[name] !== undefined
const isGrant = (grant: string) => (description: Given) => description.grant === grant
const consents = isGrant('authorization_code')
const asserts = isGrant('jwt_bearer')
const KNOWN = ['client_credentials', 'authorization_code', 'jwt_bearer']
const needsNoConsent = (description: Given): boolean =>
  KNOWN.includes(String(description.grant)) && !consents(description)
const signs = (description: Given): boolean =>
  asserts(description) || description.clientAuthentication === 'private_key_jwt'
const partOf = (description: Given, name: string): Given => {
  const part = description[name]
  return isObject(part) ? part : {}
}

const RULES: readonly Rule[] = [
  {
    at: ['tokenEndpoint'],
    isBroken: (given) => !has('tokenEndpoint')(given) && !has('issuer')(given),
    says: 'is not there, and neither is issuer: write where tokens come from, or whose metadata say it',
  },
  {
    at: ['authorizationEndpoint'],
    isBroken: (given) => consents(given) && !has('authorizationEndpoint')(given) && !has('issuer')(given),
    says: 'is not there, and neither is issuer: write where a person says yes, or whose metadata say it',
  },
  {
    at: ['clientAuthentication'],
    isBroken: (given) => given.grant === 'client_credentials' && given.clientAuthentication === 'none',
    says: "'none' does not go with client_credentials, which is for clients that authenticate (RFC 6749 section 4.4): write client_secret_basic, client_secret_post or private_key_jwt",
  },
  {
    at: ['keep'],
    isBroken: (given) => consents(given) && given.keep === 'memory',
    says: "'memory' does not go with authorization_code, whose refresh token has to outlive a process: leave it out",
  },
  {
    at: ['pkce'],
    isBroken: (given) => consents(given) && given.pkce === 'none' && given.clientAuthentication === 'none',
    says: "'none' does not go with clientAuthentication 'none': nothing else binds the code to who asked for it (RFC 9700 section 2.1.1)",
  },
  ...['authorizationEndpoint', 'authorizationParameters', 'pkce', 'refreshTokens', 'grantDays'].map(
    (name): Rule => ({
      at: [name],
      isBroken: (given) => needsNoConsent(given) && has(name)(given),
      says: 'is for authorization_code alone, where a person says yes: leave it out',
    }),
  ),
  {
    at: ['assertion'],
    isBroken: (given) => has('assertion')(given) && KNOWN.includes(String(given.grant)) && !signs(given),
    says: 'is for jwt_bearer and private_key_jwt alone, and nothing else is signed: leave it out',
  },
  {
    at: ['assertion', 'subject'],
    isBroken: (given) => !asserts(given) && signs(given) && has('subject')(partOf(given, 'assertion')),
    says: 'is for jwt_bearer alone; where an assertion authenticates a client it is about that (RFC 7523 section 3): leave it out',
  },
  {
    at: ['defaultLifeSeconds'],
    isBroken: ({ defaultLifeSeconds, maxLifeSeconds = DAY_SECONDS }) =>
      Number(defaultLifeSeconds) > Number(maxLifeSeconds),
    says: `is more than maxLifeSeconds, which is ${DAY_SECONDS} where it is left out: it would be cut`,
  },
  {
    at: ['grantDays', 'idle'],
    isBroken: (given) => Number(partOf(given, 'grantDays').idle) > Number(partOf(given, 'grantDays').most),
    says: 'is more than most, after which the grant is over in any case',
  },
]

/** What is wrong with members that are right by themselves. */
export function brokenRules(given: Given): readonly Fault[] {
  return [
    ...RULES.flatMap(({ at, isBroken, says }) => (isBroken(given) ? [{ path: at, message: says }] : [])),
    ...strayPlaceholders(given),
    ...secretsByAnotherName(given),
  ]
}

/** A secret whose name the description changes, on its way to where others read it. */
function secretsByAnotherName(given: Given): readonly Fault[] {
  const answer = partOf(given, 'answer')
  const named = Object.entries(partOf(answer, 'members')).filter(([ours]) => UNVENDED.includes(ours))
  const vended = Object.entries(partOf(answer, 'context')).flatMap(([name, theirs]) =>
    named
      .filter(([, member]) => member === theirs)
      .map(([ours]) => ({
        path: ['answer', 'context', name],
        message: `'${theirs}' is the ${ours} of this description, which is not vended beside the token`,
      })),
  )
  const file = partOf(partOf(given, 'credentials'), 'file')
  const read = Object.entries(partOf(file, 'members'))
    .filter(([ours, theirs]) => namesSecret(String(theirs)) && !namesSecret(ours))
    .map(([ours, theirs]) => ({
      path: ['credentials', 'file', 'members', ours],
      message: `'${theirs}' is called like a secret, and ${ours} goes where others read it`,
    }))
  return [...vended, ...read]
}

/** Words and values for placeholders that are nowhere: they are misspelt. */
function strayPlaceholders(given: Given): readonly Fault[] {
  const names = [...new Set(textsIn({ ...given, credentials: undefined }).flatMap(placeholdersIn))]
  const { labels, defaults } = partOf(given, 'credentials')
  return Object.entries({ labels, defaults }).flatMap(([member, said]) =>
    Object.keys(isObject(said) ? said : {})
      .filter((name) => !names.includes(name) && !(member === 'labels' && COMMON.includes(name)))
      .map((name) => ({
        path: ['credentials', member, name],
        message: `there is no placeholder {${name}} in this description${didYouMean(name, names)}`,
      })),
  )
}

/** Members that credentials have without a placeholder. */
const COMMON = ['client_id', 'client_secret', 'private_key', 'key_id', 'certificate_thumbprint', 'scope']

const textsIn = (given: unknown): readonly string[] =>
  typeof given === 'string' ? [given] : Object.values(Object(given)).flatMap(textsIn)
