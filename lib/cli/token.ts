import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { TOKEN } from '../../functions/api/answers.ts'
import { callApi, readAnswer } from './api.ts'
import { type Command, UsageError } from './command.ts'
import { connectionNamed } from './connection.ts'

const answer = z.pick(TOKEN, { access_token: true, warnings: true })

export const token: Command = {
  summary: 'print a fresh bearer token',
  help: `vendomat token <vendor> <connection>
               [--min-ttl seconds | --rejected fingerprint]
               [-o token|json|header|env]

Prints a bearer token that is fresh now and still good for --min-ttl seconds.
When the vendor has refused a token before its end, --rejected tells the machine
so and prints the one that follows it.

  --rejected   the fingerprint of the refused token: the machine's answer to -o
               json has it

  -o token    the token alone (default)
  -o json     the machine's whole answer
  -o header   Authorization: Bearer ...
  -o env      export ACCELO_TOKEN='...'

examples
  vendomat token accelo hq
  curl -H "$(vendomat token accelo hq -o header)" "$API/tokeninfo"
  eval "$(vendomat token accessia main --min-ttl 600 -o env)"
  vendomat token accelo hq --rejected 0123456789abcdef`,

  outputs: ['token', 'json', 'header', 'env'],

  async run(parameters, shell, output) {
    const { vendor, connection, minTtl, rejected } = read(parameters)
    const path = `/tokens/${vendor}/${connection}`
    const query = minTtl === undefined ? '' : `?min_ttl=${minTtl}`
    const body = rejected
      ? await callApi('POST', `${path}/refresh`, shell, { rejected })
      : await callApi('GET', `${path}${query}`, shell)
    const { access_token: value, warnings } = readAnswer(answer, body)
    for (const { detail } of warnings) shell.say(`warning: ${detail}`)
    // That it is an object was just read from it.
    return { text: printed(value, vendor, output), json: body as object }
  },
}

function printed(token: string, vendor: string, output: string): string {
  if (output === 'header') return `Authorization: Bearer ${token}`
  if (output !== 'env') return token
  return `export ${vendor.toUpperCase().replaceAll('-', '_')}_TOKEN='${token.replaceAll("'", "'\\''")}'`
}

function read(parameters: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      'min-ttl': { type: 'string' },
      rejected: { type: 'string' },
    },
  })
  const { 'min-ttl': minTtl, rejected } = values
  if (minTtl !== undefined && !/^[0-9]{1,10}$/.test(minTtl))
    throw new UsageError('--min-ttl is a whole number of seconds')
  if (rejected !== undefined && !/^[0-9a-f]{16}$/.test(rejected))
    throw new UsageError('--rejected is a fingerprint: 16 digits of 0-9 and a-f')
  if (rejected !== undefined && minTtl !== undefined) throw new UsageError('--min-ttl does not go with --rejected')
  return { ...connectionNamed(positionals), minTtl, rejected }
}
