import { parseArgs } from 'node:util'
import { callApi, readAnswer } from './api.ts'
import { type Command, UsageError } from './command.ts'
import { connectionNamed, connectionState } from './connection.ts'
import { vendorNamed } from './vendor-named.ts'

export const ack: Command = {
  summary: 'say that you are at it: no reminder before the next step',
  help: `vendomat ack <vendor> <connection> [--note text]

Says that somebody takes care of credentials that end. The machine records who
and when, says so in the notices to come, and is silent until the next step of
its ladder. It goes on reminding until new credentials have worked: "vendomat
rotate" puts them in.

  --note   what others should know, up to 200 characters; no secrets

Exits with 2 when there is no notice to acknowledge.

example
  vendomat ack iobeya main --note "ticket 4711, with the platform team"`,

  async run(parameters, shell) {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: { note: { type: 'string' } },
    })
    const note = values.note?.trim()
    if (note !== undefined && (note === '' || note.length > 200))
      throw new UsageError('--note takes 1 to 200 characters')
    const { vendor, connection } = connectionNamed(positionals)
    const { credential } = vendorNamed(vendor).rotation
    const path = `/connections/${vendor}/${connection}/acknowledgement`
    const answer = await callApi('POST', path, shell, note === undefined ? {} : { note })
    const json = readAnswer(connectionState, answer)
    const { next_notice_at: following, credential_ends_at: ends } = json
    const until = following
      ? `; the next notice goes out on ${following.slice(0, 10)} unless the ${credential} is rotated`
      : ''
    const next = ends && `the ${credential} ends on ${ends.slice(0, 10)}`
    return { text: `${vendor}/${connection} is acknowledged${until}`, json, ...(next && { next }) }
  },
}
