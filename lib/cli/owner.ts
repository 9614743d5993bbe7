import { parseArgs } from 'node:util'
import { callApi } from './api.ts'
import { type Command, EXIT, UsageError } from './command.ts'
import { connectionNamed } from './connection.ts'

export const owner: Command = {
  summary: 'name who is notified when a person is needed',
  help: `vendomat owner <vendor> <connection> <who>

Names who owns the credentials of a connection: notices say so, and subscribers of the topic can filter by it. A group's
mail address outlives the person.

example
  vendomat owner iobeya main integrations@acme.example`,

  async run(parameters, shell) {
    const { positionals } = parseArgs({ args: [...parameters], allowPositionals: true })
    const [who = '', ...more] = positionals.slice(2).map((text) => text.trim())
    if (who === '' || who.length > 200 || more.length > 0)
      throw new UsageError('name one owner, of 1 to 200 characters')
    const { vendor, connection } = connectionNamed(positionals.slice(0, 2))
    await callApi('POST', `/connections/${vendor}/${connection}`, shell, { owner: who })
    shell.out(`${vendor}/${connection} is owned by ${who}`)
    return EXIT.done
  },
}
