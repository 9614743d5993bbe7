import { isDeepStrictEqual } from 'node:util'
import { UNTRIED_VERSION } from '../../functions/kit/untried.ts'
import { callApi, machineAt, readAnswer } from './api.ts'
import { CommandFailed, command, EXIT, type Given, type Shell, UsageError, withoutPerson } from './command.ts'
import { type ConnectionState, connectionState, ONE_CONNECTION } from './connection.ts'
import type { Source } from './credential-document.ts'
import { formOf, needsConsent } from './credential-forms.ts'
import { checkYear, dayOf, endDateGiven } from './end-date.ts'
import type { Step } from './plan.ts'
import { rotatedDocument } from './rotated-document.ts'
import { secretName } from './secret-name.ts'
import { secretStore } from './secret-store.ts'
import { sayRotation, stepsAfterRotation } from './steps.ts'
import { checkReplaces, endOf, type Place, type Tried, type Try, whenTried, works } from './trial.ts'
import { vendorNamed } from './vendor-named.ts'

const TAKES = {
  ...ONE_CONNECTION,
  '--from-file <path>':
    'the new secret, or the credentials that change as a JSON document; for ClearID the new key file',
  '--from-stdin': 'the same, from standard input',
  '--expires <date>': 'last day of the new one as YYYY-MM-DD, or never; people are reminded of it',
  '--dry-run': 'have it tried, and not used; with -o json the plan',
  '--yes': 'ask nothing',
} as const

export const rotate = command({
  about: `Shows how the vendor makes the new one, takes it, stores it as a new version of
the secret beside the one in use, has the machine try it, and then use it at
once. Everything else in the credentials stays as it is. The old version stays
in use until the new one has worked.

An iObeya token has to be a JWT that ends later than the one before, and iObeya
has to take it. Client secrets and keys are tried by obtaining a token.

Exits with 1 when the new one does not work, with 4 when the account was never
connected, and with 5 when that cannot be found out now: try again later.

A secret is never an argument: it is typed, unseen, or comes from a file or
standard input.`,
  takes: TAKES,
  examples: [
    'vendomat rotate iobeya main',
    'pbpaste | vendomat rotate iobeya main --from-stdin --dry-run',
    'vendomat rotate accelo hq --from-file new-secret.txt --expires 2027-06-30',
    'vendomat rotate clearid main --from-file key-acme-vendomat.json',
  ],

  async run(given, person) {
    const request = read(given, person.now())
    const shell = request.yes ? withoutPerson(person) : person
    const { connection } = request
    const { region } = machineAt(shell.environment)
    const vendor = await vendorNamed(request.vendor, shell)
    const secrets = secretStore(region)
    const secret = secretName(vendor.id, connection, shell)
    const present = await secrets.read(secret)
    if (!present || present.version === UNTRIED_VERSION) {
      const connect = `vendomat connect ${vendor.id} ${connection}`
      throw new CommandFailed(EXIT.notFound, `there is no secret ${secret} to rotate; to make one: ${connect}`)
    }
    sayRotation(vendor, shell)
    const document = await rotatedDocument({ ...request, vendor, present: present.document }, shell)
    const form = formOf(vendor, document)
    checkYear(form, document, shell.now())
    if (isDeepStrictEqual(document, present.document))
      throw new CommandFailed(EXIT.failed, 'these are the credentials that are stored already')
    const about = { vendor: vendor.id, connection }
    const old = present.version
    const place = { vendor, connection, secret, opened: { was: 'there', version: old } } as const
    const holdsToken = form?.is_token === true
    const trial = async (tryIt: Try) => {
      if (holdsToken) checkReplaces(await tryIt('only fit'), shell.now())
      if (!request.dryRun || !needsConsent(vendor, form)) return obtained(await tryIt('wholly'), holdsToken, shell)
      shell.say(`whether ${vendor.title} takes it is not tried: that would spend the refresh token`)
      return tryIt('only fit')
    }
    const afterwards = request.dryRun ? 'nothing' : 'use'
    const { tried, version } = await whenTried(place, { document, trial, afterwards }, secrets, shell)
    const end = holdsToken ? dayOfToken(tried) : statedEnd(document)
    if (request.dryRun) {
      const text = `${vendor.id}/${connection} could be rotated${end}; nothing has changed`
      return { text, json: { ...about, dry_run: true, rotated: false, steps: stepsOf(secret, document) } }
    }
    const text = `${vendor.id}/${connection} is rotated: ${old} -> ${version}${end}`
    const json = { ...about, rotated: true, from: old, to: version }
    const view = await checkNow(place, shell)
    if (view instanceof CommandFailed) return { exitCode: view.exitCode, text, json, next: `vendomat: ${view.message}` }
    const isDone = report(view, { ...place, version, holdsToken }, shell)
    const steps = isDone ? stepsAfterRotation(vendor, tried.replaces?.same_secrets, shell) : ''
    const exitCode = isDone ? EXIT.done : EXIT.failed
    return { exitCode, text, json: { ...json, state: view.state }, next: steps }
  },
})

interface Request {
  readonly vendor: string
  readonly connection: string
  readonly source: Source
  readonly expires: string | undefined
  readonly dryRun: boolean
  /** Nobody is asked anything. */
  readonly yes: boolean
}

function read(given: Given<keyof typeof TAKES>, now: Date): Request {
  const { vendor, connection, fromFile: file, fromStdin: stdin = false, dryRun = false, yes = false } = given
  if (file !== undefined && stdin) throw new UsageError('--from-file and --from-stdin do not go together')
  const expires = given.expires === undefined ? undefined : endDateGiven(given.expires, now)
  return { vendor, connection, source: { file, stdin }, expires, dryRun, yes }
}

function obtained(tried: Tried, holdsToken: boolean, shell: Shell): Tried {
  if (!holdsToken) shell.say(`token obtained, ${endOf(tried, shell.now())}`)
  return tried
}

const dayOfToken = ({ expires_at: end }: Tried): string => (end === undefined ? '' : `, ends ${dayOf(new Date(end))}`)

const statedEnd = ({ expires_on: end }: Readonly<Record<string, unknown>>): string =>
  typeof end === 'string' ? `, ends ${end}` : ''

const stepsOf = (secret: string, document: object): readonly Step[] => {
  const members = Object.keys(document)
  return [
    { action: 'add_version', detail: `add a version to the secret ${secret}`, secret, members },
    { action: 'try', detail: 'have the machine try it, and put it into use if it works' },
    { action: 'check', detail: 'have the machine check it' },
  ]
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

function report(view: ConnectionState, { secret, opened, version, holdsToken }: Rotated, shell: Shell): boolean {
  const { state, next_action, last_failure: failure } = view
  shell.say(`state: ${state.replaceAll('_', ' ')}\nnext step: ${next_action}`)
  if (works(view)) return true
  shell.say(
    [
      `the machine does not get along with it${failure ? `: ${failure.detail}` : ''}`,
      ...(holdsToken ? ['the old version stays in use as long as it works'] : []),
      'to go back to the old version:',
      `  aws secretsmanager update-secret-version-stage --secret-id ${secret} --version-stage AWSCURRENT \\`,
      `    --move-to-version-id ${opened.version} --remove-from-version-id ${version}`,
    ].join('\n'),
  )
  return false
}
