import { isDeepStrictEqual } from 'node:util'
import { isNever } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { callApi, machineAt, readAnswer } from './api.ts'
import { CommandFailed, command, EXIT, type Given, type Shell, UsageError } from './command.ts'
import { type ConnectionState, connectionState, ONE_CONNECTION } from './connection.ts'
import type { Source } from './credential-document.ts'
import { checkYear, endDateGiven } from './end-date.ts'
import { rotatedDocument } from './rotated-document.ts'
import { secretName } from './secret-name.ts'
import { type SecretStore, secretStore } from './secret-store.ts'
import { sayRotation, stepsAfterRotation } from './steps.ts'
import { dayOf, endOf, nothingStored, obtainToken, tryStaticToken, works } from './trial.ts'
import { vendorNamed } from './vendor-named.ts'

const TAKES = {
  ...ONE_CONNECTION,
  '--from-file <path>':
    'the new secret, or the credentials that change as a JSON document; for ClearID the new key file',
  '--from-stdin': 'the same, from standard input',
  '--expires <date>': 'last day of the new one as YYYY-MM-DD, or never; people are reminded of it',
  '--dry-run': 'do all that but storing',
} as const

export const rotate = command({
  about: `Shows how the vendor makes the new one, takes it, tries it out, stores it as a
new version of the secret and has the machine use it at once. Everything else in
the credentials stays as it is. The old version is left alone until the new one
has worked, and nothing is stored when it does not.

An iObeya token has to be a JWT that ends later than the one before, and iObeya
has to take it. Client secrets and keys are tried by obtaining a token: here, or
for NetRex by the machine, which alone has the refresh token.

Exits with 1 when the new one does not work, with 4 when it has ended already or
the account was never connected, and with 5 when that cannot be found out now:
try again later.

A secret is never an argument: it is typed, unseen, or comes from a file or
standard input.`,
  takes: TAKES,
  examples: [
    'vendomat rotate iobeya main',
    'pbpaste | vendomat rotate iobeya main --from-stdin --dry-run',
    'vendomat rotate accelo hq --from-file new-secret.txt --expires 2027-06-30',
    'vendomat rotate clearid main --from-file key-acme-vendomat.json',
  ],

  async run(given, shell) {
    const request = read(given, shell.now())
    const { vendor, connection } = request
    const { region } = machineAt(shell.environment)
    const secrets = secretStore(region)
    const name = secretName(vendor.id, connection, shell)
    const present = await secrets.read(name)
    if (!present) {
      const connect = `vendomat connect ${vendor.id} ${connection}`
      throw new CommandFailed(EXIT.notFound, `there is no secret ${name} to rotate; to make one: ${connect}`)
    }
    sayRotation(vendor, shell)
    const next = await rotatedDocument({ ...request, vendor: vendor.id, present: present.document }, shell)
    await checkYear(vendor, next, shell)
    if (isDeepStrictEqual(next, present.document))
      throw new CommandFailed(EXIT.failed, 'these are the credentials that are stored already')
    const end = await tryHere(vendor, { present: present.document, next }, shell)
    const about = { vendor: vendor.id, connection }
    if (request.dryRun) {
      const text = `${vendor.id}/${connection} could be rotated${end}; nothing was stored`
      return { text, json: { ...about, rotated: false } }
    }
    const place = { vendor, connection, name, old: present.version }
    const version = needsTheMachine(vendor, next)
      ? await storeWhenTried(place, next, secrets, shell)
      : await secrets.put(name, next)
    const text = `${vendor.id}/${connection} is rotated: ${present.version} -> ${version}${end}`
    const json = { ...about, rotated: true, from: present.version, to: version }
    const view = await checkNow(place, shell)
    if (view instanceof CommandFailed) return { exitCode: view.exitCode, text, json, next: `vendomat: ${view.message}` }
    const isDone = report(view, { ...place, version, holdsToken: isStatic(vendor, next) }, shell)
    const steps = isDone ? stepsAfterRotation(vendor, { present: present.document, next }, shell) : ''
    const exitCode = isDone ? EXIT.done : EXIT.failed
    return { exitCode, text, json: { ...json, state: view.state }, next: steps }
  },
})

interface Request {
  readonly vendor: Vendor
  readonly connection: string
  readonly source: Source
  readonly expires: string | undefined
  readonly dryRun: boolean
}

