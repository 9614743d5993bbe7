import { type Failure, isCuredByNew, needsConsent } from '../core/failure.ts'
import type { Credentials } from '../core/runtime.ts'
import type { State } from '../core/store.ts'
import { type End, endsOf } from '../keeper/ends.ts'
import { type KeeperRuntime, rests } from '../keeper/sweep.ts'
import type { Connection } from '../kit/connection.ts'
import { FAILURES, isFailure, VendingError } from '../kit/errors.ts'
import type { CredentialLife } from '../kit/reminders.ts'
import { isNever, rfc3339 } from '../kit/time.ts'
import { isExpired, sweepAt, type Timed } from '../kit/token.ts'
import { UNTRIED_VERSION } from '../kit/untried.ts'
import type { Vendor } from '../kit/vendor.ts'
import type { ConnectionState } from './states.ts'

/** What could be read of the credentials, or why not; undefined where the row alone says enough. */
export type Secretly = Credentials | VendingError | undefined

/** All that a state is judged by. */
export interface Standing {
  readonly connection: Connection
  readonly state: State
  readonly credentials: Secretly
  /** The token that is cached, in the table or in this process. */
  readonly cached: Timed | undefined
  /** The token that the credentials are, or why they give none; undefined where they are none. */
  readonly own: Timed | VendingError | undefined
}

type Circumstances = Pick<KeeperRuntime, 'now' | 'restAfterDays'>

export function stateOf(standing: Standing, runtime: Circumstances): ConnectionState {
  const { connection, state, cached, own } = standing
  const now = runtime.now()
  if (state.status === 'disabled') return 'disabled'
  const fault = secretFault(standing)
  if (fault) return fault.is
  if (own === undefined && needsConsent(state.failure)) return 'reconnect'
  if (isDead(standing, now)) return 'expired'
  if (state.failure) return 'failing'
  if (endingOf(standing, now)) return 'ending'
  if (!state.succeededAt && !cached) return 'new'
  if (own) return 'ok'
  // Each process has a token of its own: that this one has none says nothing of the others.
  const isFresh = cached ? isFreshAt(cached, now) : connection.vendor.tokens.storage === 'memory'
  if (rests(connection, state, runtime) && !(cached && isFresh)) return 'resting'
  return isFresh ? 'ok' : 'ageing'
}

const isFreshAt = ({ accessToken, refreshAt }: Timed, now: Date): boolean =>
  now < refreshAt && !isExpired(accessToken, now)

/** What is wrong with the secret itself, and which state that is. */
export function secretFault({ connection, credentials, own }: Pick<Standing, 'connection' | 'credentials' | 'own'>) {
  if (!credentials) return undefined
  if (credentials instanceof VendingError) {
    const is = credentials.code === 'unknown_connection' ? 'secret_deleted' : 'secret_unreadable'
    return { is, error: credentials } as const
  }
  if (isUntried(credentials)) return { is: 'malformed', error: untried() } as const
  const misfit = misfitOf(connection.vendor, credentials.document) ?? own
  const isMisfit = misfit instanceof VendingError && misfit.code === 'configuration'
  return isMisfit ? ({ is: 'malformed', error: misfit } as const) : undefined
}

const isUntried = (credentials: Secretly): boolean =>
  credentials !== undefined && 'version' in credentials && credentials.version === UNTRIED_VERSION

const untried = (): VendingError =>
  new VendingError('configuration', 'its secret is empty: its first credentials were stored, and not tried to the end')

function misfitOf({ validate }: Vendor, document: unknown): VendingError | undefined {
  try {
    validate(document)
    return undefined
  } catch (error) {
    if (error instanceof VendingError) return error
    throw error
  }
}

/** Whether the token that the credentials are is of no use any more. */
function isDead({ state: { failure, refusedVersions }, credentials, own }: Standing, now: Date): boolean {
  if (!own || !credentials || credentials instanceof VendingError) return false
  if (own instanceof VendingError ? own.code === 'credential_expired' : isExpired(own.accessToken, now)) return true
  const { version } = credentials
  if (failure?.credentialVersion !== version) return refusedVersions?.has(version) === true
  return failure.code === 'credential_expired' || failure.code === 'credential_revoked'
}

