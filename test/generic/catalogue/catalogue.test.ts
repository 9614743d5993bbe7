import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CatalogueEntry } from '../../../functions/generic/catalogue/entry.ts'
import { catalogue } from '../../../functions/generic/catalogue/index.ts'
import { salesforce } from '../../../functions/generic/catalogue/salesforce.ts'
import { zoom } from '../../../functions/generic/catalogue/zoom.ts'
import { describedVendor } from '../../../functions/generic/vendor.ts'
import { changesOf } from './changes.ts'
import { factFaults, settingsFaults } from './rules.ts'
import type { CatalogueSample } from './sample.ts'
import { differences } from './sent.ts'
import { waysOut } from './ways-out.ts'

const FOLDER = fileURLToPath(new URL('../../../functions/generic/catalogue', import.meta.url))
const ids = catalogue.map(({ id }) => id)

async function sampleOf(id: string): Promise<CatalogueSample> {
  const { sample }: { sample: CatalogueSample } = await import(`./${id}.ts`)
  return sample
}

describe('the catalogue', () => {
  it('has each file as an entry of that id, once and in order', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && !['entry.ts', 'index.ts'].includes(file))
    expect(ids).toEqual(files.map((file) => file.replace(/\.ts$/, '')).toSorted())
  })
})

describe.each(catalogue)('$id', (entry) => {
  it('is a description that the settings take', () => {
    expect(settingsFaults(entry)).toEqual([])
  })

  it('sends a secret to no host but its own, whatever stands in a placeholder', async () => {
    expect(await waysOut(describedVendor(entry.id, entry), entry, await sampleOf(entry.id))).toEqual([])
  })

  it('sends what its documents show, and makes of the answers what they say', async () => {
    expect(await differences(describedVendor(entry.id, entry), await sampleOf(entry.id))).toEqual([])
  })

  it.each(changesOf(entry))('is held to its documents: with $what it is not as they show', async ({ changed }) => {
    expect(await differences(describedVendor(entry.id, changed), await sampleOf(entry.id))).not.toEqual([])
  })

  it('says where it was read, when, and what it leaves out', () => {
    expect(factFaults(entry)).toEqual([])
  })
})

describe('an entry that breaks the rule is seen', () => {
  it.each<[string, Partial<CatalogueEntry>]>([
    ['tokenEndpoint', { tokenEndpoint: 'https://zoom.us.example.com/oauth/token' }],
    ['tokenEndpoint', { tokenEndpoint: 'http://zoom.us/oauth/token' }],
    ['tokenEndpoint', { tokenEndpoint: 'https://zoom.{top}/oauth/token' }],
    ['liveness', { liveness: 'https://notzoom.us/me' }],
    ['hosts.1', { hosts: ['zoom.us', 'us'] }],
    ['title', { title: ' ' }],
    ['documents', { documents: 'http://developers.zoom.us/' }],
    ['authorizationEndpoint', { grant: 'authorization_code' }],
    ['grantDays', { grantDays: { idle: 60 } }],
    ['assertion', { assertion: {} }],
    ['parameters.client_secret', { parameters: { client_secret: 'b7Qx91LmPz04TtVw83KsYd62' } }],
    ['quirk', { quirk: 'Its key is -----BEGIN PRIVATE KEY-----.' }],
  ])('by the settings: %s', (member, change) => {
    expect(settingsFaults({ ...zoom, ...change })).toContain(member)
  })

  it.each<[string, Partial<CatalogueEntry>]>([
    ['id is no word', { id: 'zoom-us' }],
    ['title is no name that sentences can have', { title: 'Zoom, for an account' }],
    ['title is no name that sentences can have', { title: 'Zoom (server to server)' }],
    ['a page is no https page', { alsoRead: ['the Zoom forum'] }],
    ['a page is named twice', { alsoRead: [zoom.documents] }],
    ['readOn is no day', { readOn: '22 November 2026' }],
    ['readOn is no day', { readOn: '2026-13-22' }],
    ['quirk is no sentence', { quirk: 'odd' }],
    ['notCovered is empty', { notCovered: [] }],
  ])('%s', (fault, change) => {
    expect(factFaults({ ...zoom, ...change })).toContain(fault)
  })

  it('where a placeholder leads to another host', async () => {
    const hosts = ['salesforce.com', 'example']
    const wider = { ...salesforce, hosts, tokenEndpoint: 'https://{login}.example/services/oauth2/token' }
    const out = await waysOut(
      describedVendor('salesforce', wider),
      { ...wider, hosts: salesforce.hosts },
      await sampleOf('salesforce'),
    )
    expect(out).toContain('login: evil leads to evil.example')
  })
})
