import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import type { Files, Flow, NewVendor } from './new-vendor.ts'
import { staticToken } from './static-token.ts'

/** How a vendor gives its tokens, by the name for a command line. */
export const flows: Readonly<Record<string, (vendor: NewVendor) => Flow>> = {
  'client-credentials': clientCredentials,
  'authorization-code': authorizationCode,
  'static-token': staticToken,
}

/** The folder and the test of a vendor, by their paths in a checkout. */
export function vendorFiles(vendor: NewVendor, flow: (vendor: NewVendor) => Flow): Files {
  const { files, test } = flow(vendor)
  const inFolder = Object.entries({ 'facts.ts': facts(vendor), 'handler.ts': handler(vendor), ...files })
  return {
    ...Object.fromEntries(inFolder.map(([file, text]) => [`functions/${vendor.id}/${file}`, text])),
    [`test/vendors/${vendor.id}.test.ts`]: test,
  }
}

/** The line of functions/registry.ts. */
export const registration = ({ id, name }: NewVendor): string =>
  `export { ${name === id ? name : `${name} as '${id}'`} } from './${id}/vendor.ts'`

const facts = ({ id, title, host }: NewVendor): string => `import type { VendorFacts } from '../kit/vendor.ts'

const DAY_SECONDS = 24 * 60 * 60

export const facts = {
  id: '${id}',
  title: '${title}',
  hosts: ['${host}'],
  tokens: { storage: 'table', maxLifeSeconds: 366 * DAY_SECONDS },
} as const satisfies VendorFacts
`

const handler = ({ name }: NewVendor): string => `import { lambdaHandler } from '../lambda/vendor-function.ts'
import { facts } from './facts.ts'

export const handler = lambdaHandler(facts, async () => (await import('./vendor.ts')).${name})
`
