import { callApi, machineAt, readAnswer } from './api.ts'
import { DEFAULT_PORT, redirectUriAt } from './callback.ts'
import { CommandFailed, command, EXIT, type Given, type Shell, UsageError, withoutPerson } from './command.ts'
import { type ConnectionState, connectionState, ONE_CONNECTION } from './connection.ts'
import { obtainConsent, prepareRedirection, registerExactly } from './consent.ts'
import { credentialDocument, type Source } from './credential-document.ts'
import { checkWhole, formOf, needsConsent } from './credential-forms.ts'
import { checkYear, endDateGiven, withEnd } from './end-date.ts'
import { checkImports, type Import, importGiven, importToken, inWordsOf, tokenToImport } from './import.ts'
import { membersGiven } from './other-secret.ts'
import { planOf, type Step } from './plan.ts'
import { secretName } from './secret-name.ts'
import { type Opened, type SecretStore, secretStore } from './secret-store.ts'
import { sayConsent, stepsAfterCreation } from './steps.ts'
import { timeLeft } from './time-left.ts'
import { endOf, type Try, whenTried, works } from './trial.ts'
import { type Described, vendorNamed } from './vendor-named.ts'

/** What the machine takes. */
const LONGEST_OWNER = 200

const TAKES = {
  ...ONE_CONNECTION,
  '--owner <mail>': 'who is notified when a person is needed',
  '--from-file <path>': 'the credentials as a JSON document; for ClearID the key file as it was downloaded',
  '--from-stdin': 'the same, from standard input',
  '--from-secret <name>':
    'the same, from a secret that you have, by its name or ARN: the members that the vendor needs are copied, and it stays as it is',
  '--member <theirs=ours...>': 'the name of a member there, and ours for it',
  '--expires <date>': 'last day of what is secret in them as YYYY-MM-DD, or never; people are reminded of it',
  '--port <number>': `port of this computer that the browser comes back to (default: ${DEFAULT_PORT})`,
  '--import <what>':
    'take over a refresh-token or an access-token that you have already, without a new consent; it is typed unseen, or comes from standard input',
  '--expires-in <seconds>': 'when an imported access token ends, where it does not say so itself',
  '--no-browser': 'only print the address, to be opened elsewhere',
  '--dry-run': 'print what would be done, with -o json as a plan; nothing is tried',
  '--yes': 'ask nothing',
} as const

