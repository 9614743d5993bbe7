import { type Ask, contextFor, keyOf, served, tooLong, type Vended } from './ask.ts'
import { isFailure, VendingError } from './errors.ts'
import { asError, bars } from './failure.ts'
import { expiryNotice } from './notice.ts'
import type { Credentials, Runtime } from './runtime.ts'
import type { HeldToken, State } from './store.ts'
import { marginSeconds, secondsBetween } from './token.ts'

const READ_SECONDS = 5

/**
 * The credential is the token: no lease and no call, only the state, the secret and its end. A person who has just
 * replaced an ended token must not have to wait for our copy of the old one to end too.
 */
export async function vendLatestStored(
  ask: Ask,
  state: State,
  credentials: Credentials,
  runtime: Runtime,
): Promise<Vended> {
  try {
    return await vendStored(ask, state, credentials, runtime)
  } catch (error) {
    if (!isFailure(error, 'credential_expired')) throw error
    const latest = await runtime.credentials.read(ask.vendor.id, ask.connection, 0)
    if (latest.version === credentials.version) throw error
    return vendStored(ask, state, latest, runtime)
  }
}

async function vendStored(ask: Ask, state: State, credentials: Credentials, runtime: Runtime): Promise<Vended> {
  const { vendor } = ask
  const key = keyOf(ask)
  const now = runtime.now()
  if (state.failure && bars(state.failure, credentials.version, now)) throw asError(state.failure, now)
  const { accessToken, warnings = [] } = await vendor.issue(
    credentials.document,
    undefined,
    contextFor(vendor, runtime, READ_SECONDS),
  )
  const left = secondsBetween(now, accessToken.expiresAt)
  if (left <= marginSeconds(accessToken)) {
    throw new VendingError('credential_expired', `the token of ${key} ended on ${accessToken.expiresAt.toISOString()}`)
  }
  if (left < ask.minTtlSeconds) throw tooLong(ask, left)
  if (accessToken.value.fingerprint === ask.rejected) throw refused(key)

  if (state.provenVersion !== credentials.version) {
    await runtime.store.register(key, { dueAt: now })
    await runtime.store.note(key, { succeededAt: now, credentialVersion: credentials.version })
  }
  const notice = expiryNotice(ask, accessToken, now)
  const mark = notice && `${credentials.version} ${notice.step}`
  if (notice && mark && mark !== state.noticed && (await runtime.store.notice(key, mark))) await runtime.notify(notice)

  const { fence, epoch } = state
  const token: HeldToken = {
    accessToken,
    refreshAt: accessToken.expiresAt,
    fence,
    epoch,
    credentialVersion: credentials.version,
  }
  runtime.memory.copies.set(key, { token, checkedAt: now })
  return served(token, warnings)
}

/** There is no other token to give, and no way to make one. */
const refused = (key: string): VendingError =>
  new VendingError('credential_rejected', `the vendor refuses the token of ${key}, which only a person can replace`)
