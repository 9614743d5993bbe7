import { clientForm } from './client-form.ts'
import type { Flow, NewVendor } from './new-vendor.ts'

export const clientCredentials = (vendor: NewVendor): Flow => ({
  files: {
    'README.md': readme(vendor),
    'credentials.ts': credentials(vendor),
    'forms.ts': clientForm,
    'sample.ts': SAMPLE,
    'simulator.ts': simulator(vendor),
    'steps.ts': steps(vendor),
    'vendor.ts': definition(vendor),
  },
  test: test(vendor),
})

const readme = ({ title }: NewVendor): string => `# ${title}

Client credentials with HTTP Basic (RFC 6749 sections 4.4 and 2.3.1). A token is kept in the table, sealed.

Members of the document: \`client_id\`, \`client_secret\`; optional \`scope\`.
`

const credentials = ({ title }: NewVendor): string => `import * as z from 'zod/mini'
import { secret } from '../kit/schema.ts'

/** What registering a client at ${title} gives. */
export const credentials = z.object({
  client_id: z.string('must be a string').check(z.trim(), z.regex(/^[!-~]+$/, 'must be an id without spaces')),
  client_secret: secret,
  // RFC 6749 section 3.3.
  scope: z.optional(
    z.string('must be a string').check(z.trim(), z.regex(/^[!-~]+( [!-~]+)*$/, 'must be scopes, a space between them')),
  ),
})
`

const SAMPLE = `import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({
  document: { client_id: 'client-0001', client_secret: secret },
  granted: { access_token: 'token-canary', token_type: 'Bearer', expires_in: 3600 },
})
`

const definition = ({ name, title, host }: NewVendor): string => `import { defineVendor } from '../kit/vendor.ts'
import { clientSecretBasic } from '../oauth/client-auth.ts'
import { clientCredentialsGrant } from '../oauth/grants.ts'
import { RFC_6749, type TokenShape } from '../oauth/token-answer.ts'
import { vendorUrl } from '../oauth/vendor-url.ts'
import { credentials } from './credentials.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { steps } from './steps.ts'

const TOKEN_ENDPOINT = 'https://${host}/oauth2/token'
const API = 'https://${host}'

const SHAPE: TokenShape = {
  ...RFC_6749,
  advice: {
    credential_rejected: 'check the client id and the client secret in ${title}',
  },
}

/** ${title}: client credentials with HTTP Basic (RFC 6749 sections 4.4 and 2.3.1). */
export const ${name} = defineVendor({
  ...facts,
  ...steps,

  credentials,
  forms,

  issue: async ({ scope, ...client }, _refreshToken, context) => {
    const { accessToken, ...issued } = await clientCredentialsGrant(
      { url: vendorUrl(TOKEN_ENDPOINT, context.hosts), clientAuth: clientSecretBasic(client), shape: SHAPE },
      { scope },
      context,
    )
    return { ...issued, accessToken: { ...accessToken, context: { api_base_url: API } } }
  },
})
`

const steps = ({ title }: NewVendor): string => `import type { VendorSteps } from '../kit/vendor.ts'

export const steps = {
  creation: [
    {
      title: 'client',
      before: [
        'Log in to ${title} as somebody who may register clients.',
        'Register a client for this integration alone.',
        'Copy the client id and the client secret.',
      ],
      after: [],
    },
  ],
  rotation: {
    credential: 'client secret',
    before: ['In ${title}, make a new secret for the client.', 'Copy the client secret.'],
    after: ['Delete the old client secret.'],
  },
} as const satisfies VendorSteps
`

