import * as z from 'zod/mini'
import { VENDOR } from '../../functions/api/answers.ts'
import { didYouMean } from '../did-you-mean.ts'
import { ApiError, callApi, readAnswer } from './api.ts'
import { type Shell, UsageError } from './command.ts'

const described = z.object(VENDOR.shape)
type Answer = z.output<typeof described>

/** What the machine says of a vendor: this command knows none itself. */
export interface Described extends Omit<Answer, 'vendor'> {
  /** 'accelo' */
  readonly id: string
}

/** Asks the machine. Throws UsageError where it has no such vendor, and ApiError. */
export async function vendorNamed(id: string, shell: Shell): Promise<Described> {
  const answer = await callApi('GET', `/vendors/${id}`, shell).catch((error: unknown) => {
    throw error instanceof ApiError && error.isNoRoute ? unknown(id, shell) : error
  })
  const { vendor, ...rest } = readAnswer(described, answer)
  return { id: vendor, ...rest }
}

function unknown(id: string, shell: Shell): UsageError {
  const all = listedVendors(shell)
  const meant = didYouMean(id, all)
  const these = all.length > 0 ? `${meant || ';'} VENDOMAT_VENDORS has ${all.join(', ')}` : ''
  return new UsageError(`there is no vendor "${id}"${these}`)
}

/**
 * The vendors of the machine, as the stack prints them: no function of it knows of another's vendor, so none could list them.
 * Empty where nobody has said it here.
 */
export const listedVendors = ({ environment: { VENDOMAT_VENDORS: ids = '' } }: Shell): readonly string[] =>
  ids.split(',').filter(Boolean)

/** Throws UsageError for one that is not among them, where they are known: a word that was mistyped. */
export function checkListed(id: string, shell: Shell): void {
  const all = listedVendors(shell)
  if (all.length > 0 && !all.includes(id)) throw unknown(id, shell)
}

/** Throws UsageError where they are not known. */
export function allVendors(shell: Shell): readonly string[] {
  const all = listedVendors(shell)
  if (all.length > 0) return all
  throw new UsageError('name a vendor, or set VENDOMAT_VENDORS to what the stack prints, like accelo,netrex')
}
