import type { StackProps } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import * as z from 'zod'
import { STAGE } from '../functions/environment.ts'
import type { VendorDescription } from '../functions/generic/description.ts'
import { NAME } from '../functions/kit/connection.ts'
import { isPrivateNetwork } from '../functions/kit/networks.ts'
import type { Vendor } from '../functions/kit/vendor.ts'
import { vendors as registry } from '../functions/vendors.ts'
import { descriptionSchema } from './description-schema.ts'
import { bytesLeft, describedVendors, knownIds } from './descriptions.ts'
import { didYouMean } from './did-you-mean.ts'
import { by, fault, fits, isWhole, lineOf, listOf, optional, strict, that, whole, yesOrNo } from './faults.ts'
import { host } from './host.ts'

/** What a deployment may choose. */
export interface Settings {
  /**
   * Which of several deployments in one account and region this is: part of the names of its secrets, metrics, events,
   * API, alarms and dashboard. @default none: they are called `vendomat` alone
   */
  readonly stage?: string
  /** Who is mailed about tokens that only a person can renew, and about alarms. @default nobody */
  readonly alertEmail?: string
  /** Domains an operator approved beside the vendors' own, by vendor id. @default none */
  readonly allowedHosts?: Readonly<Record<string, readonly string[]>>
  /**
   * Private networks that a vendor's hosts may have addresses in, by vendor id, like '10.20.0.0/16'. @default none: only
   * addresses on the internet are called
   */
  readonly allowedNetworks?: Readonly<Record<string, readonly string[]>>
  /**
   * Accounts or roles elsewhere that may get tokens, each with the connections it may get them of, like 'accelo/hq' or
   * 'accelo/*'. Their own account has to allow it as well. @default none: who may call, the IAM of this account says
   */
  readonly callers?: Readonly<Record<string, readonly string[]>>
  /** The reserved concurrency of a vendor's function, by vendor id. @default what the account has left */
  readonly reservedConcurrency?: Readonly<Record<string, number>>
  /** What the functions of the vendors get, in MB; Lambda gives CPU in proportion. @default 512 */
  readonly memorySize?: number
  /** What all callers together may ask of the API. @default 50 a second, and 100 at once after a quiet moment */
  readonly throttle?: Throttle
  /** How many days the logs of the functions are kept. @default 90 */
  readonly logRetentionDays?: number
  /** How many days the logs of who called are kept. @default 400 */
  readonly accessLogRetentionDays?: number
  /**
   * Whether the stack sets the role that API Gateway writes logs with, which is one for all APIs of an account and region.
   * Without such a role no stage with an access log can be deployed. @default true
   */
  readonly apiGatewayLogRole?: boolean
  /** ARN of the KMS key that the secrets are encrypted with. @default the account's key of Secrets Manager */
  readonly secretsKey?: string
  /**
   * An address on the internet that vendors send people back to, for consents that begin in a browser elsewhere than at
   * the command line. @default none: `vendomat connect` listens on the machine it runs on
   */
  readonly hostedCallback?: boolean
  /**
   * How often the hosted callback may run at once, which is reserved for it; 'unreserved' shares what the account has
   * left, as it must where that is 10 in all. @default 2
   */
  readonly callbackConcurrency?: number | 'unreserved'
  /**
   * ARNs of web ACLs of AWS WAF, of this region, that the stages are put behind: that of the hosted callback, that of the
   * API, or both. @default none
   */
  readonly webAcl?: { readonly callback?: string; readonly api?: string }
  /** Where it has to be 8 o'clock for the daily check, as an IANA name like 'Europe/Zurich'. @default 'Etc/UTC' */
  readonly timeZone?: string
  /** After how many days without a caller tokens are not renewed ahead of need any more; grants always are. @default 14 */
  readonly restAfterDays?: number
  /**
   * Notices are also published in the schema that Amazon Q Developer in chat applications renders, to a topic of their
   * own; subscribe a channel to it. @default false
   */
  readonly chatTopic?: boolean
  /** Where people read the runbook, without a `#`: alarms and notices link to its headings. @default 'lib/RUNBOOK.md' */
  readonly runbookUrl?: string
  /**
   * Vendors with code, of the registry or of one's own, and the ids of those that are ours: 'zoom', as `vendomat vendors`
   * lists them. @default all of the registry
   */
  readonly vendors?: readonly (Vendor | string)[]
  /** Vendors that need no code, by id, beside `vendors`: what their documents say of their OAuth. @default none */
  readonly oauthVendors?: Readonly<Record<string, VendorDescription>>
}

