import type { Flow, NewVendor } from './new-vendor.ts'

export const staticToken = (vendor: NewVendor): Flow => ({
  files: {
    'README.md': readme(vendor),
    'forms.ts': FORMS,
    'sample.ts': SAMPLE,
    'simulator.ts': simulator(vendor),
    'steps.ts': steps(vendor),
    'vendor.ts': definition(vendor),
  },
  test: test(vendor),
})

const readme = ({ title }: NewVendor): string => `# ${title}

A person makes the token; it cannot be refreshed. It is kept in the secret itself.

Members of the document: \`token\`; optional \`expires_on\`, for a token that does not say itself when it ends.
`

const SAMPLE = `import type { MakeSample } from '../kit/sample.ts'

export const sample: MakeSample = (secret) => ({ document: { token: secret } })
`

const definition = ({ name, title, host }: NewVendor): string => `import * as z from 'zod/mini'
import { endDate } from '../kit/schema.ts'
import { NEVER } from '../kit/time.ts'
import { defineVendor } from '../kit/vendor.ts'
import { liveCheck } from '../oauth/live-check.ts'
import { pastedToken, staticToken } from '../oauth/static-token.ts'
import { vendorUrl } from '../oauth/vendor-url.ts'
import { facts } from './facts.ts'
import { forms } from './forms.ts'
import { steps } from './steps.ts'

const API = 'https://${host}'
/** A cheap read that any token may make. */
const READ = 'https://${host}/me'

/** ${title}: a person makes the token. It is vended as it is, until it ends or is refused. */
export const ${name} = defineVendor({
  ...facts,
  ...steps,

  credentials: z.object({ token: pastedToken, expires_on: endDate }),
  forms,

  isStatic: () => true,

  liveness: (_credentials, { value: token }, context) =>
    liveCheck(
      {
        url: vendorUrl(READ, context.hosts),
        token,
        forbidden: () => 'limited',
        judge: () => 'alive',
        advice: 'check the address of the API',
      },
      context,
    ),

  issue: async ({ token, expires_on: endsOn }, _refreshToken, context) =>
    staticToken({
      token,
      endsOn,
      endsOtherwise: NEVER,
      context: { api_base_url: API },
      now: context.now(),
    }),
})
`

const steps = ({ title }: NewVendor): string => `import type { VendorSteps } from '../kit/vendor.ts'

export const steps = {
  creation: [
    {
      title: 'token',
      before: [
        'Log in to ${title} as the user whose rights the token is to have.',
        'Make a token for this integration alone, and copy it.',
      ],
      after: [],
    },
  ],
  rotation: {
    credential: 'token',
    before: ['Log in to ${title} as its user, make a new token and copy it.'],
    after: ['Delete the old token.'],
  },
} as const satisfies VendorSteps
`

const simulator = ({
  id,
  title,
  host,
}: NewVendor): string => `import type { SimulatedVendor, VendorSimulator } from '../simulation/vendor-simulator.ts'
import { answer, bearerOf } from '../simulation/vendor-simulator.ts'

const HOST = '${host}'
const READ_PATH = '/me'

/** The one that a person has made. */
const token = 'local-token-0001'

export const connections: SimulatedVendor['connections'] = () => ({ main: { token } })

/** Knows one token, as long as nobody has written down here what ${title} documents. */
export function simulator(): VendorSimulator {
  const tokens = new Set<string>([token])

  return {
    vendor: '${id}',
    answersFor: (host) => host === HOST,
    isTokenPath: (path) => path === READ_PATH,
    respond: (call) => (tokens.has(bearerOf(call) ?? '') ? answer(200, {}) : refusedClient),
    refusedClient,
    revoke: (token) => void tokens.delete(token),
    revokeAll: () => tokens.clear(),
  }
}

const refusedClient = answer(401, { error: 'invalid_token' })
`

const test = ({
  id,
  name,
  host,
}: NewVendor): string => `import { ${name} as vendor } from '../../functions/${id}/vendor.ts'
import { contextFor, failureOf, json, NOW, vendorAnswering } from '../support/fake-vendor.ts'

const HOST = '${host}'
const issue = (document: object) => vendor.issue(document, undefined, contextFor(vendorAnswering(), vendor))

async function livenessFor(answer: Response) {
  const fake = vendorAnswering(answer)
  const { accessToken } = await issue({ token: 'token-1' })
  const context = contextFor(fake, vendor)
  return {
    liveness: await vendor.liveness?.({ token: 'token-1' }, accessToken, context),
    request: fake.requests[0],
  }
}

it('vends the token as it was pasted, without what was copied along', async () => {
  const { accessToken } = await issue({ token: ' Bearer token-1\\n' })
  expect(accessToken.value.reveal()).toBe('token-1')
  expect(accessToken.context).toEqual({ api_base_url: \`https://\${HOST}\` })
})

it('ends with the day that a person has written down', async () => {
  const { accessToken } = await issue({ token: 'token-1', expires_on: '2026-12-31' })
  expect(accessToken.expiresAt).toEqual(new Date('2026-12-31T23:59:59Z'))
})

it('is over on the day after', async () => {
  const yesterday = new Date(NOW.getTime() - 24 * 60 * 60 * 1000).toISOString().slice(0, 10)
  const error = await failureOf(issue({ token: 'token-1', expires_on: yesterday }))
  expect(error).toMatchObject({ code: 'credential_expired' })
})

it('is alive while the API answers, and refused when it does not take the token', async () => {
  const { liveness, request } = await livenessFor(json({}))
  expect(liveness).toBe('alive')
  expect(request).toMatchObject({ method: 'GET', url: \`https://\${HOST}/me\` })
  expect((await livenessFor(json({}, 401))).liveness).toBe('refused')
})
`

const FORMS = `import { type CredentialForm, endField } from '../kit/form.ts'

export const forms: readonly CredentialForm[] = [
  { title: 'token', is_token: true, fields: [{ name: 'token', label: 'token', secret: true }, endField('token')] },
]
`
