import * as z from 'zod'
import { ENV } from '../functions/environment.ts'
import type { CatalogueEntry } from '../functions/generic/catalogue/entry.ts'
import { catalogue } from '../functions/generic/catalogue/index.ts'
import type {
  AnswerDescription,
  AssertionDescription,
  CredentialsDescription,
  VendorDescription,
} from '../functions/generic/description.ts'
import { describedVendor } from '../functions/generic/vendor.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { vendors as registry } from '../functions/vendors.ts'
import { addressFault, placeholderFault, placeholdersIn } from './described-url.ts'
import { didYouMean } from './did-you-mean.ts'
import { fault, fits, listOf, messageOf, oneOf, optional, strict, that, whole } from './faults.ts'
import { host } from './host.ts'
import { looksSecret, namesSecret } from './secret-like.ts'
import type { Settings } from './settings.ts'

type Chosen = Pick<Settings, 'vendors' | 'oauthVendors'>

/** Every vendor of a deployment, of checked settings: those with code of their own, and those that a description makes. */
export const describedVendors = ({
  vendors = Object.values(registry),
  oauthVendors = {},
}: Chosen): readonly Vendor[] => [
  ...vendors.map((one) => (typeof one === 'string' ? vendorCalled(one) : one)),
  ...Object.entries(oauthVendors).map(([id, description]) => describedVendor(id, withoutNotes(description))),
]

/** What settings may call a vendor by instead of importing it. */
export const knownIds = (): readonly string[] => [...Object.keys(registry), ...catalogue.map(({ id }) => id)]

function vendorCalled(id: string): Vendor {
  const coded = Object.values(registry).find((one) => one.id === id)
  if (coded) return coded
  return describedVendor(id, withoutNotes(catalogueEntry(id)))
}

/** One of the catalogue, to be described anew with what one changes of it. Throws where there is none. */
export function catalogueEntry(id: string): CatalogueEntry {
  const entry = catalogue.find((one) => one.id === id)
  if (entry) return entry
  const ids = catalogue.map((one) => one.id)
  throw new Error(`the catalogue has no ${id}${didYouMean(id, ids)}`)
}

/** What an entry of the catalogue says to people alone. */
const NOTES = ['id', 'alsoRead', 'readOn', 'quirk', 'notCovered', 'tried'] as const satisfies readonly Exclude<
  keyof CatalogueEntry,
  keyof VendorDescription
>[]

/** What is for people who choose a vendor its function does not get, whose environment is small. */
function withoutNotes(entry: VendorDescription | CatalogueEntry): VendorDescription {
  const kept = Object.entries(entry).filter(([name]) => !NOTES.some((note) => note === name))
  // Only members that a description does not have are gone.
  return Object.fromEntries(kept) as unknown as VendorDescription
}

/** AWS Lambda developer guide, "Lambda quotas", 2026-11: of all variables of a function in all, as JSON. */
const ENVIRONMENT_BYTES = 4096
/** What a deployment alone knows takes less: names of the table, of topics and of the stack, addresses, a key. */
const OTHERS_BYTES = 1000

/** How many bytes of a function's environment are left after the description of its vendor; fewer than none are too few. */
export function bytesLeft({ id, description }: Vendor, settings: Settings): number {
  const known = {
    [ENV.description]: JSON.stringify(description),
    [ENV.allowedHosts]: settings.allowedHosts?.[id]?.join(),
    [ENV.allowedNetworks]: settings.allowedNetworks?.[id]?.join(),
    [ENV.runbook]: settings.runbookUrl,
  }
  return ENVIRONMENT_BYTES - OTHERS_BYTES - Buffer.byteLength(JSON.stringify(known))
}

/** A description, with all that is wrong with it. It is public, as settings are: what looks like a secret is refused unread. */
export const descriptionSchema = z.custom<VendorDescription>().superRefine((given, context) => {
  for (const { path, message } of faultsIn(given)) context.addIssue({ code: 'custom', path: [...path], message })
})

