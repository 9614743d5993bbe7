import { FAILURES, isFailure, VendingError } from '../../functions/kit/errors.ts'
import { isNever } from '../../functions/kit/time.ts'
import type { Issued, Vendor } from '../../functions/kit/vendor.ts'
import { exitCodeOf } from './api.ts'
import { CommandFailed, EXIT, type Shell } from './command.ts'
import type { ConnectionState } from './connection.ts'
import { timeLeft } from './time-left.ts'
import { vendorContext } from './vendor-context.ts'

/**
 * Obtains a token here, as the machine will, and does not keep it. A static token is at hand: the vendor has to take it.
 * Throws CommandFailed.
 */
export async function obtainToken(vendor: Vendor, credentials: object, shell: Shell): Promise<Issued> {
  const issued = await vendor.issue(credentials, undefined, vendorContext(vendor, shell)).catch((error: unknown) => {
    throw nothingStored(error)
  })
  for (const { detail } of issued.warnings ?? []) shell.say(`warning: ${detail}`)
  if (vendor.isStatic?.(credentials)) await checkLiveness(vendor, credentials, issued, shell)
  return issued
}

interface Replacement {
  readonly present: object
  readonly next: object
}

/**
 * Checks whether a static token may replace the present one: it has to be another one, to end later unless the present
 * one has ended, and to be accepted by the vendor. Throws CommandFailed.
 */
export async function tryStaticToken(vendor: Vendor, { present, next }: Replacement, shell: Shell): Promise<Issued> {
  const issued = await vendor.issue(next, undefined, vendorContext(vendor, shell)).catch((error: unknown) => {
    throw nothingStored(error)
  })
  const { value, expiresAt } = issued.accessToken
  const old = await heldBy(vendor, present, shell)
  if (old?.accessToken.value.fingerprint === value.fingerprint)
    throw failed('this is the token that is stored already; make a new one at the vendor')
  const oldEnd = old?.accessToken.expiresAt
  if (oldEnd && !isNever(oldEnd) && oldEnd > shell.now() && expiresAt <= oldEnd)
    throw failed(`the new token ends on ${dayOf(expiresAt)}, the old one on ${dayOf(oldEnd)}: it has to end later`)
  await checkLiveness(vendor, next, issued, shell)
  return issued
}

async function checkLiveness(vendor: Vendor, document: object, issued: Issued, shell: Shell): Promise<void> {
  const { title } = vendor
  const check = vendor.liveness?.(document, issued.accessToken, vendorContext(vendor, shell))
  const result = await check?.catch((error: unknown) => {
    throw isFailure(error, 'credential_expired')
      ? failed(`${title} does not take the token: ${error.message}`)
      : nothingStored(error)
  })
  if (result === 'refused')
    throw failed(`${title} refuses the token: it was copied wrongly, revoked, or made on another platform`)
  if (result === 'login page')
    throw failed(
      `${title} answered with a page for people: the token is not valid there, or the address is not its API`,
    )
  if (result === 'limited')
    shell.say('warning: the token works, but its user may not read rooms (403): check the rights of the machine user')
  if (result === 'alive') shell.say(`${title} takes the token`)
}

/** The token that a document holds, also one that has ended. Returns undefined when it holds none or does not fit. */
export async function heldBy(vendor: Vendor, document: object, shell: Shell): Promise<Issued | undefined> {
  if (!vendor.isStatic?.(document)) return undefined
  try {
    // As of a time when nothing had ended yet.
    return await vendor.issue(document, undefined, { ...vendorContext(vendor, shell), now: () => new Date(0) })
  } catch (error) {
    if (error instanceof VendingError) return undefined
    throw error
  }
}

export const endOf = ({ accessToken: { expiresAt } }: Issued, now: Date): string =>
  isNever(expiresAt) ? 'it has no end' : `ends in ${timeLeft(expiresAt, now)}`

export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10)

/** Whether the machine, which calls the vendor from elsewhere, gets along with what was stored. */
export const works = ({ state }: ConnectionState): boolean => !BROKEN.includes(state)

const BROKEN: readonly string[] = ['failing', 'expired', 'malformed', 'secret_deleted', 'secret_unreadable']

const failed = (why: string): CommandFailed => new CommandFailed(EXIT.failed, `${why}\nnothing was stored`)

/** Turns a VendingError into the CommandFailed that says that nothing was stored. */
export function nothingStored(error: unknown): unknown {
  if (!(error instanceof VendingError)) return error
  const { status, title } = FAILURES[error.code]
  return new CommandFailed(exitCodeOf(status), `${title}: ${error.message}\nnothing was stored`)
}
