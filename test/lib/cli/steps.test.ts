import { VENDOR } from '../../../functions/api/answers.ts'
import { describe as described } from '../../../functions/api/describe.ts'
import type { Vendor } from '../../../functions/kit/vendor.ts'
import { vendors } from '../../../functions/vendors.ts'
import type { Shell } from '../../../lib/cli/command.ts'
import { sayCreation, sayRotation, stepsAfterCreation, stepsAfterRotation } from '../../../lib/cli/steps.ts'
import { awsAccount } from './account.ts'
import { vendomat } from './shell.ts'

awsAccount()
const about = (vendor: Vendor) => VENDOR.parse(described(vendor))
const all = Object.values(vendors).map(about)
const accessia = about(vendors.accessia)

/** All that a command says of a vendor's steps, on a terminal of so many columns. */
function said(vendor: (typeof all)[number], columns?: number): string {
  const lines: string[] = []
  const shell = { say: (line: string) => lines.push(line), display: columns === undefined ? {} : { columns } }
  // The steps use nothing else of a shell.
  const given = shell as unknown as Shell
  sayCreation(vendor, given)
  lines.push(stepsAfterCreation(vendor, given))
  sayRotation(vendor, given)
  lines.push(stepsAfterRotation(vendor, false, given))
  return lines.join('\n')
}

describe('steps', () => {
  it.each(all)('of $title fit a terminal of 80 columns, and of 40, without a word lost', (vendor) => {
    const words = (text: string) => text.split(/\s+/)
    for (const columns of [80, 40]) {
      const text = said(vendor, columns)
      const steps = text.split('\n').filter((line) => /^ /.test(line))
      expect(Math.max(...steps.map(({ length }) => length))).toBeLessThanOrEqual(columns)
      expect(words(text)).toEqual(words(said(vendor)))
    }
  })

  it('go on under their first word, and stand in one line each where nobody knows the width', () => {
    expect(said(accessia, 60)).toContain(
      '  1. In the Accessia portal, go to the Integrations tab and\n     open the API integration.\n  2. Generate',
    )
    expect(said(accessia)).toContain(
      '\n  1. In the Accessia portal, go to the Integrations tab and open the API integration.\n',
    )
  })
})

describe('connect', () => {
  it.each(all)('says how credentials of $title are made before it asks for any', async (vendor) => {
    const seen = await vendomat(`connect ${vendor.vendor} main`, { types: ['^C'] })
    expect([seen.code, seen.asked.length]).toEqual([130, 1])
    for (const { title, before } of vendor.creation) {
      expect(seen.said.toLowerCase()).toContain(`${title.toLowerCase()}:\n  1. `)
      for (const step of before) expect(seen.said).toContain(step)
    }
  })

  it('says nothing of it to who brings a document', async () => {
    const seen = await vendomat('connect accelo main --from-stdin', { stdin: async () => '{}', types: [] })
    expect(seen.said).not.toContain('Register')
    expect(seen.said).not.toContain('If you have no credentials')
  })
})
