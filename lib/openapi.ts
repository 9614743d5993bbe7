import * as z from 'zod'
import {
  AUTHORIZED,
  CONNECTION,
  PAGE,
  PROBLEM,
  REMOVED,
  REVOKED,
  TOKEN,
  TRIED,
  VENDOR,
} from '../functions/api/answers.ts'
import { ACKNOWLEDGEMENT, AUTHORIZATION, KEEP_WARM, OWNER, REFRESH, STATUS, TRIAL } from '../functions/api/bodies.ts'
import { type Operation, ROUTES } from '../functions/api/routes.ts'
import { FAILURES } from '../functions/kit/errors.ts'

type Json = Readonly<Record<string, unknown>>

/** Answers recorded from a machine: of an operation, or of a refusal by its status. */
export type Examples = Readonly<Partial<Record<Operation | `${number}`, unknown>>>

/** What stands in the document of each operation beside its route. */
const ABOUT: Readonly<
  Record<
    Operation,
    { readonly says: string; readonly body?: z.core.$ZodType; readonly answer: z.core.$ZodType; readonly as: string }
  >
> = {
  vend: { says: 'Gives a bearer token that is fresh now.', answer: TOKEN, as: 'Token' },
  refresh: {
    says: 'Reports a token that the vendor has refused, and gives the one that takes its place.',
    body: REFRESH,
    answer: TOKEN,
    as: 'Token',
  },
  revoke: {
    says: 'Ends the token that callers have been given, here at once and at the vendor where it can.',
    answer: REVOKED,
    as: 'Revoked',
  },
  describe: {
    says: 'What people have to know of a vendor: what its credentials consist of, and how they are made and replaced.',
    answer: VENDOR,
    as: 'Vendor',
  },
  list: { says: 'The connections of a vendor, by name, in pages.', answer: PAGE, as: 'Page' },
  show: { says: 'What is known of a connection. Never a token.', answer: CONNECTION, as: 'Connection' },
  setOwner: { says: 'Says who is asked when a person has to act.', body: OWNER, answer: CONNECTION, as: 'Connection' },
  setStatus: { says: 'Stops vending, or vends again.', body: STATUS, answer: CONNECTION, as: 'Connection' },
  setKeepWarm: {
    says: 'Renews ahead of need even when nobody asks, or not.',
    body: KEEP_WARM,
    answer: CONNECTION,
    as: 'Connection',
  },
  acknowledge: {
    says: 'Somebody is at it: no notice before the next step.',
    body: ACKNOWLEDGEMENT,
    answer: CONNECTION,
    as: 'Connection',
  },
  check: { says: 'The daily check of the credentials, now.', answer: CONNECTION, as: 'Connection' },
  tryVersion: {
    says: 'Obtains a token with a version of the secret that is not the current one yet, or only reads whether it fits.',
    body: TRIAL,
    answer: TRIED,
    as: 'Trial',
  },
  remove: { says: 'Forgets a connection whose secret is gone.', answer: REMOVED, as: 'Removed' },
  authorize: {
    says: 'Begins a consent, finishes it with what the vendor has sent the person back with, or takes over a token that a team has already, which is tried before it is stored.',
    body: AUTHORIZATION,
    answer: AUTHORIZED,
    as: 'Authorization',
  },
}

const QUERY: Readonly<Record<string, Json>> = {
  min_ttl: { description: 'Seconds the token has to live yet.', schema: { type: 'integer', minimum: 0, default: 0 } },
  next: { description: '`next` of the page before.', schema: { type: 'string' } },
}

/** The contract as OpenAPI 3.1, made of the routes and the schemas that the code reads with. */
export function openApi(examples: Examples): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [operation, { method, path, query }] of entriesOf(ROUTES)) {
    const { says, body, as } = ABOUT[operation]
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ $ref: `#/components/parameters/${name}` }))
    const asked = query.map((name) => ({ name, in: 'query', ...QUERY[name] }))
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = {
      operationId: operation,
      summary: says,
      parameters: [...named, ...asked],
      ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
      responses: {
        200: { description: 'Done.', ...whole(as, examples[operation]) },
        ...Object.fromEntries(STATUSES.map((status) => [status, { $ref: `#/components/responses/${status}` }])),
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vendomat',
      version: '1',
      description:
        'Fresh bearer tokens for third-party APIs. Each call is signed with AWS Signature V4, service execute-api.',
    },
    servers: [
      {
        url: 'https://{api}.execute-api.{region}.amazonaws.com/v1',
        variables: { api: { default: 'api' }, region: { default: 'eu-central-1' } },
      },
    ],
    security: [{ sigv4: [] }],
    paths,
    components: {
      securitySchemes: {
        sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' },
      },
      parameters: { vendor: inPath('vendor', 'accelo'), connection: inPath('connection', 'hq') },
      schemas: {
        ...Object.fromEntries(Object.values(ABOUT).map(({ as, answer }) => [as, schemaOf(answer)])),
        Problem: schemaOf(PROBLEM),
      },
      responses: Object.fromEntries(STATUSES.map((status) => [status, refusal(status, examples[`${status}`])])),
    },
  }
}

/** The machine's own, and 403, which is the gateway's. */
const STATUSES = [...new Set([403, ...Object.values(FAILURES).map(({ status }) => status)])].sort((a, b) => a - b)

function refusal(status: number, example: unknown): Json {
  const codes = Object.entries(FAILURES).filter(([, row]) => row.status === status)
  const waits = codes.some(([, { retryable }]) => retryable)
  return {
    description:
      codes.map(([code, { title }]) => `${code}: ${title}.`).join('\n') ||
      'IAM does not allow the call, or it is not signed.',
    ...(waits && { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        ...(example !== undefined && { example }),
      },
    },
  }
}

const whole = (as: string, example: unknown): Json => ({
  headers: { 'Cache-Control': { schema: { const: 'no-store' } } },
  content: {
    'application/json': { schema: { $ref: `#/components/schemas/${as}` }, ...(example !== undefined && { example }) },
  },
})

const inPath = (name: string, example: string): Json => ({
  ...{ name, in: 'path', required: true, example },
  schema: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
})

/** As it goes over the wire: a secret is text there. */
function schemaOf(schema: z.core.$ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    // The pattern of an instant says no more than its format.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'date-time' || jsonSchema.format === 'uri') delete jsonSchema.pattern
    },
  })
  return rest
}

/** The keys of an object that is written down in full. */
const entriesOf = <K extends string, V>(object: Readonly<Record<K, V>>): [K, V][] => Object.entries(object) as [K, V][]