export const connect = command({
  about: `Takes the credentials of an account and stores them as a secret in your AWS
account, beside those that are in use, if there are any. The machine tries them
by obtaining a token, or by showing the vendor one that a person made, and only
what works is put into use. Nothing is left stored when the vendor refuses them.
To replace only what is secret in credentials, there is "vendomat rotate".

Where a person has to say yes at the vendor (an OAuth2 application of NetRex),
the credentials are stored and the browser opens; credentials that are stored
already are used when no others are given. The browser comes back to
${redirectUriAt(DEFAULT_PORT)}: register exactly that address in the
application, or one of your own with --port.

With --import nobody is asked for consent: the machine tries a token that your
team has already, and keeps it when it works; until then the grant before stays.
A refresh token is renewed with at once, so where the vendor ends it with its
first use, whatever used it before must stop at that moment. An access token
alone is vended until it ends: somebody has to connect before.

Which vendors there are, VENDOMAT_VENDORS says.

Exits with 4 when the person says no at the vendor, or says nothing within ten
minutes.

A secret is never an argument: it is typed, unseen, or comes from a file,
standard input or another secret.`,
  takes: TAKES,
  examples: [
    'vendomat connect accelo hq --owner erp@acme.example',
    'vendomat connect clearid main --from-file key-acme-vendomat.json',
    'op read op://vendors/accessia | vendomat connect accessia main --from-stdin',
    'vendomat connect accelo hq --from-secret erp/crm --member pass=client_secret',
    'vendomat connect netrex main',
    'pass netrex/refresh | vendomat connect netrex main --import refresh-token',
  ],

  async run(given, person) {
    const request = read(given, person.now())
    const shell = request.yes ? withoutPerson(person) : person
    const { region } = machineAt(shell.environment)
    const vendor = await vendorNamed(request.vendor, shell)
    const { imported } = request
    if (imported) checkImports(vendor)
    if (imported && person.person && request.yes)
      throw new UsageError('--yes asks nothing: give the token on standard input, from a pipe or a file')
    const { connection } = request
    const secrets = secretStore(region, shell.environment.VENDOMAT_SECRETS_KEY)
    const secret = secretName(vendor.id, connection, shell)
    const document = await newCredentials({ ...request, vendor, secret }, secrets, shell)
    const form = document && formOf(vendor, document)
    if (document) checkYear(form, document, shell.now())
    if (document) checkWhole(vendor, form, document)
    const consent = !document || needsConsent(vendor, form)
    if (imported) checkImports({ ...vendor, needs_consent: consent })
    if (request.dryRun) {
      const steps = stepsOf({ ...request, vendor, secret, document, consent }, await secrets.find(secret))
      return planOf({ vendor: vendor.id, connection }, steps)
    }
    const toImport = imported && (await tokenToImport(imported, vendor, shell))
    // Before anything is stored: another program may have the port.
    const redirection = consent && !toImport ? await prepareRedirection(document, request.port, shell) : undefined
    try {
      const owner =
        request.owner ??
        (await shell.person?.ask('who is notified when a person is needed (mail address, may be empty): '))?.trim()
      if (owner && owner.length > LONGEST_OWNER)
        throw new UsageError(`the name of an owner has at most ${LONGEST_OWNER} characters`)
      if (document) {
        const place = { vendor, connection, secret, opened: await secrets.open(secret) }
        const trial = (tryIt: Try) => tryIt(consent ? 'only fit' : 'wholly')
        const { tried } = await whenTried(place, { document, trial, afterwards: 'use' }, secrets, shell)
        if (!consent) shell.say(`token obtained, ${endOf(tried, shell.now())}`)
        shell.say(`stored in the secret ${secret}`)
      }
      const path = `/connections/${vendor.id}/${connection}`
      if (owner) await callApi('PUT', `${path}/owner`, shell, { owner })
      // Before the consent the machine has only the grant of the old credentials to check the new ones with.
      const browser = request.browser ? 'open' : 'leave'
      const connected = redirection
        ? await obtainConsent({ vendor, connection, redirection, browser }, shell)
        : toImport && (await importToken(`${path}/authorization`, toImport, shell))
      if (connected) {
        const { expires_at, warnings } = connected
        for (const { detail } of warnings) shell.say(`warning: ${detail}`)
        shell.say(`token obtained, ends in ${timeLeft(new Date(expires_at), shell.now())}`)
      }
      const view = readAnswer(connectionState, await callApi('POST', `${path}/check`, shell))
      checkWorks(`${vendor.id}/${connection}`, view)
      const next = document ? stepsAfterCreation(vendor, shell) : ''
      return { text: `${vendor.id}/${connection} is connected`, json: view, next }
    } finally {
      await redirection?.callback?.close()
    }
  },
})

type Document = Readonly<Record<string, unknown>>
/** A connection, and what is asked for. */
type Wanted = Omit<Request, 'vendor'> & { readonly vendor: Described; readonly secret: string }

/** The credentials to store; undefined where those that are stored already are used, for a consent. */
async function newCredentials(wanted: Wanted, secrets: SecretStore, shell: Shell): Promise<Document | undefined> {
  const { vendor, secret, given, source, expires, port, imported } = wanted
  if (vendor.needs_consent && !given && (await secrets.find(secret)) === 'there') {
    if (expires !== undefined)
      throw new UsageError('--expires is for new credentials: give them with --from-file or --from-stdin')
    shell.say(`with the credentials in the secret ${secret}; --from-file or --from-stdin replaces them`)
    if (!imported) sayConsent(vendor, shell)
    return undefined
  }
  if (vendor.needs_consent && !given && !imported)
    shell.say(`for an OAuth2 application, ${registerExactly(vendor, redirectUriAt(port))}`)
  return withEnd(await credentialDocument(vendor, source, shell), expires, shell.now())
}

