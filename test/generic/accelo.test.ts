import { accelo as code } from '../../functions/accelo/vendor.ts'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { orFailure, VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsBetween } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { contextFor, html, json, type Step, vendorAnswering } from '../support/fake-vendor.ts'

/** What of Accelo can be said without code. */
const description: VendorDescription = {
  title: 'Accelo',
  hosts: ['api.accelo.com'],
  grant: 'client_credentials',
  clientAuthentication: 'client_secret_basic',
  tokenEndpoint: 'https://{deployment}.api.accelo.com/oauth2/v0/token',
  revocationEndpoint: 'https://{deployment}.api.accelo.com/oauth2/v0/revoke',
  parameters: { expires_in: '{token_lifetime_seconds}' },
  scope: 'read(all)',
  scopeSeparator: ',',
  maxLifeSeconds: 30 * 86_400,
  defaultLifeSeconds: 86_400,
  apiBaseUrl: 'https://{deployment}.api.accelo.com/api/v0',
  answer: { context: { deployment: 'deployment' } },
  credentials: {
    labels: { deployment: 'deployment, the name in front of .accelo.com' },
    defaults: { token_lifetime_seconds: '86400' },
    steps: [
      'Log in to Accelo as the person who is to own the application, open Configuration, API, and register a Service application.',
      'Copy the client id and the client secret.',
    ],
  },
}

const described = describedVendor('accelo', description)
const credentials = { deployment: 'acme', client_id: 'abcdef12@acme.accelo.com', client_secret: 's3cr.et-_x' }
const granted = { access_token: 'Zz9xxxxx_aa', token_type: 'bearer', expires_in: '86400', deployment: 'acme' }

/** What came of a request for a token: what was issued, or the failure. */
async function asked(vendor: Vendor, document: object = credentials, step: Step = json(granted)) {
  const fake = vendorAnswering(step)
  const issued = await orFailure(vendor.issue(document, undefined, contextFor(fake, vendor)))
  return { issued, request: fake.requests[0] }
}

async function codeOf(vendor: Vendor, document: object, step?: Step) {
  const { issued } = await asked(vendor, document, step)
  return issued instanceof VendingError ? issued.code : 'issued'
}

async function revoked(vendor: Vendor, step: Step) {
  const { revocation } = vendor
  if (!revocation) throw new Error('it takes nothing back')
  const context = contextFor(vendorAnswering(step), vendor)
  const failure = await orFailure(revocation.revoke(credentials, new Secret('Zz9xxxxx_aa'), context))
  return failure instanceof VendingError ? failure.code : 'revoked'
}

describe('Accelo as a description', () => {
  it.each([credentials, { ...credentials, scope: 'read(all) write(a,b)' }, { ...credentials, deployment: ' Acme ' }])(
    'asks as its code does, but for the header (%#)',
    async (document) => {
      const [one, other] = [await asked(code, document), await asked(described, document)]
      const parametersOf = (body = '') => Object.fromEntries(new URLSearchParams(body))
      expect(parametersOf(other.request?.body)).toEqual(parametersOf(one.request?.body))
      expect(other.request?.url).toBe(one.request?.url)
      expect(other.issued).toEqual(one.issued)
    },
  )

  it.each([
    [{ error: 'invalid_client' }, 401],
    [{ error: 'invalid_scope' }, 400],
    [{ error: 'too_many_requests' }, 429],
    [{ error: 'too_many_failed_logins' }, 401],
    [{ meta: { status: 'invalid_request' } }, 400],
    [{ error: 'server_error' }, 500],
    [{}, 200],
  ])('makes of %j with %i what its code makes', async (body, status) => {
    const codes = await Promise.all([code, described].map((vendor) => codeOf(vendor, credentials, json(body, status))))
    expect(codes[0]).not.toBe('issued')
    expect(codes[1]).toBe(codes[0])
  })
})

/** Each of these is documented by Accelo, or was seen, and is a test of its code. */
describe('What no description says, so that Accelo stays code', () => {
  it('is that ids and secrets are not form-encoded, which makes another id of one with an @', async () => {
    const ids = await Promise.all(
      [code, described].map(async (vendor) => {
        const { request } = await asked(vendor)
        const pair = request?.headers.get('authorization')?.replace('Basic ', '') ?? ''
        return Buffer.from(pair, 'base64').toString().split(':')[0]
      }),
    )
    expect(ids).toEqual(['abcdef12@acme.accelo.com', 'abcdef12%40acme.accelo.com'])
  })

  it('is that an error may stand inside of meta, as of a lock-out that each attempt makes longer', async () => {
    const locked = () => json({ meta: { status: 'too_many_failed_logins' } }, 401)
    expect(await codeOf(code, credentials, locked())).toBe('vendor_locked_out')
    expect(await codeOf(described, credentials, locked())).toBe('credential_rejected')
  })

  it.each([
    ['a refusal', () => json({ meta: { status: 'invalid_request' } }), 'configuration'],
    ['a page', () => html(200), 'vendor_malformed'],
    ['nothing', () => json({}), 'vendor_malformed'],
  ])('is that with %s in the place of a confirmation nothing is revoked', async (_, answer, failure) => {
    expect(await revoked(code, answer())).toBe(failure)
    expect(await revoked(described, answer())).toBe('revoked')
  })

  it('is that a token lives no longer than was asked for, whatever the answer says', async () => {
    const document = { ...credentials, token_lifetime_seconds: '3600' }
    const lives = await Promise.all(
      [code, described].map(async (vendor) => {
        const { issued } = await asked(vendor, document)
        if (issued instanceof VendingError) throw issued
        return secondsBetween(issued.accessToken.issuedAt, issued.accessToken.expiresAt)
      }),
    )
    expect(lives).toEqual([3600, 86_400])
  })

  it.each([
    ['a scope that Accelo does not have', { scope: 'delete(all)' }],
    ['a life of no seconds', { token_lifetime_seconds: '0' }],
  ])('is what is wrong with %s before Accelo is asked', async (_, change) => {
    expect((await asked(code, { ...credentials, ...change })).request).toBeUndefined()
    expect((await asked(described, { ...credentials, ...change })).request).toBeDefined()
  })

  it.each(['acme.accelo.com', 'https://acme.api.accelo.com/'])(
    'is that people paste %s for the deployment',
    async (deployment) => {
      expect(await codeOf(code, { ...credentials, deployment })).toBe('issued')
      expect(await codeOf(described, { ...credentials, deployment })).toBe('configuration')
    },
  )
})