/** What ends first of what people are reminded of by now. */
function endingOf({ state, own }: Pick<Standing, 'state' | 'own'>, now: Date): End | undefined {
  const life = state.ends ?? lifeOf(own)
  const [first] = endsOf({ ...state, ...(life && { ends: life }) }, now)
    .filter(({ rung }) => rung)
    .sort((a, b) => a.life.until.getTime() - b.life.until.getTime())
  return first
}

function lifeOf(own: Standing['own']): CredentialLife | undefined {
  if (!own || own instanceof VendingError || isNever(own.accessToken.expiresAt)) return undefined
  return { since: own.accessToken.issuedAt, until: own.accessToken.expiresAt }
}

/** When the machine next renews it; undefined when only a person or a caller has it renewed, or nobody knows. */
export function renewsAt(standing: Standing, is: ConnectionState, now: Date): Date | undefined {
  const { state, cached, own } = standing
  const retryAt = state.failure?.until
  if (is === 'failing') return retryAt && retryAt > now ? retryAt : undefined
  if (own || !cached || !['ok', 'ageing', 'ending'].includes(is)) return undefined
  const at = sweepAt(cached)
  return at > now ? at : now
}

/** What is to be done by whom. It can be typed as it stands. */
export function nextAction(standing: Standing, is: ConnectionState, now: Date): string {
  const { connection, state, credentials, own } = standing
  const { vendor, name } = connection
  const here = `${vendor.id} ${name}`
  switch (is) {
    case 'secret_deleted':
      return `restore its secret; a token of it that lives is vended. If it is retired: vendomat remove ${here}`
    case 'secret_unreadable':
      return isFailure(credentials, 'configuration')
        ? 'correct who may read it, or what is in it, as last_failure says'
        : 'none: it is read again by the next call'
    case 'malformed':
      if (isUntried(credentials)) return `a person has to connect, as nobody has to the end: vendomat connect ${here}`
      return `a person has to correct the secret as last_failure says: vendomat rotate ${here}`
    case 'reconnect':
      return `a person has to connect again: vendomat connect ${here}`
    case 'expired':
      return `a person has to make a new token: vendomat rotate ${here}`
    case 'failing':
      return state.failure ? cureOf(state.failure, standing, now) : 'none'
    case 'ending': {
      const end = endingOf(standing, now)
      const when = end ? `, which ends on ${rfc3339(end.life.until)}` : ''
      return end?.of === 'grant'
        ? `a person has to connect again before the grant ends on ${rfc3339(end.life.until)}: vendomat connect ${here}`
        : `a person has to replace the ${vendor.rotation.credential}${when}: vendomat rotate ${here}`
    }
    case 'new':
      return vendor.authorization && !own
        ? `a person has to connect: vendomat connect ${here}`
        : 'none: the next sweep or call tries it'
    case 'disabled':
      return `when it may be used again: vendomat enable ${here}`
    case 'ageing':
      return 'none: the next sweep or call renews it'
    case 'resting':
      return 'none: the next call obtains a token'
    case 'ok':
      return 'none'
  }
}

function cureOf(failure: Failure, { connection, credentials }: Standing, now: Date): string {
  const version = credentials && !(credentials instanceof VendingError) ? credentials.version : undefined
  if (isCuredByNew(failure) && version !== undefined && failure.credentialVersion !== version)
    return 'none: the next call tries the new version of the secret'
  if (failure.code === 'credential_rejected')
    return `a person has to replace the credentials: vendomat rotate ${connection.vendor.id} ${connection.name}`
  if (!FAILURES[failure.code].retryable) return 'see last_failure'
  const at = failure.until && failure.until > now ? ` at ${rfc3339(failure.until)}` : ''
  return `none: it is tried again by itself${at}`
}