interface Place {
  readonly vendor: Vendor
  readonly connection: string
  /** Of the secret. */
  readonly name: string
  /** Its version so far. */
  readonly old: string
}

function read(given: Given<keyof typeof TAKES>, now: Date): Request {
  const { vendor, connection, fromFile: file, fromStdin: stdin = false, dryRun = false } = given
  if (file !== undefined && stdin) throw new UsageError('--from-file and --from-stdin do not go together')
  const expires = given.expires === undefined ? undefined : endDateGiven(given.expires, now)
  return { vendor: vendorNamed(vendor), connection, source: { file, stdin }, expires, dryRun }
}

/** Tries what can be tried on this computer. Returns the words about the end of the new credentials. */
async function tryHere(vendor: Vendor, documents: { present: object; next: object }, shell: Shell): Promise<string> {
  const { next } = documents
  validate(vendor, next)
  if (needsTheMachine(vendor, next)) {
    shell.say(`whether ${vendor.title} takes it, only the machine can try: it alone has the refresh token`)
    return statedEnd(next)
  }
  if (isStatic(vendor, next)) {
    const { expiresAt } = (await tryStaticToken(vendor, documents, shell)).accessToken
    return isNever(expiresAt) ? '' : `, ends ${dayOf(expiresAt)}`
  }
  const issued = await obtainToken(vendor, next, shell)
  shell.say(`token obtained, ${endOf(issued, shell.now())}`)
  return statedEnd(next)
}

const statedEnd = (document: object): string =>
  'expires_on' in document && typeof document.expires_on === 'string' ? `, ends ${document.expires_on}` : ''

const isStatic = (vendor: Vendor, document: object): boolean => vendor.isStatic?.(document) ?? false

const needsTheMachine = (vendor: Vendor, document: object): boolean =>
  vendor.authorization !== undefined && !isStatic(vendor, document)

/** What does not fit is not stored. Throws CommandFailed. */
function validate(vendor: Vendor, document: object): void {
  try {
    vendor.validate(document)
  } catch (error) {
    throw nothingStored(error)
  }
}

/** Stores it beside the one in use, has the machine obtain a token with it, and only then puts it into use. */
async function storeWhenTried(place: Place, next: object, secrets: SecretStore, shell: Shell): Promise<string> {
  const { vendor, connection, name, old } = place
  const version = await secrets.propose(name, next)
  try {
    await callApi('POST', `/connections/${vendor.id}/${connection}/trial`, shell, { version })
  } catch (error) {
    // The reason of the failed trial is reported, not one of this: a version that stays proposed does no harm.
    await secrets.withdraw(name, version).catch(() => {})
    if (error instanceof CommandFailed)
      throw new CommandFailed(error.exitCode, `${error.message}\nthe credentials in use are still the old ones`)
    throw error
  }
  shell.say(`the machine has obtained a token with it`)
  await secrets.promote(name, { from: old, to: version })
  return version
}

/** By now it is stored, and a failure says so: it does not have to be stored again. */
async function checkNow({ vendor, connection }: Place, shell: Shell): Promise<ConnectionState | CommandFailed> {
  const path = `/connections/${vendor.id}/${connection}/check`
  try {
    return readAnswer(connectionState, await callApi('POST', path, shell))
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const message = `it is stored, but the machine could not check it; within 5 minutes it does so by itself\n${error.message}`
    return new CommandFailed(error.exitCode, message)
  }
}

interface Rotated extends Place {
  readonly version: string
  /** Whether the document holds the token itself: then the machine falls back on the old version by itself. */
  readonly holdsToken: boolean
}

function report(view: ConnectionState, { name, old, version, holdsToken }: Rotated, shell: Shell): boolean {
  const { state, next_action, last_failure: failure } = view
  shell.say(`state: ${state.replaceAll('_', ' ')}\nnext step: ${next_action}`)
  if (works(view)) return true
  shell.say(
    [
      `the machine does not get along with it${failure ? `: ${failure.detail}` : ''}`,
      ...(holdsToken ? ['the old version stays in use as long as it works'] : []),
      'to go back to the old version:',
      `  aws secretsmanager update-secret-version-stage --secret-id ${name} --version-stage AWSCURRENT \\`,
      `    --move-to-version-id ${old} --remove-from-version-id ${version}`,
    ].join('\n'),
  )
  return false
}