interface Fault {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function faultsIn(given: unknown): readonly Fault[] {
  const secrets = secretsIn(given)
  const isSecret = ({ path }: Fault) => secrets.some((secret) => secret.path.every((name, at) => name === path[at]))
  const issues = members(given).safeParse(given).error?.issues ?? []
  const checked = issues.map((issue) => ({ path: issue.path, message: messageOf(issue) }))
  const others = isObject(given) ? brokenRules(given) : []
  const known = others.filter(({ path }) => !checked.some((one) => one.path.join() === path.join()))
  return [...secrets, ...[...checked, ...known].filter((one) => !isSecret(one))]
}

const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !Array.isArray(given)

const IS_SECRET = 'looks like a secret, which settings may not hold: it belongs into the credentials of a connection'
/** Where what is called like a secret is none: a choice of ours, or what a member of an answer or of a file is called. */
const NAMED = /^(refreshTokens$|answer\.|credentials\.(labels|file)\.)/

/** Every text that is a secret by its name or its looks. */
function secretsIn(given: unknown, path: readonly string[] = []): readonly Fault[] {
  const name = path.at(-1) ?? ''
  if (typeof given === 'string') {
    const isNamed = namesSecret(name) && !NAMED.test(path.join('.')) && placeholderFault(given) === undefined
    return (isNamed && given !== '') || looksSecret(given) ? [{ path: path.map(numbered), message: IS_SECRET }] : []
  }
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given).flatMap(([key, value]) =>
    looksSecret(key)
      ? [{ path: path.map(numbered), message: `has a member whose name ${IS_SECRET}` }]
      : secretsIn(value, [...path, key]),
  )
}

/** As zod has the place of a list. */
const numbered = (name: string): PropertyKey => (/^\d+$/.test(name) ? Number(name) : name)

const TITLE = /^[A-Za-z0-9][A-Za-z0-9 .,&()'/+-]{0,39}$/
const NAME_OF_MEMBER = /^[\w.-]{1,64}$/
const OUR_NAME = /^[a-z][a-z0-9_]{0,62}$/
const DAY_SECONDS = 24 * 60 * 60
const LIFE_SECONDS = { least: 60, most: 366 * DAY_SECONDS }
const GRANT_DAYS = { least: 1, most: 3660 }
/** An hour is the most that any vendor we know of takes. */
const ASSERTION_SECONDS = { least: 10, most: 3600 }
/** The time of renewal is moved by up to 5 % of the life. */
const REFRESH_AFTER = { least: 0.1, most: 0.9 }

/** What terminals obey or turn around, and what breaks a line: people would read something else than stands there. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const sentence = that(
  (value) =>
    typeof value === 'string' &&
    value.trim() === value &&
    value.length > 0 &&
    value.length <= 300 &&
    !UNSEEN.test(value),
  'is no sentence of one line with at most 300 letters',
)
const memberName = that(fits(NAME_OF_MEMBER), 'is no name of a member like expires_in')
const LINE = /^[!-~]([ -~]{0,2046}[!-~])?$/
const line = z.custom<string>(fits(LINE), { error: fault('is no line of visible ASCII characters'), abort: true })
/** A text with placeholders. */
const template = line.superRefine((text, { addIssue }) => {
  const wrong = placeholderFault(text)
  if (wrong) addIssue({ code: 'custom', message: saying(text, wrong) })
})

const saying = (text: string, wrong: string): string => fault(wrong)({ input: text })

/** RFC 8707 section 2. */
const resource = template.refine(
  (text) => placeholdersIn(text).length > 0 || (URL.canParse(text) && !text.includes('#')),
  {
    error: fault('is no absolute URI without a fragment (RFC 8707)'),
  },
)

const page = that(
  (value) => typeof value === 'string' && /^https:\/\/[!-?A-~]{1,500}$/.test(value) && URL.canParse(value),
  'is no page like https://example.com/docs, without a user',
)

const named = (member: z.ZodType, like: string) =>
  z.record(that<string>(fits(NAME_OF_MEMBER), 'is no name like account_id'), member, {
    error: fault(`is no object like ${like}`),
  })

/** What the grant, PKCE and the client authentication send themselves. */
const taken = (names: readonly string[], member: z.ZodType, like: string) =>
  named(member, like).superRefine((given, { addIssue }) => {
    for (const name of Object.keys(given).filter((one) => names.includes(one)))
      addIssue({ code: 'custom', path: [name], message: 'is sent by the grant itself: leave it out' })
  })

const OF_TOKEN_REQUEST = [
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'assertion'],
  ...['code', 'code_verifier', 'redirect_uri', 'refresh_token'],
]
const OF_CONSENT = ['client_id', 'redirect_uri', 'state', 'code_challenge', 'code_challenge_method']

/** Members of an answer that are never vended. */
const UNVENDED = ['access_token', 'refresh_token', 'id_token', 'client_secret']

const ERRORS = ['credential_rejected', 'grant_rejected', 'configuration', 'vendor_unavailable', 'vendor_throttled']

const days = whole({ ...GRANT_DAYS, say: 'days' })

/** A schema for each member, so that none is forgotten. */
type Of<Description> = Record<keyof Description, z.ZodType>