export interface Throttle {
  /** Requests a second. */
  readonly rate: number
  /** So many may come at once after a quiet moment, before `rate` holds. */
  readonly burst: number
}

/**
 * Returns the settings as they are. Throws one error that names every fault, with the field and what to write instead:
 * AWS would refuse some of them in the middle of a deploy, and never notice the others.
 */
export function checkedSettings<Given extends Settings & StackProps>(given: Given): Given {
  const { vendors: chosen = Object.values(registry) } = given
  const listed = Array.isArray(chosen) ? chosen.map(idOf) : []
  const described = Object.keys(given.oauthVendors ?? {})
  const ids = [...listed, ...described]
  const faults =
    strict(optional({ ...schemas(ids), ...CDK }))
      .safeParse(given)
      .error?.issues.map(lineOf) ?? []
  if (given.callbackConcurrency !== undefined && given.hostedCallback !== true)
    faults.push(
      '  callbackConcurrency: there is no hosted callback; set hostedCallback: true as well, or leave this out',
    )
  if (given.webAcl?.callback !== undefined && given.hostedCallback !== true)
    faults.push('  webAcl.callback: there is no hosted callback; set hostedCallback: true as well, or leave this out')
  for (const id of described.filter((one) => listed.includes(one)))
    faults.push(`  oauthVendors.${id}: vendors has it as well; to describe it yourself, leave it out there`)
  if (faults.length === 0) faults.push(...tooLong(given))
  if (faults.length === 0) return given
  throw new Error(`the settings do not fit (lib/README.md, "Settings", has them all):\n${faults.join('\n')}`)
}

/** Lambda would refuse them in the middle of a deploy. */
const tooLong = (settings: Settings): readonly string[] =>
  describedVendors(settings)
    .filter(({ description }) => description !== undefined)
    .map((vendor) => ({ id: vendor.id, left: bytesLeft(vendor, settings) }))
    .filter(({ left }) => left < 0)
    .map(
      ({ id, left }) =>
        `  ${settings.oauthVendors?.[id] ? `oauthVendors.${id}` : 'vendors'}: the description of ${id} is ${-left} bytes too long for the environment of a function, beside the rest: shorten its credentials.steps`,
    )

/** One for each setting. */
const schemas = (ids: readonly string[]) =>
  ({
    stage: that(fits(STAGE), 'is no stage: write a-z, 0-9 and "-", 16 of them at most, a letter first, like dev'),
    alertEmail: that((value) => z.email().safeParse(value).success, 'is no mail address like platform@example.com'),
    allowedHosts: byVendor(ids, listOf(host, 'boards.example.com')),
    allowedNetworks: byVendor(ids, listOf(network, '10.20.0.0/16')),
    callers: z.record(
      that<string>(
        fits(CALLER),
        'is neither an account like 111122223333 nor a role like arn:aws:iam::111122223333:role/erp',
      ),
      listOf(connection(ids), 'accelo/hq'),
      { error: fault("is no object like { '111122223333': ['accelo/hq'] }") },
    ),
    reservedConcurrency: byVendor(ids, whole({ least: 1, say: 'to stop a vendor, disable its connections' })),
    memorySize: whole({ ...LAMBDA_MEGABYTES, say: 'whole MB, like 512' }),
    throttle: strict({
      rate: whole({ least: 1, say: RATE_AND_BURST }),
      burst: whole({ least: 1, say: RATE_AND_BURST }),
    }),
    logRetentionDays: retention,
    accessLogRetentionDays: retention,
    apiGatewayLogRole: yesOrNo,
    secretsKey: that(fits(KEY), 'is no key like arn:aws:kms:<region>:<account>:key/<id>; an alias does not do'),
    hostedCallback: yesOrNo,
    callbackConcurrency: that(
      (value) => value === 'unreserved' || isWhole(value, { least: 1 }),
      "is neither a whole number from 1 on nor 'unreserved'",
    ),
    webAcl: strict(optional({ callback: webAcl, api: webAcl })),
    timeZone: that(isTimeZone, 'is no time zone that there is; it must be an IANA name like Europe/Zurich'),
    restAfterDays: whole({ least: 1, say: 'days' }),
    chatTopic: yesOrNo,
    runbookUrl: z.custom(isPage, { error: PAGE_ALONE }),
    vendors: z
      .array(
        by<Vendor | string>((given) => (typeof given === 'string' ? knownVendor : ownVendor)),
        {
          error: fault("is no list like ['accelo', 'zoom']"),
        },
      )
      .refine((vendors) => new Set(vendors.map(idOf)).size === vendors.length, {
        error: 'name each id once; to replace a vendor, leave the other one out',
      }),
    oauthVendors: z.record(vendorId, descriptionSchema, {
      error: fault('is no object like { zoom: { title, hosts, … } }'),
    }),
  }) satisfies Record<keyof Settings, z.ZodType>

