import { FAILURES, VendingError } from '../../functions/core/errors.ts'
import { isNever } from '../../functions/core/token.ts'
import type { Context, Issued, Vendor } from '../../functions/core/vendor.ts'
import { exitCodeOf } from './api.ts'
import { CommandFailed, EXIT, type Shell } from './command.ts'
import { timeLeft } from './time-left.ts'
import { vendorContext } from './vendor-context.ts'

/** Obtains a token here, as the machine will, and lets it go again. Throws CommandFailed. */
export async function obtainToken(vendor: Vendor, credentials: object, shell: Shell): Promise<Issued> {
  const issued = await vendor.issue(credentials, undefined, vendorContext(vendor, shell)).catch((error: unknown) => {
    throw nothingStored(error)
  })
  for (const { detail } of issued.warnings ?? []) shell.say(`warning: ${detail}`)
  return issued
}

interface Replacement {
  readonly present: object
  readonly next: object
}

/**
 * Whether a token that a person has made may take the place of the one before: another one, which ends later, and which
 * the vendor takes. One that has ended leaves its place to any. Throws CommandFailed.
 */
export async function tryStoredToken(vendor: Vendor, { present, next }: Replacement, shell: Shell): Promise<Issued> {
  const context = vendorContext(vendor, shell)
  const issued = await vendor.issue(next, undefined, context).catch((error: unknown) => {
    throw nothingStored(error)
  })
  const { value, expiresAt } = issued.accessToken
  // As of a time when nothing had ended yet: an ended token is still the same token.
  const old = await heldBy(vendor, present, { ...context, now: () => new Date(0) })
  if (old?.accessToken.value.fingerprint === value.fingerprint)
    throw failed('this is the token that is stored already; make a new one at the vendor')
  const oldEnd = old?.accessToken.expiresAt
  if (oldEnd && !isNever(oldEnd) && oldEnd > shell.now() && expiresAt <= oldEnd)
    throw failed(`the new token ends on ${dayOf(expiresAt)}, the old one on ${dayOf(oldEnd)}: it has to end later`)
  await seeItLive(vendor, next, issued, shell)
  return issued
}

async function seeItLive(vendor: Vendor, next: object, issued: Issued, shell: Shell): Promise<void> {
  const { title } = vendor
  const check = vendor.liveness?.(next, issued.accessToken, vendorContext(vendor, shell))
  const result = await check?.catch((error: unknown) => {
    throw nothingStored(error)
  })
  if (result === 'refused')
    throw failed(`${title} refuses the new token: it was copied wrongly, revoked, or made on another platform`)
  if (result === 'login page')
    throw failed(
      `${title} answered with a page for people: the token is not valid there, or the address is not its API`,
    )
  if (result === 'limited')
    shell.say('warning: the token works, but its user may not read rooms (403): check the rights of the machine user')
  if (result === 'alive') shell.say(`${title} takes the new token`)
}

/** What the document holds; one that does not fit is none. */
async function heldBy(vendor: Vendor, document: object, context: Context): Promise<Issued | undefined> {
  try {
    return await vendor.issue(document, undefined, context)
  } catch (error) {
    if (error instanceof VendingError) return undefined
    throw error
  }
}

export const endOf = ({ accessToken: { expiresAt } }: Issued, now: Date): string =>
  isNever(expiresAt) ? 'it has no end' : `ends in ${timeLeft(expiresAt, now)}`

export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10)

const failed = (why: string): CommandFailed => new CommandFailed(EXIT.failed, `${why}\nnothing was stored`)

/** What a vendor's refusal comes to on the command line. */
export function nothingStored(error: unknown): unknown {
  if (!(error instanceof VendingError)) return error
  const { status, title } = FAILURES[error.code]
  return new CommandFailed(exitCodeOf(status), `${title}: ${error.message}\nnothing was stored`)
}
