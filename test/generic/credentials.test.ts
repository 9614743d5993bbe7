import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { KEY, zenith } from '../support/described-samples.ts'
import { contextFor, expectNoTrace, json, vendorAnswering } from '../support/fake-vendor.ts'

const CANARY = 'canary-7f3a'
const plain = { ...zenith, tokenEndpoint: 'https://zenith.example/token', apiBaseUrl: 'https://zenith.example' }
const secrets = { client_id: 'c1', client_secret: CANARY }
const keyed = { ...plain, grant: 'jwt_bearer', clientAuthentication: 'none' } as const
const consented = {
  ...plain,
  grant: 'authorization_code',
  authorizationEndpoint: 'https://zenith.example/auth',
} as const

/** What is said of the credentials; undefined where they fit. */
function fault(description: VendorDescription, document: unknown): string | undefined {
  try {
    describedVendor('zenith', description).validate(document)
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'configuration' })
    expectNoTrace(error, CANARY, KEY.slice(40, 80))
    return error instanceof Error ? error.message : ''
  }
}

/** The parameters of the request for a token. */
async function sent(description: VendorDescription, document: unknown) {
  const vendor = describedVendor('zenith', description)
  const fake = vendorAnswering(json({ access_token: 't', expires_in: 3600 }))
  await vendor.issue(document, undefined, contextFor(fake, vendor))
  return Object.fromEntries(new URLSearchParams(fake.requests[0]?.body))
}

