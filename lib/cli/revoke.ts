import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { callApi, readAnswer } from './api.ts'
import { type Command, EXIT, type Shell, UsageError } from './command.ts'
import { connectionNamed } from './connection.ts'

const answer = z.object({ vendor_revocation: z.string(), next_action: z.string() })

const AT_THE_VENDOR: Readonly<Record<string, string>> = {
  done: 'the vendor has ended it too',
  failed: 'THE VENDOR DID NOT CONFIRM IT: a copy of the token may still work there',
  not_offered: 'the vendor offers no revocation: a copy of the token works there until its end',
  nothing_to_revoke: 'there was no token',
}

export const revoke: Command = {
  summary: 'end the token of a connection',
  help: `vendomat revoke <vendor> <connection> [--yes]

Ends the token that callers of this connection have been given: here at once, and at the vendor where that can be
done. It does not switch the connection off; "vendomat disable" does, and comes first when credentials have leaked.

  --yes   do not ask; needed where there is no terminal

Exits with 1 when the vendor did not confirm the revocation.

examples
  vendomat revoke accelo hq
  vendomat revoke netrex main --yes`,

  async run(parameters, shell) {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: { yes: { type: 'boolean', default: false } },
    })
    const { vendor, connection } = connectionNamed(positionals)
    const place = `${vendor}/${connection}`
    if (!values.yes && !(await agreed(place, shell))) {
      shell.say('nothing was revoked')
      return EXIT.failed
    }
    const body = await callApi('DELETE', `/tokens/${place}`, shell)
    const { vendor_revocation: outcome, next_action } = readAnswer(answer, body)
    shell.out(`${place} revoked; ${AT_THE_VENDOR[outcome] ?? `at the vendor: ${outcome}`}`)
    shell.say(`next step: ${next_action}`)
    return outcome === 'failed' ? EXIT.failed : EXIT.done
  },
}

async function agreed(place: string, { person }: Shell): Promise<boolean> {
  if (!person) throw new UsageError('there is no terminal to ask at: confirm with --yes')
  const answer = await person.ask(`End the token of ${place}? Whoever uses it now will be refused. [y/N] `)
  return /^y(es)?$/i.test(answer.trim())
}
