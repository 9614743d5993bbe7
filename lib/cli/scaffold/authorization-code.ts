import { clientForm } from './client-form.ts'
import { byId, type Flow, type NewVendor } from './new-vendor.ts'

export const authorizationCode = (vendor: NewVendor): Flow => ({
  files: {
    'README.md': readme(vendor),
    'credentials.ts': credentials(vendor),
    'forms.ts': clientForm,
    'exchange.ts': exchange(vendor),
    'sample.ts': SAMPLE,
    'simulator.ts': simulator(vendor),
    'steps.ts': steps(vendor),
    'vendor.ts': definition(vendor),
  },
  test: test(vendor),
})

const readme = ({ title }: NewVendor): string => `# ${title}

A person consents once (RFC 6749 section 4.1), then a refresh token renews. A token is kept in the table, sealed.

Members of the document: \`client_id\`, \`client_secret\`; optional \`scope\`.
`

const credentials = ({ title }: NewVendor): string => `import * as z from 'zod/mini'
import { secret } from '../kit/schema.ts'

/** What registering a client at ${title} gives; a person then connects an account to it. */
export const credentials = z.object({
  client_id: z.string('must be a string').check(z.trim(), z.regex(/^[!-~]+$/, 'must be an id without spaces')),
  client_secret: secret,
  // RFC 6749 section 3.3.
  scope: z.optional(
    z.string('must be a string').check(z.trim(), z.regex(/^[!-~]+( [!-~]+)*$/, 'must be scopes, a space between them')),
  ),
})
`

const exchange = ({ name }: NewVendor): string => `import { exchangeHandler } from '../lambda/exchange.ts'
import { ${name} } from './vendor.ts'

export const handler = exchangeHandler(${name})
`

const SAMPLE = `import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({
  document: { client_id: 'client-0001', client_secret: secret },
  granted: { access_token: 'token-canary', token_type: 'Bearer', expires_in: 3600 },
  refreshToken: \`refresh-\${secret}\`,
})
`

const definition = ({ name, title, host }: NewVendor): string => `import type * as z from 'zod/mini'
import { VendingError } from '../kit/errors.ts'
import { defineVendor, type Issued } from '../kit/vendor.ts'
import { authorizationUrl } from '../oauth/authorization.ts'
import { clientSecretBasic } from '../oauth/client-auth.ts'
import { authorizationCodeGrant, refreshTokenGrant, type TokenEndpoint } from '../oauth/grants.ts'
import { RFC_6749, type TokenShape } from '../oauth/token-answer.ts'
import { vendorUrl } from '../oauth/vendor-url.ts'
import { credentials } from './credentials.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { steps } from './steps.ts'

const PAGE = 'https://${host}/oauth2/authorize'
const TOKEN_ENDPOINT = 'https://${host}/oauth2/token'
const API = 'https://${host}'
const NOT_CONNECTED = 'nobody has connected this ${title} account yet'

const SHAPE: TokenShape = {
  ...RFC_6749,
  advice: {
    credential_rejected: 'check the client id and the client secret in ${title}',
    grant_rejected: 'a person has to connect the account again',
  },
}

/** ${title}: a person consents once (RFC 6749 section 4.1), then a refresh token renews. */
export const ${name} = defineVendor({
  ...facts,
  ...steps,

  credentials,
  forms,

  issue: async (client, refreshToken, context) => {
    if (!refreshToken) throw new VendingError('not_connected', NOT_CONNECTED)
    return used(await refreshTokenGrant(tokenEndpoint(client, context.hosts), refreshToken, context))
  },

  authorization: {
    url: async ({ client_id: clientId, scope }, { redirectUri, state }, { hosts }) => {
      if (redirectUri === undefined) throw new VendingError('configuration', 'the consent has no redirect URL')
      return authorizationUrl(vendorUrl(PAGE, hosts), { clientId, redirectUri, state, ...(scope && { scope }) })
    },
    tokenEndpoint: async (client, { hosts }) => tokenEndpoint(client, hosts).url,
    exchange: async (client, grant, context) =>
      used(await authorizationCodeGrant(tokenEndpoint(client, context.hosts), grant, context)),
  },
})

const tokenEndpoint = (client: z.output<typeof credentials>, hosts: readonly string[]): TokenEndpoint => ({
  url: vendorUrl(TOKEN_ENDPOINT, hosts),
  clientAuth: clientSecretBasic(client),
  shape: SHAPE,
})

const used = ({ accessToken, ...issued }: Issued): Issued => ({
  ...issued,
  accessToken: { ...accessToken, context: { api_base_url: API } },
})
`

