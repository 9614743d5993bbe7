import { parseArgs } from 'node:util'
import { callApi, readAnswer } from './api.ts'
import { type Command, UsageError } from './command.ts'
import { connectionNamed, connectionState } from './connection.ts'

export const owner: Command = {
  summary: 'name who is notified when a person is needed',
  help: `vendomat owner <vendor> <connection> <who>

Names who owns the credentials of a connection: notices say so, and subscribers
of the topic can filter by it. A group's mail address outlives the person.

example
  vendomat owner iobeya main integrations@acme.example`,

  async run(parameters, shell) {
    const { positionals } = parseArgs({ args: [...parameters], allowPositionals: true })
    const [who = '', ...more] = positionals.slice(2).map((text) => text.trim())
    if (who === '' || who.length > 200 || more.length > 0)
      throw new UsageError('name one owner, of 1 to 200 characters')
    const { vendor, connection } = connectionNamed(positionals.slice(0, 2))
    const answer = await callApi('PUT', `/connections/${vendor}/${connection}/owner`, shell, { owner: who })
    return { text: `${vendor}/${connection} is owned by ${who}`, json: readAnswer(connectionState, answer) }
  },
}
