import * as z from 'zod/mini'
import { callApi, readAnswer } from './api.ts'
import { agreed, command, EXIT, type Shell } from './command.ts'
import { ONE_CONNECTION } from './connection.ts'

const answer = z.looseObject({ vendor_revocation: z.string(), next_action: z.string() })

const AT_THE_VENDOR: Readonly<Record<string, string>> = {
  done: 'the vendor has ended it too',
  failed: 'THE VENDOR DID NOT CONFIRM IT: a copy of the token may still work there',
  not_offered: 'the vendor offers no revocation: a copy of the token works there until its end',
  nothing_to_revoke: 'there was no token',
}

type Revoked = z.output<typeof answer>

export const revoke = command({
  about: `Ends the token that callers of this connection have been given: here at once,
and at the vendor where that can be done. It does not switch the connection off;
"vendomat disable" does, and comes first when credentials have leaked.

Exits with 1 when the vendor did not confirm the revocation.`,
  takes: { ...ONE_CONNECTION, '--yes': 'do not ask; needed where there is no terminal' },
  examples: ['vendomat revoke accelo hq', 'vendomat revoke netrex main --yes'],

  async run({ vendor, connection, yes }, shell) {
    const place = `${vendor}/${connection}`
    if (!yes && !(await agreed(`End the token of ${place}? Whoever uses it now will be refused.`, shell))) {
      shell.say('nothing was revoked')
      return { exitCode: EXIT.failed }
    }
    const json = await revokeToken(place, shell)
    const exitCode = json.vendor_revocation === 'failed' ? EXIT.failed : EXIT.done
    return { exitCode, text: `${place} revoked; ${atTheVendor(json)}`, json, next: `next step: ${json.next_action}` }
  },
})

/** Takes the token of `accelo/hq` back. */
export const revokeToken = async (place: string, shell: Shell): Promise<Revoked> =>
  readAnswer(answer, await callApi('DELETE', `/tokens/${place}`, shell))

export const atTheVendor = ({ vendor_revocation: outcome }: Revoked): string =>
  AT_THE_VENDOR[outcome] ?? `at the vendor: ${outcome}`