const steps = ({ title }: NewVendor): string => `import type { VendorSteps } from '../kit/vendor.ts'

const CONSENT = 'Log in to ${title} with the account whose data callers are to see.'

export const steps = {
  creation: [
    {
      title: 'client',
      before: [
        'Log in to ${title} as somebody who may register clients.',
        'Register a client for this integration alone, with exactly the redirect URL that this command prints first.',
        'Copy the client id and the client secret.',
        CONSENT,
      ],
      after: [],
    },
  ],
  consent: [CONSENT],
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
const PAGE_PATH = '/oauth2/authorize'
const TOKEN_PATH = '/oauth2/token'
const HOUR = 3600

/** The one client there is. */
const client = { client_id: 'client-0001', client_secret: 'local-Secret.value_1' } as const
const REDIRECT_URI = 'http://127.0.0.1:8363/callback'

/** It waits for a person's consent. */
export const connections: SimulatedVendor['connections'] = () => ({ main: client })

/** Answers by RFC 6749 as long as nobody has written down here what ${title} documents. */
export function simulator(): VendorSimulator {
  const codes = new Set<string>()
  const refreshTokens = new Set<string>()
  const tokens = new Map<string, number>()

  /** A page for people. Nothing is sent to the redirect address before it is known to be the client's. */
  function authorize({ query }: VendorCall): VendorAnswer {
    if (query.get('client_id') !== client.client_id) return page(400, 'This client is not known.')
    if (query.get('redirect_uri') !== REDIRECT_URI) return page(400, 'This redirect URL is not registered.')
    const decision = query.get('decision')
    if (decision !== 'allow' && decision !== 'deny') return page(200, 'An application asks for access.', query)
    const location = new URL(REDIRECT_URI)
    location.searchParams.set('state', query.get('state') ?? '')
    if (decision === 'deny') location.searchParams.set('error', 'access_denied')
    else location.searchParams.set('code', newIn(codes))
    return answer(302, '', { Location: location.href, 'Cache-Control': 'no-store' })
  }

  function token(call: VendorCall): VendorAnswer {
    const form = formOf(call)
    if (!form) return answer(400, { error: 'invalid_request' })
    if (call.headers.authorization !== BASIC) return refusedClient
    const { grant_type, code = '', redirect_uri, refresh_token = '' } = form
    if (grant_type === 'refresh_token')
      return refreshTokens.has(refresh_token) ? issue(call) : answer(400, { error: 'invalid_grant' })
    if (grant_type !== 'authorization_code') return answer(400, { error: 'unsupported_grant_type' })
    // A code is good for one use, whatever comes of it (RFC 6749 section 4.1.2).
    if (!codes.delete(code) || redirect_uri !== REDIRECT_URI) return answer(400, { error: 'invalid_grant' })
    return issue(call, newIn(refreshTokens))
  }

  function issue(call: VendorCall, refreshToken?: string): VendorAnswer {
    const life = lifetimeOf(call, HOUR)
    const value = randomBytes(18).toString('base64url')
    tokens.set(value, secondsOf(call.now) + life.seconds)
    return answer(200, {
      access_token: value,
      token_type: 'Bearer',
      expires_in: life.claimed,
      ...(refreshToken && { refresh_token: refreshToken }),
    })
  }

  return {
    vendor: '${id}',
    answersFor: (host) => host === HOST,
    isTokenPath: (path) => path === TOKEN_PATH,
    respond(call) {
      if (call.method === 'GET' && call.path === PAGE_PATH) return authorize(call)
      if (call.method === 'POST' && call.path === TOKEN_PATH) return token(call)
      const expiry = tokens.get(bearerOf(call) ?? '') ?? 0
      return expiry > secondsOf(call.now) ? answer(200, {}) : answer(401, { error: 'invalid_token' })
    },
    refusedClient,
    tokenMember: 'access_token',
    revoke: (token) => {
      tokens.delete(token)
      refreshTokens.delete(token)
    },
    revokeAll: () => {
      tokens.clear()
      refreshTokens.clear()
    },
  }
}

const BASIC = \`Basic \${Buffer.from(\`\${client.client_id}:\${client.client_secret}\`).toString('base64')}\`
const refusedClient = answer(401, { error: 'invalid_client' })

function newIn(values: Set<string>): string {
  const value = randomBytes(18).toString('base64url')
  values.add(value)
  return value
}

/** With a query, two links back to this page. They are relative, so that they work at any address of the simulator. */
function page(status: number, text: string, query?: URLSearchParams): VendorAnswer {
  const linkTo = (decision: string) => {
    const decided = new URLSearchParams(query)
    decided.set('decision', decision)
    return \`<a href="?\${\`\${decided}\`.replaceAll('&', '&amp;')}">\${decision}</a>\`
  }
  const links = query ? \`<p>\${linkTo('allow')} \${linkTo('deny')}</p>\` : ''
  return answer(status, \`<!doctype html><meta charset="utf-8"><title>Simulated</title><p>\${text}</p>\${links}\`, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
  })
}
`

