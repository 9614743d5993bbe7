import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { callApi, machineAt, readAnswer } from './api.ts'
import { DEFAULT_PORT, redirectUriAt } from './callback.ts'
import { CommandFailed, command, EXIT, type Given, type Shell, UsageError } from './command.ts'
import { type ConnectionState, connectionState, ONE_CONNECTION } from './connection.ts'
import { obtainConsent, prepareRedirection, registerExactly } from './consent.ts'
import { credentialDocument, type Source } from './credential-document.ts'
import { checkYear, endDateGiven, withEnd } from './end-date.ts'
import { secretName } from './secret-name.ts'
import { secretStore } from './secret-store.ts'
import { sayConsent, stepsAfterCreation } from './steps.ts'
import { timeLeft } from './time-left.ts'
import { endOf, nothingStored, obtainToken, works } from './trial.ts'
import { vendorContext } from './vendor-context.ts'
import { vendorNamed } from './vendor-named.ts'

/** What the machine takes. */
const LONGEST_OWNER = 200

const TAKES = {
  ...ONE_CONNECTION,
  '--owner <mail>': 'who is notified when a person is needed',
  '--from-file <path>': 'the credentials as a JSON document; for ClearID the key file as it was downloaded',
  '--from-stdin': 'the same, from standard input',
  '--expires <date>': 'last day of what is secret in them as YYYY-MM-DD, or never; people are reminded of it',
  '--port <number>': `port of this computer that the browser comes back to (default: ${DEFAULT_PORT})`,
  '--no-browser': 'only print the address, to be opened elsewhere',
} as const

export const connect = command({
  about: `Takes the credentials of an account, tries them out by obtaining a token, or by
showing the vendor one that a person made, stores them as a secret in your AWS
account and tells the machine who owns them. Nothing is stored when the vendor
refuses them. To replace only what is secret in credentials, there is "vendomat
rotate".

Where a person has to say yes at the vendor (an OAuth2 application of NetRex),
the credentials are stored and the browser opens; credentials that are stored
already are used when no others are given. The browser comes back to
${redirectUriAt(DEFAULT_PORT)}: register exactly that address in the
application, or one of your own with --port.

Vendors: ${Object.keys(vendors).join(', ')}.

Exits with 4 when the person says no at the vendor, or says nothing within ten
minutes.

A secret is never an argument: it is typed, unseen, or comes from a file or
standard input.`,
  takes: TAKES,
  examples: [
    'vendomat connect accelo hq --owner erp@acme.example',
    'vendomat connect clearid main --from-file key-acme-vendomat.json',
    'op read op://vendors/accessia | vendomat connect accessia main --from-stdin',
    'vendomat connect netrex main',
  ],

  async run(given, shell) {
    const request = read(given, shell.now())
    const { vendor, connection } = request
    const { region } = machineAt(shell.environment)
    const secrets = secretStore(region, shell.environment.VENDOMAT_SECRETS_KEY)
    const name = secretName(vendor.id, connection, shell)
    const reuse = vendor.authorization && !request.given && (await secrets.find(name)) === 'there'
    if (reuse && request.expires !== undefined)
      throw new UsageError('--expires is for new credentials: give them with --from-file or --from-stdin')
    if (reuse) {
      shell.say(`with the credentials in the secret ${name}; --from-file or --from-stdin replaces them`)
      sayConsent(vendor, shell)
    } else if (vendor.authorization && !request.given)
      shell.say(`for an OAuth2 application, ${registerExactly(vendor, redirectUriAt(request.port))}`)
    const written = reuse ? undefined : await credentialDocument(vendor.id, request.source, shell)
    const credentials = written && withEnd(written, request.expires, shell.now())
    if (credentials) await checkYear(vendor, credentials, shell)
    const consent = !credentials || needsConsent(vendor, credentials, shell)
    // Before anything is stored: another program may have the port.
    const redirection = consent ? await prepareRedirection(credentials, request.port, shell) : undefined
    try {
      if (credentials && !consent) {
        const issued = await obtainToken(vendor, credentials, shell)
        shell.say(`token obtained, ${endOf(issued, shell.now())}`)
      }
      const owner =
        request.owner ??
        (await shell.person?.ask('who is notified when a person is needed (mail address, may be empty): '))?.trim()
      if (owner && owner.length > LONGEST_OWNER)
        throw new UsageError(`the name of an owner has at most ${LONGEST_OWNER} characters`)
      if (credentials) {
        await secrets.put(name, credentials)
        shell.say(`stored in the secret ${name}`)
      }
      const path = `/connections/${vendor.id}/${connection}`
      if (owner) await callApi('PUT', `${path}/owner`, shell, { owner })
      // Before the consent the machine has only the grant of the old credentials to check the new ones with.
      if (redirection) {
        const browser = request.browser ? 'open' : 'leave'
        const { expires_at, warnings } = await obtainConsent({ vendor, connection, redirection, browser }, shell)
        for (const { detail } of warnings) shell.say(`warning: ${detail}`)
        shell.say(`token obtained, ends in ${timeLeft(new Date(expires_at), shell.now())}`)
      }
      const view = readAnswer(connectionState, await callApi('POST', `${path}/check`, shell))
      checkWorks(request, view)
      const next = credentials ? stepsAfterCreation(vendor, shell) : ''
      return { text: `${vendor.id}/${connection} is connected`, json: view, next }
    } finally {
      await redirection?.callback?.close()
    }
  },
})

/** The machine calls the vendor from elsewhere. Throws CommandFailed when it does not get along with what is stored. */
function checkWorks({ vendor, connection }: Request, view: ConnectionState): void {
  if (works(view)) return
  const { last_failure: failure, next_action } = view
  const why = failure ? `: ${failure.detail}` : ''
  const stored = `${vendor.id}/${connection} is stored, but the machine does not get along with it${why}`
  throw new CommandFailed(EXIT.failed, `${stored}\nnext step: ${next_action}`)
}

interface Request {
  readonly vendor: Vendor
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
}

function read(options: Given<keyof typeof TAKES>, now: Date): Request {
  const { vendor, connection, owner, fromFile: file, fromStdin: stdin = false, browser } = options
  if (file !== undefined && stdin) throw new UsageError('--from-file and --from-stdin do not go together')
  const given = file !== undefined || stdin
  const expires = options.expires === undefined ? undefined : endDateGiven(options.expires, now)
  const source = { file, stdin }
  const port = portGiven(options.port ?? String(DEFAULT_PORT))
  return { vendor: vendorNamed(vendor), connection, owner, source, given, expires, browser, port }
}

function portGiven(text: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError('--port is a number from 1 to 65535')
}

/** Whether a person has to say yes. What does not fit is not stored: throws CommandFailed. */
function needsConsent(vendor: Vendor, credentials: object, shell: Shell): boolean {
  try {
    vendor.validate(credentials)
    if (!vendor.authorization || vendor.isStatic?.(credentials)) return false
    const { hosts } = vendorContext(vendor, shell)
    vendor.authorization.url(credentials, { redirectUri: redirectUriAt(DEFAULT_PORT), state: 'check' }, hosts)
    return true
  } catch (error) {
    throw nothingStored(error)
  }
}
