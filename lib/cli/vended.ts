import * as z from 'zod/mini'
import { TOKEN } from '../../functions/api/answers.ts'
import { ApiError, callApi, readAnswer } from './api.ts'
import { type Shell, UsageError } from './command.ts'
import type { ConnectionName } from './connection.ts'
import { checkListed } from './vendor-named.ts'

const answer = z.pick(TOKEN, { access_token: true, expires_at: true, warnings: true })
export type Vended = z.output<typeof answer>

/** A token, and the machine's whole answer. */
export interface Vend {
  readonly token: Vended
  readonly json: object
}

/** Gets a token of a connection; a refused one is replaced. Says its warnings. Throws ApiError or UsageError. */
export async function vended(
  { vendor, connection }: ConnectionName,
  { minTtl, rejected }: { readonly minTtl?: string | undefined; readonly rejected?: string | undefined },
  shell: Shell,
): Promise<Vend> {
  if (minTtl !== undefined && !/^[0-9]{1,10}$/.test(minTtl))
    throw new UsageError('--min-ttl is a whole number of seconds')
  const path = `/tokens/${vendor}/${connection}`
  const query = minTtl === undefined ? '' : `?min_ttl=${minTtl}`
  const asked = rejected
    ? callApi('POST', `${path}/refresh`, shell, { rejected })
    : callApi('GET', `${path}${query}`, shell)
  const body = await asked.catch((error: unknown) => {
    if (error instanceof ApiError && error.isNoRoute) checkListed(vendor, shell)
    throw error
  })
  const token = readAnswer(answer, body)
  for (const { detail } of token.warnings) shell.say(`warning: ${detail}`)
  // That it is an object was just read from it.
  return { token, json: body as object }
}

/** `ACCELO_TOKEN` */
export const variableOf = (vendor: string): string => `${vendor.toUpperCase().replaceAll('-', '_')}_TOKEN`