const simulator = ({ id, title, host }: NewVendor): string => `import { randomBytes } from 'node:crypto'
import type { SimulatedVendor, VendorAnswer, VendorCall, VendorSimulator } from '../simulation/vendor-simulator.ts'
import { answer, bearerOf, formOf, lifetimeOf, secondsOf } from '../simulation/vendor-simulator.ts'

const HOST = '${host}'
const TOKEN_PATH = '/oauth2/token'
const HOUR = 3600

/** The one client there is. */
const client = { client_id: 'client-0001', client_secret: 'local-Secret.value_1' } as const

export const connections: SimulatedVendor['connections'] = () => ({ main: client })

/** Answers by RFC 6749 as long as nobody has written down here what ${title} documents. */
export function simulator(): VendorSimulator {
  const tokens = new Map<string, number>()

  function token(call: VendorCall): VendorAnswer {
    const form = formOf(call)
    if (!form) return answer(400, { error: 'invalid_request' })
    if (call.headers.authorization !== BASIC) return refusedClient
    if (form.grant_type !== 'client_credentials') return answer(400, { error: 'unsupported_grant_type' })
    const life = lifetimeOf(call, HOUR)
    const value = randomBytes(18).toString('base64url')
    tokens.set(value, secondsOf(call.now) + life.seconds)
    return answer(200, { access_token: value, token_type: 'Bearer', expires_in: life.claimed })
  }

  return {
    vendor: '${id}',
    answersFor: (host) => host === HOST,
    isTokenPath: (path) => path === TOKEN_PATH,
    respond(call) {
      if (call.method === 'POST' && call.path === TOKEN_PATH) return token(call)
      const expiry = tokens.get(bearerOf(call) ?? '') ?? 0
      return expiry > secondsOf(call.now) ? answer(200, {}) : answer(401, { error: 'invalid_token' })
    },
    refusedClient,
    tokenMember: 'access_token',
    revoke: (token) => void tokens.delete(token),
    revokeAll: () => tokens.clear(),
  }
}

const BASIC = \`Basic \${Buffer.from(\`\${client.client_id}:\${client.client_secret}\`).toString('base64')}\`
const refusedClient = answer(401, { error: 'invalid_client' })
`

const test = ({
  id,
  name,
  host,
}: NewVendor): string => `import { ${name} as vendor } from '../../functions/${id}/vendor.ts'
import { contextFor, failureOf, json, type Step, vendorAnswering } from '../support/fake-vendor.ts'

const HOST = '${host}'
const credentials = { client_id: 'client-0001', client_secret: 's3cr.et-_x' }
const granted = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 }

async function issue(document: object, step: Step = json(granted)) {
  const fake = vendorAnswering(step)
  const { accessToken } = await vendor.issue(document, undefined, contextFor(fake, vendor))
  return { accessToken, request: fake.requests[0] }
}

it('proves who we are with Basic, and says which grant it is', async () => {
  const { request } = await issue(credentials)
  expect(request).toMatchObject({ method: 'POST', url: \`https://\${HOST}/oauth2/token\` })
  expect(request?.headers.get('authorization')).toBe('Basic Y2xpZW50LTAwMDE6czNjci5ldC1feA==')
  expect(request?.body).toBe('grant_type=client_credentials')
})

it('requests the scope of the document', async () => {
  const { request, accessToken } = await issue({ ...credentials, scope: 'read write' })
  expect(request?.body).toBe('grant_type=client_credentials&scope=read+write')
  expect(accessToken.scope).toBe('read write')
})

it('says where the token is used', async () => {
  const { accessToken } = await issue(credentials)
  expect(accessToken.context).toEqual({ api_base_url: \`https://\${HOST}\` })
})

it('says what to check when the client is refused', async () => {
  const error = await failureOf(issue(credentials, json({ error: 'invalid_client' }, 401)))
  expect(error).toMatchObject({ code: 'credential_rejected', message: expect.stringContaining('check the client id') })
})

it('form-encodes id and secret first, so that a colon does not end the id in the header', async () => {
  const { request } = await issue({ ...credentials, client_id: 'client:0001' })
  expect(request?.headers.get('authorization')).toBe('Basic Y2xpZW50JTNBMDAwMTpzM2NyLmV0LV94')
})

it('refuses an id with a space, which was pasted along', async () => {
  const error = await failureOf(issue({ ...credentials, client_id: 'client 0001' }))
  expect(error).toMatchObject({ code: 'configuration' })
})
`
