import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { describedSamples, zenith } from '../support/described-samples.ts'

const consented = { ...zenith, grant: 'authorization_code' } as const
const keyed = { ...zenith, grant: 'jwt_bearer', clientAuthentication: 'none' } as const

function formOf(description: VendorDescription) {
  const [form, ...more] = describedVendor('zenith', description).forms ?? []
  if (!form) throw new Error('it has no form')
  expect(more).toEqual([])
  return { ...form, fields: form.fields ?? [] }
}

const namesIn = (description: VendorDescription) => formOf(description).fields.map(({ name }) => name)

describe('the form of a described vendor', () => {
  it('asks for what the description needs, and marks what is secret', () => {
    expect(formOf({ ...zenith, scope: 'read' })).toEqual({
      title: 'application',
      fields: [
        { name: 'tenant', label: 'tenant' },
        { name: 'client_id', label: 'client id' },
        { name: 'client_secret', label: 'client secret', secret: true },
        { name: 'scope', label: 'scope', default: 'read' },
        { name: 'expires_on', label: expect.stringContaining('last day of the client secret'), optional: true },
      ],
    })
  })

  it('asks for a registered address where a person consents, which may be left out', () => {
    const field = formOf(consented).fields.find(({ name }) => name === 'redirect_uri')
    expect(field).toMatchObject({ optional: true })
    expect(formOf(consented).title).toContain('consent in the browser')
    expect(namesIn(zenith)).not.toContain('redirect_uri')
  })

  it('asks for a key by its file, and for its name', () => {
    expect(formOf(keyed).fields.slice(2)).toEqual([
      { name: 'private_key', label: 'private key (PEM or JWK)', secret: true, file: true },
      { name: 'key_id', label: 'key id, if the vendor gave the key one', optional: true },
      { name: 'scope', label: 'scope', optional: true },
      { name: 'expires_on', label: expect.stringContaining('last day of the private key'), optional: true },
    ])
    expect(namesIn(keyed)).not.toContain('client_secret')
  })

  it('asks in the words of the description, with the values that most have', () => {
    const labels = { tenant: 'directory (tenant) id', client_id: 'API key', client_secret: 'API secret' }
    const { fields } = formOf({ ...zenith, credentials: { labels, defaults: { tenant: 'common' } } })
    expect(fields.slice(0, 3)).toEqual([
      { name: 'tenant', label: 'directory (tenant) id', default: 'common' },
      { name: 'client_id', label: 'API key' },
      { name: 'client_secret', label: 'API secret', secret: true },
    ])
  })

  it('asks for the thumbprint of a certificate where the description has words for it, and lets go what may be empty', () => {
    const labels = { certificate_thumbprint: 'thumbprint of the certificate (SHA-256, base64url)' }
    const { fields } = formOf({ ...keyed, credentials: { labels, defaults: { tenant: '' } } })
    expect(fields[0]).toEqual({ name: 'tenant', label: 'tenant', optional: true })
    expect(fields[4]).toMatchObject({ name: 'certificate_thumbprint', optional: true })
    expect(namesIn(keyed)).not.toContain('certificate_thumbprint')
  })

  it('wants what a placeholder wants', () => {
    const description = { ...keyed, assertion: { claims: { scope: '{scope}', kid: '{key_id}' } } }
    for (const name of ['scope', 'key_id'])
      expect(formOf(description).fields.find((field) => field.name === name)).not.toHaveProperty('optional')
  })

  it('takes the file of the portal, and asks for what it does not have', () => {
    const file = { label: 'path of the JSON key', members: { client_id: 'client_email', private_key: 'private_key' } }
    const form = formOf({ ...keyed, credentials: { file } })
    expect(form).toMatchObject({ title: 'application with a key', file: 'path of the JSON key' })
    expect(form.fields.map(({ name }) => name)).toEqual(['tenant', 'key_id', 'scope', 'expires_on'])
  })

  it.each(describedSamples)('has a field for all that $name needs', ({ description, document }) => {
    expect(namesIn(description)).toEqual(expect.arrayContaining(Object.keys(document)))
    const { fields } = formOf(description)
    const needed = fields.filter((field) => !field.optional && field.default === undefined)
    expect(needed.map(({ name }) => name).toSorted()).toEqual(Object.keys(document).toSorted())
  })
})

describe('the steps of a described vendor', () => {
  const wordsOf = (description: VendorDescription) => {
    const { creation = [], rotation, consent = [] } = describedVendor('zenith', description)
    const created = creation.flatMap(({ before, after }) => [...before, ...after])
    return {
      created: created.join('\n'),
      rotated: [...rotation.before, ...rotation.after].join('\n'),
      rotation,
      consent,
    }
  }

  it('are those of the grant, and name the page of the documents', () => {
    const documents = 'https://docs.zenith.example/oauth'
    const { created, rotated } = wordsOf({ ...zenith, documents })
    for (const words of [created, rotated]) expect(words).toMatch(/Zenith.*https:\/\/docs\.zenith\.example\/oauth/)
    expect(created).toContain('"client credentials"')
    expect(wordsOf({ ...consented, documents }).created).toContain('the address that this command prints first')
    expect(wordsOf(consented).consent.join()).toContain('log in to Zenith')
    expect(wordsOf({ ...keyed, documents }).created).toContain('key pair')
  })

  it('are those of the description where it has some', () => {
    const steps = ['In Zenith, under Develop, build an app.', 'Copy both.']
    const { created, rotated } = wordsOf({ ...zenith, credentials: { steps } })
    expect(created).toBe(steps.join('\n'))
    expect(rotated).toContain('Make a new client secret')
  })

  it('say what it is that a person replaces', () => {
    const file = { label: 'path of the JSON key', members: { client_id: 'client_email' } }
    const credentials = [
      zenith,
      keyed,
      { ...keyed, credentials: { file } },
      { ...consented, clientAuthentication: 'none' } as const,
    ].map((description) => wordsOf(description).rotation.credential)
    expect(credentials).toEqual(['client secret', 'private key', 'key file', 'client id'])
    expect(wordsOf({ ...consented, clientAuthentication: 'none' }).rotated).toContain('no secret')
    expect(wordsOf(keyed).rotated).toContain('Delete the file')
  })
})
