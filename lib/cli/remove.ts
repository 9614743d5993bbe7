import { ApiError, callApi, machineAt } from './api.ts'
import { agreed, CommandFailed, command, EXIT, type Result, type Shell, UsageError } from './command.ts'
import { ONE_CONNECTION } from './connection.ts'
import { planOf, type Step } from './plan.ts'
import { atTheVendor, revokeToken } from './revoke.ts'
import { secretName } from './secret-name.ts'
import { type SecretStore, secretStore } from './secret-store.ts'
import { type Described, vendorNamed } from './vendor-named.ts'

/** As Secrets Manager has them. */
const DAYS = { least: 7, most: 30 }
/** Secrets Manager may still answer with a secret for a moment after it was deleted. */
const TRIES = 5
const PAUSE_SECONDS = 2

export const remove = command({
  about: `Retires a connection, step by step: callers get no token any more, its token or
grant is ended at the vendor where that can be done, its secret is deleted, and
the machine forgets it: no list names it and nobody is reminded of it. Where one
step fails the ones before it stay done, and the same command again goes on from
there.

Nothing is deleted while the vendor does not confirm the end of a token: without
the secret nobody could ask it again.

"vendomat connect" makes it anew at any time. A secret that was made by hand
instead wants "vendomat enable".`,
  takes: {
    ...ONE_CONNECTION,
    '--recovery-days <n>': `the secret can be restored for so many days, ${DAYS.least} to ${DAYS.most} (default: ${DAYS.most})`,
    '--now': 'delete the secret at once and for good, also one that waits for its deletion',
    '--force': 'go on although the vendor does not confirm',
    '--dry-run': 'print what would be done, with -o json as a plan',
    '--yes': 'do not ask; needed where there is no terminal',
  },
  examples: ['vendomat remove accelo hq', 'vendomat remove netrex main --now --yes'],

  async run({ vendor: id, connection, recoveryDays, now, force, dryRun, yes }, shell) {
    const after = whenDeleted(recoveryDays, now)
    const vendor = await vendorNamed(id, shell)
    const place = `${vendor.id}/${connection}`
    const { region } = machineAt(shell.environment)
    const secrets = secretStore(region)
    const name = secretName(vendor.id, connection, shell)
    const fate = after === 'now' ? 'for good' : `in ${after.days} days`
    const question = `Remove ${place}? Its callers are refused from now on, and the secret ${name} is deleted ${fate}.`
    if (dryRun) return planOf({ vendor: vendor.id, connection }, stepsOf(vendor, name, fate))
    if (!yes && !(await agreed(question, shell))) {
      shell.say('nothing was removed')
      return { exitCode: EXIT.failed }
    }
    const job = { place, title: vendor.title, name, after, force }
    const found = await secrets.find(name)
    try {
      if (found === 'there') await stop(job, shell)
      const goneOn = await deleted(job, found, secrets)
      const forgotten = await forget(job, shell)
      if (forgotten === 'unknown' && found === 'absent')
        throw new ApiError(EXIT.notFound, `there is neither a connection ${place} nor a secret ${name}`)
      return report(job, goneOn, vendor.rotation.credential)
    } catch (error) {
      if (!(error instanceof CommandFailed) || error.exitCode === EXIT.notFound) throw error
      const message = `${error.message}\n${place} is not removed yet; the same command again goes on from here`
      throw new CommandFailed(error.exitCode, message)
    }
  },
})

function stepsOf({ title }: Described, secret: string, fate: string): readonly Step[] {
  return [
    { action: 'disable', detail: 'refuse its callers' },
    { action: 'revoke', detail: `end its token or grant, also at ${title} where that can be done` },
    { action: 'delete_secret', detail: `delete the secret ${secret} ${fate}`, secret },
    { action: 'forget', detail: 'have the machine forget it' },
  ]
}

/** What there is of the secret. */
type Found = Awaited<ReturnType<SecretStore['find']>>

interface Job {
  /** `accelo/hq` */
  readonly place: string
  /** The vendor's. */
  readonly title: string
  /** Of the secret. */
  readonly name: string
  readonly after: Parameters<SecretStore['delete']>[1]
  readonly force: true | undefined
}

function whenDeleted(given: string | undefined, now: true | undefined): Job['after'] {
  if (now && given !== undefined) throw new UsageError('--now and --recovery-days do not go together')
  if (now) return 'now'
  const days = given ?? String(DAYS.most)
  if (!/^\d{1,2}$/.test(days) || Number(days) < DAYS.least || Number(days) > DAYS.most)
    throw new UsageError(
      `--recovery-days is ${DAYS.least} to ${DAYS.most}; to delete the secret at once there is --now`,
    )
  return { days: Number(days) }
}

/** First here, so that nobody obtains another token meanwhile, then at the vendor, with the secret that is still there. */
async function stop({ place, title, force }: Job, shell: Shell): Promise<void> {
  await callApi('PUT', `/connections/${place}/status`, shell, { status: 'disabled' })
  shell.say(`disabled: callers of ${place} are refused`)
  const revoked = await revokeToken(place, shell)
  shell.say(`revoked; ${atTheVendor(revoked)}`)
  if (revoked.vendor_revocation !== 'failed' || force) return
  const hint = `try again later, or end it at ${title} yourself and add --force`
  throw new CommandFailed(EXIT.failed, `${title} did not confirm, so the secret is kept\nnext step: ${hint}`)
}

/** Returns when the secret is gone; undefined for one that was gone before. */
async function deleted({ name, after }: Job, found: Found, secrets: SecretStore): Promise<Date | undefined> {
  if (found === 'absent') return undefined
  if (typeof found === 'object' && after !== 'now') return found.goneOn
  return (await secrets.delete(name, after)).goneOn
}

async function forget({ place }: Job, shell: Shell): Promise<'forgotten' | 'unknown'> {
  for (let tries = 1; ; tries += 1) {
    try {
      await callApi('DELETE', `/connections/${place}`, shell)
      return 'forgotten'
    } catch (error) {
      const code = error instanceof ApiError ? error.code : undefined
      if (code === 'unknown_connection') return 'unknown'
      if (code !== 'connection_in_use' || tries === TRIES) throw error
      shell.progress?.('waiting until the secret is gone')
      await shell.sleep(PAUSE_SECONDS)
      shell.progress?.('')
    }
  }
}

function report({ place, title, name, after }: Job, goneOn: Date | undefined, credential: string): Result {
  const [vendor, connection] = place.split('/')
  const day = goneOn?.toISOString().slice(0, 10)
  const fate = after === 'now' || !day ? 'its secret is deleted' : `its secret is deleted for good on ${day}`
  const restore = `aws secretsmanager restore-secret --secret-id ${name} && vendomat enable ${vendor} ${connection}`
  const steps = [
    ...(day ? [] : [`its secret was gone before, so ${title} could not be asked to end anything`]),
    ...(after !== 'now' && day ? [`until ${day} the secret can be restored: ${restore}`] : []),
    `at ${title}: delete the ${credential} too, if nothing else uses it`,
  ]
  return {
    text: `${place} is removed; ${fate}`,
    json: { vendor, connection, removed: true, ...(goneOn && { secret_gone_on: goneOn.toISOString() }) },
    next: steps.join('\n'),
  }
}
