import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { machineAt } from './api.ts'
import { CommandFailed, command, EXIT, type Given, type Shell, UsageError } from './command.ts'
import { identityOf } from './identity.ts'
import { type ApiPlace, apiIn, isLaptop, partitionOf } from './machine-address.ts'
import { identityPolicy, MAY, type May, OF_CALLERS, type Scope } from './permissions.ts'
import { isRole, type Principal, principalNamed } from './principal.ts'
import { secretName } from './secret-name.ts'
import { checkListed } from './vendor-named.ts'

const TAKES = {
  '<vendor>': '',
  '[connection]': 'all of the vendor where none is named',
  '--for <principal>':
    "who it is for: an account, or the ARN of a role, of a role's session or of a user. Of another account the settings " +
    'of the stack have to name it as well: then both halves are printed',
  '--may <what>': 'some of the words above, separated by commas (default: vend,report)',
  '--account <id>': 'the account of the machine (default: that of your credentials)',
  '--api <id>': "id of the machine's API, where VENDOMAT_URL is a domain of your own",
} as const

export const policy = command({
  about: `Prints the policy that lets somebody do these things to one connection, or to
all connections of a vendor, and nothing else: ready to be attached to a role or
user. Nothing is changed.

  vend          get tokens
  report        report a token as refused, for a newer one
  read          see states (status, doctor)
  acknowledge   acknowledge that credentials end (ack)
  rotate        have stored credentials tried and used
  disable       switch it off and on (disable, enable)
  revoke        take the token back (revoke)
  manage        from read to revoke; name the owner, keep it warm; no tokens
  connect       what connect, rotate and remove need, in Secrets Manager too:
                who has it can read the credentials

Other accounts may be given vend and report alone.`,
  takes: TAKES,
  outputs: {
    text: 'the policy as JSON, and behind it the lines of the settings',
    json: '{"identity_policy": {...}, "callers": {...}}',
  },
  examples: [
    'vendomat policy accelo hq > policy.json',
    'vendomat policy accelo hq --for arn:aws:iam::444455556666:role/erp',
    'vendomat policy iobeya --may read,acknowledge',
    'vendomat policy netrex main --may connect --account 111122223333',
  ],

  async run(given, shell, output) {
    const { place: at, principal, ...scope } = read(given, shell)
    checkPartition(principal, at.region)
    const place = await placeOf(at, shell)
    const identity_policy = identityPolicy(scope, place)
    const isElsewhere = principal !== undefined && principal.account !== place.account
    const callers = isElsewhere ? callersWith(principal, scope) : undefined
    if (isLaptop(at.base)) shell.say('a laptop asks no policy; a deployed machine has an API id of its own here')
    if (principal?.note) shell.say(principal.note)
    shell.say(`${callers ? '1. ' : ''}attach to ${receiverOf(principal)}:`)
    const json = { identity_policy, ...(callers && { callers }) }
    if (output === 'json') return { json }
    shell.out(JSON.stringify(identity_policy, undefined, 2))
    if (!callers) return { json }
    shell.say('2. set in bin/app.ts of the machine, beside what callers has already, and deploy:')
    for (const line of settingOf(callers)) shell.out(line)
    return { json }
  },
})

function read(given: Given<keyof typeof TAKES>, shell: Shell) {
  const { vendor, connection, account, api, may = 'vend,report' } = given
  if (account !== undefined && !/^\d{12}$/.test(account)) throw new UsageError('--account has 12 digits')
  if (api !== undefined && !/^[a-z0-9]+$/.test(api)) throw new UsageError('--api is an id like abc123defg')
  const { base, region } = machineAt(shell.environment)
  checkListed(vendor, shell)
  return {
    place: { base, region, account, api: api ?? apiNamed(base) },
    principal: given.for === undefined ? undefined : principalNamed(given.for),
    vendor,
    connection,
    may: may.split(',').map(mayNamed),
    secrets: secretName(vendor, connection ?? '*', shell),
    secretsKey: shell.environment.VENDOMAT_SECRETS_KEY,
  }
}

function mayNamed(name: string): May {
  const names = Object.keys(MAY)
  // One of its keys.
  if (names.includes(name)) return name as May
  throw new UsageError(`--may is some of ${names.join(', ')}`)
}

function apiNamed(base: string): string {
  const api = apiIn(base)
  if (api !== undefined) return api
  throw new UsageError('VENDOMAT_URL does not say which API it is: give --api, as the API Gateway console shows it')
}

type At = Omit<ApiPlace, 'account'> & { readonly base: string; readonly account: string | undefined }

/** Throws CommandFailed where nobody says which account it is. */
async function placeOf({ region, api, account }: At, shell: Shell): Promise<ApiPlace> {
  if (account !== undefined) return { region, api, account }
  const identity = await identityOf({ region, credentials: defaultProvider() }, shell)
  if ('said' in identity)
    throw new CommandFailed(
      identity.isRefused ? EXIT.forbidden : EXIT.unavailable,
      `AWS does not say which account this is (${identity.said})\nnext step: give it with --account`,
    )
  shell.say(`taking ${identity.account}, the account of your credentials, for the machine's; else: --account`)
  return { region, api, account: identity.account }
}

/** Throws UsageError: no policy reaches from China or GovCloud into the rest of AWS. */
function checkPartition({ arn }: Partial<Principal> = {}, region: string): void {
  const partition = partitionOf(region)
  if (arn === undefined || arn.startsWith(`arn:${partition}:`)) return
  throw new UsageError(
    `the machine is in ${region}, where ARNs begin with arn:${partition}: and no other can be let in`,
  )
}

type Callers = Readonly<Record<string, readonly string[]>>

/** What the settings of the stack have to say (lib/settings.ts). Throws UsageError for what they cannot. */
function callersWith(principal: Principal, { vendor, connection = '*', may }: Scope): Callers {
  const other = may.find((name) => !OF_CALLERS.includes(name))
  if (other !== undefined)
    throw new UsageError(`another account may be given ${OF_CALLERS.join(' and ')} alone, not ${other}`)
  const { account, arn = account } = principal
  if (arn !== account && !isRole(principal))
    throw new UsageError(`of another account a role can be let in, or the whole account: --for ${account}`)
  return { [arn]: [`${vendor}/${connection}`] }
}

const settingOf = (callers: Callers): string[] => [
  'callers: {',
  ...Object.entries(callers).map(([caller, of]) => `  '${caller}': [${of.map((one) => `'${one}'`).join(', ')}],`),
  '},',
]

const receiverOf = (principal: Principal | undefined): string => {
  if (principal === undefined) return 'the role or user that calls'
  const { account, arn, called } = principal
  return arn === undefined ? `roles of ${called} that are to call` : `${called}, in its account ${account}`
}
