import { parseArgs } from 'node:util'
import type { Command } from './command.ts'

export const openapi: Command = {
  summary: "print the API's contract as OpenAPI 3.1",
  help: `vendomat openapi [-o json]

Prints the OpenAPI 3.1 document of the API that this version calls, with an
example of each answer. It needs no machine and no credentials.

example
  vendomat openapi > openapi.json`,

  outputs: ['json'],

  async run(parameters) {
    parseArgs({ args: [...parameters] })
    const { default: json } = await import('../../functions/api/openapi.json', { with: { type: 'json' } })
    return { json }
  },
}