const test = (vendor: NewVendor): string => `${importsOf(vendor)}
import { contextFor, failureOf, json, type Step, vendorAnswering } from '../support/fake-vendor.ts'

const HOST = '${vendor.host}'
const credentials = { client_id: 'client-0001', client_secret: 's3cr.et-_x' }
const redirectUri = 'http://127.0.0.1:8363/callback'
const granted = { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600, refresh_token: 'refresh-2' }

function vendorWith(step: Step = json(granted)) {
  const fake = vendorAnswering(step)
  return { context: contextFor(fake, vendor), requests: fake.requests }
}

it('sends the person to a page that knows client, redirect URL, scope and state', async () => {
  const document = { ...credentials, scope: 'read write' }
  const url = await vendor.authorization?.url(document, { redirectUri, state: 'state-1' }, vendorWith().context)
  expect(\`\${url?.origin}\${url?.pathname}\`).toBe(\`https://\${HOST}/oauth2/authorize\`)
  expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
    response_type: 'code',
    client_id: 'client-0001',
    redirect_uri: redirectUri,
    scope: 'read write',
    state: 'state-1',
  })
})

it('exchanges the code, and keeps the refresh token', async () => {
  const { context, requests } = vendorWith()
  const issued = await vendor.authorization?.exchange(credentials, { code: new Secret('code-1'), redirectUri }, context)
  expect(requests[0]).toMatchObject({ method: 'POST', url: \`https://\${HOST}/oauth2/token\` })
  expect(requests[0]?.headers.get('authorization')).toBe('Basic Y2xpZW50LTAwMDE6czNjci5ldC1feA==')
  expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
    grant_type: 'authorization_code',
    code: 'code-1',
    redirect_uri: redirectUri,
  })
  expect(issued?.refreshToken?.reveal()).toBe('refresh-2')
  expect(issued?.accessToken.context).toEqual({ api_base_url: \`https://\${HOST}\` })
})

it('renews with the refresh token', async () => {
  const { context, requests } = vendorWith()
  await vendor.issue(credentials, new Secret('refresh-1'), context)
  expect(requests[0]?.body).toBe('grant_type=refresh_token&refresh_token=refresh-1')
})

it('waits for a person before the first consent, and calls nobody', async () => {
  const { context, requests } = vendorWith()
  const error = await failureOf(vendor.issue(credentials, undefined, context))
  expect(error).toMatchObject({ code: 'not_connected' })
  expect(requests).toEqual([])
})

it('wants a new consent when the refresh token is refused', async () => {
  const { context } = vendorWith(json({ error: 'invalid_grant' }, 400))
  const error = await failureOf(vendor.issue(credentials, new Secret('refresh-1'), context))
  expect(error).toMatchObject({ code: 'grant_rejected', message: expect.stringContaining('connect the account again') })
})
`

/** Sorted by their paths. */
const importsOf = ({ id, name }: NewVendor): string =>
  [
    { from: id, line: `import { ${name} as vendor } from '../../functions/${id}/vendor.ts'` },
    { from: 'kit', line: `import { Secret } from '../../functions/kit/secret.ts'` },
  ]
    .sort((one, other) => byId(one.from, other.from))
    .map(({ line }) => line)
    .join('\n')
