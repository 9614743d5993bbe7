import { callApi, readAnswer } from './api.ts'
import { command, UsageError } from './command.ts'
import { connectionState, ONE_CONNECTION } from './connection.ts'

export const ack = command({
  about: `Says that somebody takes care of credentials, or of a grant, that end. The
machine records who and when, says so in the notices to come, and is silent
until the next step of its ladder. It goes on reminding until new credentials
have worked, which "vendomat rotate" puts in, or a new consent, which "vendomat
connect" asks for.

Exits with 2 when there is no notice to acknowledge.`,
  takes: {
    ...ONE_CONNECTION,
    '--grant': 'of the grant that a person gave, where the credentials end as well',
    '--note <text>': 'what others should know, up to 200 characters; no secrets',
  },
  examples: ['vendomat ack iobeya main --note "ticket 4711, with the platform team"'],

  async run({ vendor, connection, grant, note: text }, shell) {
    const note = text?.trim()
    if (note !== undefined && (note === '' || note.length > 200))
      throw new UsageError('--note takes 1 to 200 characters')
    const path = `/connections/${vendor}/${connection}/acknowledgement`
    const said = { ...(grant && { of: 'grant' }), ...(note !== undefined && { note }) }
    const answer = await callApi('POST', path, shell, said)
    const json = readAnswer(connectionState, answer)
    // Without a word it was of the credentials, where there is a notice of them.
    const ofGrant = grant || (json.next_notice_at === undefined && json.grant?.next_notice_at !== undefined)
    const { next_notice_at: following } = (ofGrant ? json.grant : json) ?? {}
    const ends = ofGrant ? json.grant?.ends_at : json.credential_ends_at
    const proof = ofGrant ? 'somebody connects again' : 'the credentials are rotated'
    const until = following ? `; the next notice goes out on ${following.slice(0, 10)} unless ${proof}` : ''
    const next = ends && `the ${ofGrant ? 'grant ends' : 'credentials end'} on ${ends.slice(0, 10)}`
    return { text: `${vendor}/${connection} is acknowledged${until}`, json, ...(next && { next }) }
  },
})
