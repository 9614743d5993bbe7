import * as z from 'zod'
import type {
  AnswerDescription,
  AssertionDescription,
  CredentialsDescription,
  VendorDescription,
} from '../functions/generic/description.ts'
import { LINE, placeholdersIn } from '../functions/generic/placeholders.ts'
import { addressFault, placeholderFault } from './described-url.ts'
import { brokenRules, DAY_SECONDS, type Fault, isObject, UNVENDED } from './description-rules.ts'
import { NOTES } from './descriptions.ts'
import { fault, fits, listOf, messageOf, oneOf, optional, strict, that, whole } from './faults.ts'
import { host } from './host.ts'
import { looksSecret, namesSecret } from './secret-like.ts'

/** A description, with all that is wrong with it. It is public, as settings are: what looks like a secret is refused unread. */
export const descriptionSchema = z.custom<VendorDescription>().superRefine((given, context) => {
  for (const { path, message } of faultsIn(given)) context.addIssue({ code: 'custom', path: [...path], message })
})

function faultsIn(given: unknown): readonly Fault[] {
  const secrets = secretsIn(given)
  const isSecret = ({ path }: Fault) => secrets.some((secret) => secret.path.every((name, at) => name === path[at]))
  const issues = members(given).safeParse(given).error?.issues ?? []
  const checked = issues.map((issue) => ({ path: issue.path, message: messageOf(issue) }))
  const others = isObject(given) ? brokenRules(given) : []
  const known = others.filter(({ path }) => !checked.some((one) => one.path.join() === path.join()))
  return [...secrets, ...[...checked, ...known].filter((one) => !isSecret(one))]
}

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
