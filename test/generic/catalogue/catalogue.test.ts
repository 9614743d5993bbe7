import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CatalogueEntry } from '../../../functions/generic/catalogue/entry.ts'
import { catalogue } from '../../../functions/generic/catalogue/index.ts'
import { zoom } from '../../../functions/generic/catalogue/zoom.ts'
import { describedVendor } from '../../../functions/generic/vendor.ts'
import { changesOf } from './changes.ts'
import { factFaults, hostFaults } from './rules.ts'
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
  it('calls no host but its own, whatever stands in a placeholder', () => {
    expect(hostFaults(entry)).toEqual([])
  })

  it('sends a secret nowhere else, whatever a connection says', async () => {
    const { tried, out } = await waysOut(describedVendor(entry.id, entry), entry, await sampleOf(entry.id))
    expect([tried % 29, out]).toEqual([0, []])
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

/** Each breaks one rule. */
describe('an entry that breaks the rule is seen', () => {
  it.each<[string, Partial<CatalogueEntry>]>([
    ['tokenEndpoint is on none of the hosts', { tokenEndpoint: 'https://zoom.us.example.com/oauth/token' }],
    ['tokenEndpoint is on none of the hosts', { tokenEndpoint: 'http://zoom.us/oauth/token' }],
    ['tokenEndpoint is on none of the hosts', { tokenEndpoint: 'https://{account}.zoom.example/oauth/token' }],
    ['liveness is on none of the hosts', { liveness: 'https://notzoom.us/me' }],
    ['apiBaseUrl is on none of the hosts', { apiBaseUrl: 'https://user@zoom.us/' }],
    ['tokenEndpoint has a placeholder that is no label of its own', { tokenEndpoint: 'https://my{account}.zoom.us/t' }],
    ['issuer has a placeholder that is no label of its own', { issuer: 'https://{account}x.zoom.us' }],
    ['tokenEndpoint lets a placeholder end its host', { tokenEndpoint: 'https://zoom.{top}/oauth/token' }],
    [
      'tokenEndpoint lets a placeholder end its host',
      { tokenEndpoint: 'https://zoom.{top}/oauth/token', credentials: { defaults: { top: 'us' } } },
    ],
    ['hosts: us is no domain', { hosts: ['zoom.us', 'us'] }],
  ])('%s', (fault, change) => {
    expect(hostFaults({ ...zoom, ...change })).toContain(fault)
  })

  it.each<[string, Partial<CatalogueEntry>]>([
    ['id is no word', { id: 'zoom-us' }],
    ['title is empty', { title: ' ' }],
    ['documents is no https page', { documents: 'http://developers.zoom.us/' }],
    ['documents is no https page', { alsoRead: ['the Zoom forum'] }],
    ['a page is named twice', { alsoRead: [zoom.documents] }],
    ['readOn is no day', { readOn: '22 November 2026' }],
    ['readOn is no day', { readOn: '2026-13-22' }],
    ['quirk is no sentence', { quirk: 'odd' }],
    ['notCovered is empty', { notCovered: [] }],
    ['nothing says where tokens come from', { tokenEndpoint: '' }],
    ['nothing says where a person consents', { grant: 'authorization_code' }],
    ['a grant ends that nobody gave', { grantDays: { idle: 60 } }],
    ['an assertion that nobody asks for', { assertion: {} }],
    ['something in it looks like a secret', { parameters: { client_secret: 'b7Qx91LmPz04TtVw83KsYd62' } }],
    ['something in it looks like a secret', { parameters: { key: '-----BEGIN PRIVATE KEY-----' } }],
  ])('%s', (fault, change) => {
    expect(factFaults({ ...zoom, ...change })).toContain(fault)
  })
})
