import { callApi, readAnswer } from './api.ts'
import { command, UsageError } from './command.ts'
import { connectionState, ONE_CONNECTION } from './connection.ts'

export const ack = command({
  about: `Says that somebody takes care of credentials that end. The machine records who
and when, says so in the notices to come, and is silent until the next step of
its ladder. It goes on reminding until new credentials have worked: "vendomat
rotate" puts them in.

Exits with 2 when there is no notice to acknowledge.`,
  takes: {
    ...ONE_CONNECTION,
    '--note <text>': 'what others should know, up to 200 characters; no secrets',
  },
  examples: ['vendomat ack iobeya main --note "ticket 4711, with the platform team"'],

  async run({ vendor, connection, note: text }, shell) {
    const note = text?.trim()
    if (note !== undefined && (note === '' || note.length > 200))
      throw new UsageError('--note takes 1 to 200 characters')
    const path = `/connections/${vendor}/${connection}/acknowledgement`
    const answer = await callApi('POST', path, shell, note === undefined ? {} : { note })
    const json = readAnswer(connectionState, answer)
    const { next_notice_at: following, credential_ends_at: ends } = json
    const until = following
      ? `; the next notice goes out on ${following.slice(0, 10)} unless the credentials are rotated`
      : ''
    const next = ends && `the credentials end on ${ends.slice(0, 10)}`
    return { text: `${vendor}/${connection} is acknowledged${until}`, json, ...(next && { next }) }
  },
})