/** One for each member; an address is judged by the hosts beside it. */
function members(given: unknown) {
  const listed = isObject(given) && Array.isArray(given.hosts) ? given.hosts : []
  const hosts = listed.filter((one) => host.safeParse(one).success)
  const address = z
    .custom<string>(fits(/./), {
      error: fault('is no address like https://example.com/oauth/token'),
      abort: true,
    })
    .superRefine((text, { addIssue }) => {
      const wrong = addressFault(text, hosts)
      if (wrong) addIssue({ code: 'custom', message: saying(text, wrong) })
    })
  const {
    title,
    hosts: domains,
    grant,
    clientAuthentication,
    ...others
  } = {
    title: that(fits(TITLE), "is no title like Zoom: at most 40 letters, digits, spaces and .,&()'/+-"),
    hosts: listOf(host, 'example.com'),
    grant: oneOf('client_credentials', 'authorization_code', 'jwt_bearer'),
    clientAuthentication: oneOf('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'),
    tokenEndpoint: address,
    issuer: address.refine((text) => !String(text).includes('/.well-known/'), {
      error: fault('is where metadata are: write the issuer that they name'),
    }),
    authorizationEndpoint: address,
    revocationEndpoint: address,
    parameters: taken(OF_TOKEN_REQUEST, template, "{ account_id: '{account_id}' }"),
    authorizationParameters: taken(OF_CONSENT, template, "{ access_type: 'offline' }"),
    resource,
    scope: template,
    scopeSeparator: that((value) => value === ' ' || value === ',', "is neither ' ' nor ','"),
    send: oneOf('form', 'json'),
    pkce: oneOf('S256', 'none'),
    refreshTokens: oneOf('rotate', 'keep'),
    grantDays: strict(optional({ idle: days, most: days })),
    assertion: strict(
      optional({
        algorithm: oneOf('RS256', 'RS384', 'RS512', 'PS256', 'ES256'),
        audience: template,
        subject: template,
        claims: taken(['iss', 'sub', 'aud', 'exp', 'iat', 'jti'], template, "{ scope: '{scope}' }"),
        lifeSeconds: whole({ ...ASSERTION_SECONDS, say: 'seconds' }),
      } satisfies Of<AssertionDescription>),
    ),
    answer: strict(
      optional({
        tokenTypes: listOf(memberName, 'bot'),
        members: strict(
          optional({
            access_token: memberName,
            refresh_token: memberName,
            expires_in: memberName,
            scope: memberName,
          }),
        ),
        grantExpiresIn: memberName,
        context: z.record(
          that<string>(fits(OUR_NAME), 'is no name like account_id: write a-z, 0-9 and _, a letter first'),
          memberName.refine((name) => !UNVENDED.includes(String(name)), {
            error: fault('is no member that may be vended beside the token'),
          }),
          { error: fault("is no object like { account: 'account_id' }") },
        ),
        errors: named(oneOf(...ERRORS), "{ inactive_client: 'configuration' }"),
      } satisfies Of<AnswerDescription>),
    ),
    maxLifeSeconds: whole({ ...LIFE_SECONDS, say: 'seconds' }),
    defaultLifeSeconds: whole({ ...LIFE_SECONDS, say: 'seconds' }),
    refreshAfter: that(
      (value) => typeof value === 'number' && value >= REFRESH_AFTER.least && value <= REFRESH_AFTER.most,
      `is no part of a life from ${REFRESH_AFTER.least} to ${REFRESH_AFTER.most}`,
    ),
    keep: oneOf('table', 'memory'),
    liveness: address,
    apiBaseUrl: address,
    credentials: strict(
      optional({
        labels: named(sentence, "{ tenant: 'directory (tenant) id' }"),
        // An empty one lets people leave it out.
        defaults: named(
          that((value) => value === '' || fits(LINE)(value), 'is no line of visible ASCII characters'),
          "{ region: 'eu' }",
        ),
        file: strict({ label: sentence, members: named(memberName, "{ client_id: 'client_email' }") }),
        steps: listOf(sentence, 'Open the developer portal.'),
      } satisfies Of<CredentialsDescription>),
    ),
    documents: page,
  } satisfies Of<VendorDescription>
  const notes = Object.fromEntries(NOTES.map((name) => [name, z.any()]))
  return strict({ title, hosts: domains, grant, clientAuthentication, ...optional({ ...others, ...notes }) })
}

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

function brokenRules(given: Given): readonly Fault[] {
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
const COMMON = ['client_id', 'client_secret', 'private_key', 'key_id', 'scope']

const textsIn = (given: unknown): readonly string[] =>
  typeof given === 'string' ? [given] : Object.values(Object(given)).flatMap(textsIn)
