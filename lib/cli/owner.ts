import { callApi, readAnswer } from './api.ts'
import { command, UsageError } from './command.ts'
import { connectionState, ONE_CONNECTION } from './connection.ts'

export const owner = command({
  about: `Names who owns the credentials of a connection: notices say so, and subscribers
of the topic can filter by it. A group's mail address outlives the person.`,
  takes: { ...ONE_CONNECTION, '<who>': '' },
  examples: ['vendomat owner iobeya main integrations@acme.example'],

  async run({ vendor, connection, who: text }, shell) {
    const who = text.trim()
    if (who === '' || who.length > 200) throw new UsageError('name one owner, of 1 to 200 characters')
    const answer = await callApi('PUT', `/connections/${vendor}/${connection}/owner`, shell, { owner: who })
    return { text: `${vendor}/${connection} is owned by ${who}`, json: readAnswer(connectionState, answer) }
  },
})