describe('the credentials of a described vendor', () => {
  it.each<[string, VendorDescription, object]>([
    ['client_id must be a string', plain, { client_secret: CANARY }],
    ['client_secret must be a string', plain, { client_id: 'c1' }],
    [
      'client_secret must be one line of visible ASCII characters',
      plain,
      { ...secrets, client_secret: `${CANARY}\nx` },
    ],
    ['client_id must be one line of visible ASCII characters', plain, { ...secrets, client_id: 'ä' }],
    ['tenant must be a string', zenith, secrets],
    ['tenant must be letters, digits, - and _ alone, at most 63', zenith, { ...secrets, tenant: `${CANARY}.x` }],
    ['private_key must be a private key', keyed, { client_id: 'c1' }],
    ['private_key must be a private key', keyed, { client_id: 'c1', private_key: CANARY }],
    ['private_key must be one whole private key', keyed, { client_id: 'c1', private_key: KEY.slice(0, 900) }],
    ['scope must be one line', plain, { ...secrets, scope: `${CANARY}\nwrite` }],
    [
      'redirect_uri must be a registered https:// address',
      consented,
      { ...secrets, redirect_uri: `http://${CANARY}/` },
    ],
    ['key_id must be one line', keyed, { client_id: 'c1', private_key: KEY, key_id: `${CANARY}\n1` }],
  ])('say %s', (words, description, document) => {
    expect(fault(description, document)).toContain(`the Zenith credentials do not fit: ${words}`)
  })

  it('name all faults at once, and by the name that a person knows', () => {
    const file = { label: 'the JSON file', members: { client_id: 'client_email', private_key: 'key' } }
    expect(fault({ ...keyed, credentials: { file } }, {})).toMatch(
      /do not fit: client_email must be a string; key must be a private key/,
    )
  })

  it('need a secret, a key, both or neither as the client is to prove itself', () => {
    const all = { ...secrets, private_key: KEY }
    const without = (name: keyof typeof all) => Object.fromEntries(Object.entries(all).filter(([one]) => one !== name))
    const needs = (
      grant: VendorDescription['grant'],
      clientAuthentication: VendorDescription['clientAuthentication'],
    ) =>
      (['client_secret', 'private_key'] as const).filter(
        (name) => fault({ ...consented, grant, clientAuthentication }, without(name)) !== undefined,
      )
    expect(needs('client_credentials', 'client_secret_basic')).toEqual(['client_secret'])
    expect(needs('client_credentials', 'client_secret_post')).toEqual(['client_secret'])
    expect(needs('client_credentials', 'private_key_jwt')).toEqual(['private_key'])
    expect(needs('authorization_code', 'none')).toEqual([])
    expect(needs('jwt_bearer', 'none')).toEqual(['private_key'])
    expect(needs('jwt_bearer', 'private_key_jwt')).toEqual(['private_key'])
    expect(needs('jwt_bearer', 'client_secret_post')).toEqual(['client_secret', 'private_key'])
  })

  it('may hold more than is needed, which is not looked at and goes nowhere', async () => {
    const more = { expires_on: '2027-01-31', private_key: 7, redirect_uri: 'x', type: 'service_account', _: null }
    expect(await sent(plain, { ...secrets, ...more })).toEqual({ grant_type: 'client_credentials' })
  })

  it('have a value that most have without saying it', async () => {
    const description = { ...plain, parameters: { region: '{region}' }, credentials: { defaults: { region: 'eu' } } }
    expect(await sent(description, secrets)).toMatchObject({ region: 'eu' })
    expect(await sent(description, { ...secrets, region: 'us' })).toMatchObject({ region: 'us' })
    expect(fault(description, { ...secrets, region: '' })).toContain('region must be')
  })

  it('may leave out what is empty for most, and nothing empty is sent', async () => {
    const parameters = { region: '{region}', audience: 'api' }
    const description = { ...plain, parameters, credentials: { defaults: { region: '' } } }
    expect(await sent(description, secrets)).toEqual({ grant_type: 'client_credentials', audience: 'api' })
    expect(await sent(description, { ...secrets, region: 'us' })).toMatchObject({ region: 'us', audience: 'api' })
  })

  it('have the scope of the description where they say no other', async () => {
    expect(await sent(plain, secrets)).not.toHaveProperty('scope')
    expect(await sent({ ...plain, scope: 'read' }, secrets)).toMatchObject({ scope: 'read' })
    expect(await sent({ ...plain, scope: 'read' }, { ...secrets, scope: ' read write ' })).toMatchObject({
      scope: 'read write',
    })
    const scope = 'https://{org}.zenith.example/.default'
    expect(await sent({ ...plain, scope }, { ...secrets, org: 'hq' })).toMatchObject({
      scope: 'https://hq.zenith.example/.default',
    })
  })

  it.each(['read(all),write(a,b)', 'read(all) write(a,b)', 'read(all),  write(a, b)'])(
    'have the scopes of %j with commas in between where the vendor wants them',
    async (scope) => {
      const description = { ...plain, scopeSeparator: ',' } as const
      expect(await sent(description, { ...secrets, scope })).toMatchObject({ scope: 'read(all),write(a,b)' })
      expect(await sent(plain, { ...secrets, scope })).toMatchObject({ scope })
    },
  )

  it('have to say the scope where a placeholder wants it and the description has none', () => {
    const description = { ...keyed, assertion: { claims: { scope: '{scope}' } } }
    expect(fault(description, { client_id: 'c1', private_key: KEY })).toContain('scope must be a string')
    expect(fault({ ...description, scope: 'read' }, { client_id: 'c1', private_key: KEY })).toBeUndefined()
  })

  it('may be the file of the portal, with members of our own beside it and behind it', async () => {
    const file = { label: 'the JSON file', members: { client_id: 'email', client_secret: 'pass' } }
    const description = { ...plain, clientAuthentication: 'client_secret_post', credentials: { file } } as const
    const made = { email: 'a@zenith.example', pass: 's1', project: 'p' }
    expect(await sent(description, made)).toMatchObject({ client_id: 'a@zenith.example', client_secret: 's1' })
    // Google's key file has a client_id that is another number.
    expect(await sent(description, { ...made, client_id: 'c2', scope: 'read' })).toMatchObject({
      client_id: 'a@zenith.example',
      scope: 'read',
    })
    expect(await sent(description, { client_id: 'c2', client_secret: 's2' })).toMatchObject({ client_id: 'c2' })
    expect(fault(description, { ...made, pass: undefined })).toContain('pass must be a string')
    expect(fault(description, Object.create(made))).toContain('email must be a string')
  })

  it.each([
    ['a PEM', KEY],
    ['a JWK as text', JSON.stringify(createPrivateKey(KEY).export({ format: 'jwk' }))],
    ['a JWK', createPrivateKey(KEY).export({ format: 'jwk' })],
  ])('have a key as %s, and are the same secrets in any form', (_, private_key) => {
    const vendor = describedVendor('zenith', keyed)
    expect(vendor.hasSameSecrets({ client_id: 'c1', private_key: KEY }, { client_id: 'c1', private_key })).toBe(true)
  })

  it('have a key of the kind that the algorithm wants', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(fault(keyed, { client_id: 'c1', private_key })).toContain('private_key must be an RSA key')
    expect(fault({ ...keyed, assertion: { algorithm: 'ES256' } }, { client_id: 'c1', private_key })).toBeUndefined()
  })
})