function stepsOf(
  wanted: Wanted & { readonly document: Document | undefined; readonly consent: boolean },
  found: Opened['was'],
): readonly Step[] {
  const { vendor, connection, secret, document, consent, owner, source, imported } = wanted
  const steps: Step[] = []
  if (document) {
    const members = Object.keys(document)
    const action = found === 'absent' ? 'create_secret' : typeof found === 'object' ? 'restore_secret' : 'add_version'
    const what = { create_secret: 'create', restore_secret: 'restore', add_version: 'add a version to' }[action]
    const from = source.secret ? ` from the secret ${source.secret.id}` : ''
    const detail = `${what} the secret ${secret}, with ${members.join(', ')}${from}`
    steps.push({ action, detail, secret, members, ...(source.secret && { from: source.secret.id }) })
    const trial = consent ? 'whether they fit' : 'them'
    steps.push({ action: 'try', detail: `have the machine try ${trial}, and put them into use if they work` })
  }
  if (owner) steps.push({ action: 'set_owner', detail: `name ${owner} as its owner`, owner })
  if (imported) {
    const detail = `have the machine try the ${inWordsOf(imported)}, and keep it in place of the grant before if it works`
    steps.push({ action: 'import', detail })
  } else if (consent)
    steps.push({ action: 'consent', detail: `have a person say yes at ${vendor.title}, in the browser` })
  steps.push({ action: 'check', detail: `have the machine check ${vendor.id}/${connection}` })
  return steps
}

/** Throws CommandFailed when the machine does not get along with what is stored. */
function checkWorks(place: string, view: ConnectionState): void {
  if (works(view)) return
  const { last_failure: failure, next_action } = view
  const why = failure ? `: ${failure.detail}` : ''
  const stored = `${place} is stored, but the machine does not get along with it${why}`
  throw new CommandFailed(EXIT.failed, `${stored}\nnext step: ${next_action}`)
}

interface Request {
  readonly vendor: string
  readonly connection: string
  readonly owner: string | undefined
  readonly source: Source
  /** Whether the command line says where credentials come from. */
  readonly given: boolean
  /** `YYYY-MM-DD`, or `never`. */
  readonly expires: string | undefined
  readonly browser: boolean
  /** Where the browser comes back to on this computer. */
  readonly port: number
  /** A token takes the place of a consent. */
  readonly imported: Import | undefined
  readonly dryRun: boolean
  /** Nobody is asked anything. */
  readonly yes: boolean
}

function read(options: Given<keyof typeof TAKES>, now: Date): Request {
  const { vendor, connection, owner, fromFile: file, fromStdin: stdin = false, fromSecret: id, browser } = options
  const given = [file, stdin || undefined, id].filter((one) => one !== undefined)
  if (file !== undefined && stdin) throw new UsageError('--from-file and --from-stdin do not go together')
  if (id !== undefined && given.length > 1)
    throw new UsageError('--from-secret goes with neither --from-file nor --from-stdin')
  const members = membersGiven(options.member ?? [])
  if (members.size > 0 && id === undefined) throw new UsageError('--member goes with --from-secret')
  const expires = options.expires === undefined ? undefined : endDateGiven(options.expires, now)
  const source = { file, stdin, ...(id !== undefined && { secret: { id, members } }) }
  const port = portGiven(options.port ?? String(DEFAULT_PORT))
  const { yes = false, dryRun = false } = options
  const imported = importGiven(options.import, options.expiresIn)
  if (imported && stdin) throw new UsageError('--import reads the token from standard input: give --from-file')
  return { vendor, connection, owner, source, given: given.length > 0, expires, browser, port, imported, yes, dryRun }
}

function portGiven(text: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError('--port is a number from 1 to 65535')
}