/** What every stack takes. The CDK checks the values. */
const CDK = {
  analyticsReporting: z.any(),
  crossRegionReferences: z.any(),
  description: z.any(),
  env: z.any(),
  notificationArns: z.any(),
  permissionsBoundary: z.any(),
  propertyInjectors: z.any(),
  stackName: z.any(),
  suppressTemplateIndentation: z.any(),
  synthesizer: z.any(),
  tags: z.any(),
  terminationProtection: z.any(),
} satisfies Record<keyof StackProps, z.ZodType>

const CALLER = /^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+)$/
const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/
/** Of CloudFront's own, `global`, no stage takes one. */
const WEB_ACL = /^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional\/webacl\/[\w-]{1,128}\/[\w-]{1,36}$/
/** AWS Lambda developer guide, "Configure Lambda function memory", 2026-11. */
const LAMBDA_MEGABYTES = { least: 128, most: 10_240 }
/** Without the value, which may have a password. */
const PAGE_ALONE =
  'must be the page alone, like https://git.example.com/RUNBOOK.md: no #, user or password, 500 letters'
const RATE_AND_BURST = 'set both, like { rate: 50, burst: 100 }'
/** The description of an alarm, which ends with it, has 1024 letters. */
const LONGEST_URL = 500
/** An area and a place. Abbreviations like CET, which Intl accepts as well, may not be what they seem in summer. */
const TIME_ZONE = /^(UTC|[A-Z][A-Za-z]*(\/[A-Z][\w+-]*)+)$/
/** Not 9999, which stands for always: what who called whom says of people has to end. */
const RETENTIONS = Object.values(RetentionDays).filter((days) => typeof days === 'number' && days !== 9999)

/** A setting for a vendor that is not there is misspelt. */
const byVendor = (ids: readonly string[], member: z.ZodType) =>
  strict(optional(Object.fromEntries(ids.map((id) => [id, member]))))

const webAcl = that(
  fits(WEB_ACL),
  'is no regional web ACL like arn:aws:wafv2:<region>:<account>:regional/webacl/<name>/<id>',
)

const retention = that(
  (value) => RETENTIONS.some((days) => days === value),
  `is no number of days that CloudWatch keeps logs for; there are ${RETENTIONS.join(', ')}`,
)

/** What its module exports it by. Part of addresses and of the names of metrics and alarms, where some mean something else. */
const vendorId = that<string>(
  (id) => fits(/^[a-z][a-z0-9]{0,31}$/)(id) && !MEANT_OTHERWISE.includes(String(id)),
  'is no id of a vendor: write a-z and 0-9, a letter first, and neither callback, connections, tokens nor constructor',
)

/** The last is what every object has: settings by vendor id would have one for it. */
const MEANT_OTHERWISE = ['callback', 'connections', 'tokens', 'constructor']

const ownVendor = z.looseObject({ id: vendorId, hosts: listOf(host, 'api.example.com') })

const knownVendor = z.custom((id) => knownIds().includes(String(id)), {
  error: (raw) =>
    `${fault('is no vendor of ours, which npx vendomat vendors lists')(raw)}${didYouMean(String(raw.input), knownIds())}`,
})

const idOf = (vendor: Vendor | string): string => (typeof vendor === 'string' ? vendor : vendor.id)

const network = that(
  (value) => typeof value === 'string' && isPrivateNetwork(value),
  'is no private network like 10.20.0.0/16 or fd12:3456:789a::/48; loopback, link-local and multicast are never called',
)

/** `accelo/hq`, or `accelo/*` for all of a vendor. */
const connection = (ids: readonly string[]) =>
  that(
    (value) => {
      const [vendor = '', name = '', ...more] = String(value).split('/')
      return ids.includes(vendor) && (name === '*' || NAME.test(name)) && more.length === 0
    },
    `is no connection like accelo/hq or accelo/*; the vendors are ${ids.join(', ')}`,
  )

function isTimeZone(name: unknown): boolean {
  if (typeof name !== 'string' || !TIME_ZONE.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

function isPage(address: unknown): boolean {
  if (typeof address !== 'string' || address.length > LONGEST_URL || address.includes('#')) return false
  if (!URL.canParse(address)) return false
  const { protocol, username, password } = new URL(address)
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
}
