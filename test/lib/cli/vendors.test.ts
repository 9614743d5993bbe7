import { catalogue } from '../../../functions/generic/catalogue/index.ts'
import { vendors } from '../../../functions/vendors.ts'
import { vendomat } from './shell.ts'

const all = [...Object.keys(vendors), ...catalogue.map(({ id }) => id)].toSorted()

/** Nobody has set anything: there is no machine. */
const nowhere = { environment: {}, vendor: () => Promise.reject(new Error('somebody was called')) }

async function listed(line: string) {
  const { code, out, said, calls } = await vendomat(
    ['vendors', ...line.split(' ').filter(Boolean), '-o', 'json'],
    nowhere,
  )
  expect([code, said, calls]).toEqual([0, '', []])
  return JSON.parse(out).vendors
}
const idsOf = async (line: string): Promise<string[]> => (await listed(line)).map(({ id }: { id: string }) => id)

describe('vendomat vendors', () => {
  it('lists each vendor with code and each entry of the catalogue once, by id, without a machine', async () => {
    const { code, out, calls } = await vendomat('vendors', nowhere)
    expect([code, calls]).toEqual([0, []])
    const [head, ...rows] = out.split('\n')
    expect(head).toMatch(/^ID +TITLE +GRANT +MADE OF +READ ON$/)
    expect(rows.map((row) => row.split(' ')[0])).toEqual(all)
    expect(await idsOf('')).toEqual(all)
  })

  it.each([
    ['zoo', ['zoom']],
    ['ZOOM', ['zoom']],
    ['entra', ['microsoft']],
    ['genetec', ['clearid']],
  ])('finds by a part of an id or title: %s', async (text, ids) => {
    expect(await idsOf(text)).toEqual(ids)
  })

  it('tells a program the same of each, whether it has code or not', async () => {
    const names = [
      'id',
      'title',
      'hosts',
      'made_of',
      'grant',
      'obtained',
      'forms',
      'creation',
      'documents',
      'read_on',
      'tried',
    ]
    for (const one of await listed('')) {
      expect(Object.keys(one)).toEqual(expect.arrayContaining(names))
      expect(Object.keys(one).filter((name) => ![...names, 'quirk', 'not_covered'].includes(name))).toEqual([])
    }
  })

  it('finds by grant', async () => {
    expect(await idsOf('jwt_bearer')).toEqual(
      ['clearid', ...catalogue.flatMap(({ id, grant }) => (grant === 'jwt_bearer' ? [id] : []))].toSorted(),
    )
  })

  it('explains one: how a token is obtained, what the secret holds, what a person does, where that is written', async () => {
    const { code, out } = await vendomat('vendors zoom', nowhere)
    expect(code).toBe(0)
    expect(out).toMatch(/^Zoom \(zoom\)\n/)
    expect(out).toContain('\na token\n - client credentials (RFC 6749 section 4.4)\n - client id and secret in the')
    expect(out).toContain('\n - account_id: account ID\n')
    expect(out).toContain('\n - client_secret: client secret (secret)\n')
    expect(out).toContain('\nto make it\n  1. In the Zoom App Marketplace,')
    expect(out).toContain(
      '\ndocuments, read on 2026-11-22\n - https://developers.zoom.us/docs/internal-apps/s2s-oauth/\n',
    )
    expect(out).toContain('\nnot covered\n - apps that a user consents to\n')
    expect(out).toContain('\ntried\n  never at the vendor\n')
    expect(out).toContain("\n  vendors: ['zoom']\n")
    expect(out).toMatch(/\n {2}npx vendomat connect zoom <connection>$/)
  })

  it.each(all)('explains %s in lines that fit a terminal', async (id) => {
    const { code, out } = await vendomat(['vendors', id], { ...nowhere, display: { columns: 80 } })
    expect(code).toBe(0)
    expect(out).toContain(`connect ${id} <connection>`)
    // An address stands alone in its line, however long it is.
    expect(out.split('\n').filter((line) => line.length > 80 && !/^ -? *https:/.test(line))).toEqual([])
  })

  it('tells the ways apart where there are several', async () => {
    const { out } = await vendomat('vendors netrex', nowhere)
    expect(out).toContain('\nthe secret: user token\n - host: host, like')
    expect(out).toContain('\nto make it: OAuth2 application\n  1. Log in')
    expect(out).toContain('\ndocuments, read in 2026-11\n')
  })

  it('explains an id even where it is a part of others', async () => {
    const { out } = await vendomat('vendors box', nowhere)
    expect(out).toMatch(/^Box \(box\)\n/)
    expect(await idsOf('box')).toEqual(['box'])
    expect((await idsOf('o')).length).toBeGreaterThan(1)
  })

  it('says what a person has to know of a grant that ends', async () => {
    expect((await vendomat('vendors xero', nowhere)).out).toContain('a person connects again after 60 days without use')
  })

  it('exits with 6 where none matches, and shows no control character of what was asked for', async () => {
    const { code, out, said } = await vendomat(['vendors', 'no\u001b[2Jsuch'], nowhere)
    expect([code, out]).toEqual([6, ''])
    expect(said).toContain('vendomat: no vendor has "no [2Jsuch" in its id, title or grant\n')
  })

  it('names the one that was probably meant, and says what to do with an API that is not there', async () => {
    const { said } = await vendomat('vendors slak', nowhere)
    expect(said).toContain('in its id, title or grant; did you mean slack?\n')
    expect(said).toContain(
      'settings describe any other API with OAuth 2.0: lib/README.md, "A vendor in ten lines of settings"',
    )
    expect((await vendomat('vendors nosuchapi', nowhere)).said).not.toContain('did you mean')
  })
})
