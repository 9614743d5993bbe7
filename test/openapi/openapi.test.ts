import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import document from '../../functions/api/openapi.json' with { type: 'json' }
import { ROUTES } from '../../functions/api/routes.ts'
import { FAILURES } from '../../functions/kit/errors.ts'
import { type Examples, openApi } from '../../lib/openapi.ts'

interface Content {
  readonly schema: object
  readonly example?: unknown
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)
const contents: (readonly [string, Content])[] = [
  ...operations.map(
    ({ operation }) => [operation.operationId, operation.responses[200].content['application/json']] as const,
  ),
  ...Object.entries(document.components.responses).map(
    ([status, { content }]) => [status, content['application/problem+json']] as const,
  ),
]
const examples: Examples = Object.fromEntries(contents.map(([name, { example }]) => [name, example]))

it('the document is OpenAPI 3.1, as a validator of others sees it', async () => {
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true })
  const broken = { ...structuredClone(document), paths: { '/x': { get: { responses: 3 } } } }
  expect((await new Validator().validate(broken)).valid).toBe(false)
})

it('the document has every route, and no other', () => {
  const described = operations.map(({ operation, method, path }) => [operation.operationId, method, path].join(' '))
  const deployed = Object.entries(ROUTES).map(([name, { method, path }]) => [name, method, path].join(' '))
  expect(described.sort()).toEqual(deployed.sort())
})

it('the document names every query parameter that is taken, and no other', () => {
  for (const { operation } of operations) {
    const parameters: readonly { readonly name?: string }[] = operation.parameters
    const named = parameters.flatMap(({ name }) => name ?? [])
    // The ids of the document are the keys of the routes, as the test above sees to.
    expect(named).toEqual(ROUTES[operation.operationId as keyof typeof ROUTES].query)
  }
})

it('the document names every code of a problem, at its status', () => {
  const responses: Record<string, { description: string }> = document.components.responses
  for (const [code, { status }] of Object.entries(FAILURES))
    expect(responses[status]?.description).toContain(`${code}: `)
})

it('the document is what the schemas and routes make of it: npm run openapi', () => {
  expect(openApi(examples)).toEqual(document)
})

describe('the example of', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'document', ...document })
  const valid = (name: string, { schema }: Content, example: unknown): boolean => {
    const pointer = '$ref' in schema ? { $ref: `document${schema.$ref}` } : schema
    return ajv.compile({ $id: `${name} ${Math.random()}`, ...pointer })(example)
  }

  it.each(contents.filter(([, { example }]) => example !== undefined))('%s fits its schema', (name, content) => {
    expect(valid(name, content, content.example)).toBe(true)
    expect(valid(name, content, { nothing: 'of it' })).toBe(false)
  })

  it('nothing is missing but what cannot be had on a laptop', () => {
    const missing = contents.filter(([, { example }]) => example === undefined).map(([name]) => name)
    expect(missing).toEqual(['500'])
  })
})
