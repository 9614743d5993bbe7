import { Secret } from '../../functions/kit/secret.ts'
import { callApi, readAnswer } from './api.ts'
import { type Shell, UsageError } from './command.ts'
import { type Connected, connected } from './consent.ts'
import type { Described } from './vendor-named.ts'

const KINDS = ['refresh-token', 'access-token'] as const

/** What a team has already, and the machine takes over without a new consent. */
export interface Import {
  readonly what: (typeof KINDS)[number]
  /** Of an access token that does not say it itself: seconds. */
  readonly expiresIn?: number
}

/** As the command line has it. Throws UsageError. */
export function importGiven(kind: string | undefined, expiresIn: string | undefined): Import | undefined {
  if (kind === undefined) {
    if (expiresIn !== undefined) throw new UsageError('--expires-in goes with --import access-token')
    return undefined
  }
  const what = KINDS.find((one) => one === kind)
  if (!what) throw new UsageError(`--import is ${KINDS.join(' or ')}; the token itself is no argument`)
  if (expiresIn === undefined) return { what }
  if (what !== 'access-token') throw new UsageError('--expires-in goes with --import access-token')
  if (!/^[1-9][0-9]{0,8}$/.test(expiresIn)) throw new UsageError('--expires-in is a number of seconds')
  return { what, expiresIn: Number(expiresIn) }
}

/** Throws UsageError for a vendor whose credentials are all that it takes. */
export function checkImports({ title, needs_consent }: Pick<Described, 'title' | 'needs_consent'>): void {
  if (needs_consent) return
  throw new UsageError(`nobody has to consent at ${title}, so there is nothing to import: its credentials are enough`)
}

export const inWordsOf = ({ what }: Import): string => what.replace('-', ' ')

export interface ToImport extends Import {
  readonly token: Secret
}

/** Never from an argument: typed unseen, or from standard input. Throws UsageError. */
export async function tokenToImport(wanted: Import, { title }: Described, shell: Shell): Promise<ToImport> {
  const name = inWordsOf(wanted)
  const text = await (shell.person?.askSecret(`${name} of ${title}: `) ?? shell.stdin())
  const token = text.replace(/^["'\s]*(Bearer\s+)?|["'\s]+$/gi, '')
  if (/^[ -~]+$/.test(token)) return { ...wanted, token: new Secret(token) }
  throw new UsageError(`that is no ${name}: it is one line of visible ASCII characters`)
}

/** Hands the token to the machine, which tries it before it is kept. Throws ApiError. */
export async function importToken(
  path: string,
  { what, token, expiresIn }: ToImport,
  shell: Shell,
): Promise<Connected> {
  const member = what === 'refresh-token' ? 'refresh_token' : 'access_token'
  const body = { [member]: token.reveal(), ...(expiresIn !== undefined && { expires_in: expiresIn }) }
  return readAnswer(connected, await callApi('POST', path, shell, body))
}
