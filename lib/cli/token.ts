import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { callApi } from './api.ts'
import { type Command, EXIT, UsageError } from './command.ts'

const answer = z.looseObject({ access_token: z.string(), warnings: z.array(z.object({ detail: z.string() })) })

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

const print: Readonly<Record<string, (token: string, vendor: string, body: unknown) => string>> = {
  token: (token) => token,
  json: (_token, _vendor, body) => JSON.stringify(body, undefined, 2),
  header: (token) => `Authorization: Bearer ${token}`,
  env: (token, vendor) =>
    `export ${vendor.toUpperCase().replaceAll('-', '_')}_TOKEN='${token.replaceAll("'", "'\\''")}'`,
}

export const token: Command = {
  summary: 'print a fresh bearer token',
  help: `vendomat token <vendor> <connection> [--min-ttl seconds] [-o token|json|header|env]

Prints a bearer token that is fresh now and still good for --min-ttl seconds.

  -o token    the token alone (default)
  -o json     the machine's whole answer
  -o header   Authorization: Bearer ...
  -o env      export ACCELO_TOKEN='...'

examples
  vendomat token accelo hq
  curl -H "$(vendomat token accelo hq -o header)" https://acme.api.accelo.com/api/v0/tokeninfo
  eval "$(vendomat token accessia main --min-ttl 600 -o env)"`,

  async run(parameters, shell) {
    const { vendor, connection, minTtl, output } = read(parameters)
    const query = minTtl === undefined ? '' : `?min_ttl=${minTtl}`
    const body = await callApi('GET', `/tokens/${vendor}/${connection}${query}`, shell)
    const { access_token: token, warnings } = answer.parse(body)
    for (const { detail } of warnings) shell.say(`warning: ${detail}`)
    shell.out(output(token, vendor, body))
    return EXIT.done
  },
}

function read(parameters: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: { 'min-ttl': { type: 'string' }, output: { type: 'string', short: 'o', default: 'token' } },
  })
  const [vendor, connection, ...rest] = positionals
  if (!vendor || !connection || rest.length > 0) throw new UsageError('name a vendor and a connection')
  if (!NAME.test(vendor) || !NAME.test(connection)) throw new UsageError('names consist of a-z, 0-9 and "-"')
  const minTtl = values['min-ttl']
  if (minTtl !== undefined && !/^[0-9]{1,10}$/.test(minTtl))
    throw new UsageError('--min-ttl is a whole number of seconds')
  const output = Object.hasOwn(print, values.output) ? print[values.output] : undefined
  if (!output) throw new UsageError(`-o is one of ${Object.keys(print).join(', ')}`)
  return { vendor, connection, minTtl, output }
}
