import { command } from './command.ts'

export const openapi = command({
  about: `Prints the OpenAPI 3.1 document of the API that this version calls, with an
example of each answer. It needs no machine and no credentials.`,
  takes: {},
  examples: ['vendomat openapi > openapi.json'],

  outputs: { json: 'the document' },

  async run() {
    const { default: json } = await import('../../functions/api/openapi.json', { with: { type: 'json' } })
    return { json }
  },
})
