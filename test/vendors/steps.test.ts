import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'

type Id = keyof typeof vendors

/** What the page of a vendor that was read has a person do, in its order, as words that the steps must hold. */
const CREATION: Readonly<Partial<Record<Id, readonly (readonly string[])[]>>> = {
  // "Service Applications", and the API documentation's Introduction.
  accelo: [['owner', 'full permissions', 'Configuration, API', 'Service', 'client id', 'client secret', 'deployment']],
  // docs.accessia.com/integrations: copied first, saved then.
  accessia: [
    [
      ...[
        'Integrations tab',
        'Available integrations',
        'Add',
        'name',
        'Integration ID',
        'Authentication URL',
        'Secret',
      ],
      ...['only once', 'Save', 'Event Viewer', 'Accessia representative'],
    ],
  ],
  // ClearID developer guide, "Authentication for the ClearID API".
  clearid: [
    [
      ...['Administration, API integrations', 'Add API integration', 'name', 'description', 'save', 'Generate key'],
      ...['confirm', 'Download authentication key', 'Delete the downloaded file'],
    ],
  ],
  // "Personal Access Token for APIs", then "Machine to machine requests to the APIs".
  iobeya: [
    ['avatar', 'Personal access token', 'confirm', 'Copy', 'secret'],
    [
      ...['platform administrator', 'create a user', 'mail address', 'SAMLv2', 'Active Directory'],
      ...['Administrate the platform', 'password', 'log in locally', 'Log out', 'log in to it as this user'],
      ...['Implicit authorization', 'uncheck "Authorization code" and "Refresh token"', 'callback URL', '365 days'],
      ...['Save the API application', 'Generate the token', 'copy', 'only once', 'human platform administrator'],
      ...['uncheck "Administrate the platform"', 'rooms', 'mail address', 'does not exist', 'group of administrators'],
      'reset its password',
    ],
  ],
  // "OAuth2 authorization", and what the page says of a user token.
  netrex: [
    [
      ...['full access', 'user icon', '</> API', 'OAuth2 Application', 'this integration alone', 'name', 'description'],
      ...['list of redirect URLs', 'the address that this command prints first', 'client_id', 'client_secret'],
      'everything only with an account that has full access',
    ],
    ['full access', 'user icon', '</> API', 'access rights', 'copy'],
  ],
}

const ROTATION: Readonly<Partial<Record<Id, readonly string[]>>> = {
  accelo: ['Configuration, API', 'client secret', 'nobody uses the old'],
  accessia: ['Integrations tab', 'new Secret', 'the old one stops working', 'Copy', 'only once', 'then click "Save"'],
  clearid: ['API integrations', 'Generate key', 'the old key stops working', 'Download', 'Delete the downloaded file'],
  iobeya: [
    ...['personal access token', 'Administrate the platform', 'password', 'log in locally', 'directory', 'Log out'],
    ...['Implicit authorization', 'Authorization code', 'Refresh token', '365 days', 'save', 'Generate the token'],
    ...['only once', 'human platform administrator', 'uncheck "Administrate the platform"', 'reset its password'],
  ],
  netrex: [
    'full access',
    '</> API',
    'user token',
    'same rights',
    'client_secret',
    'same redirect URLs',
    'Delete the old',
  ],
}

/** Whether the words come in this order, and which of them is missing first. */
function missing(steps: readonly string[], words: readonly string[]): string | undefined {
  let rest = steps.join('\n')
  return words.find((word) => {
    const at = rest.indexOf(word)
    rest = at < 0 ? rest : rest.slice(at + word.length)
    return at < 0
  })
}

const cases = (Object.keys(CREATION) as Id[]).map((id) => {
  const vendor: Vendor = vendors[id]
  return { vendor, created: CREATION[id] ?? [], rotated: ROTATION[id] ?? ['steps'] }
})

describe.each(cases)('$vendor.title', ({ vendor, created, rotated }) => {
  const { creation = [], rotation } = vendor

  it("is connected by the whole of the vendor's own steps, in its order", () => {
    expect(creation.map(({ before, after }, n) => missing([...before, ...after], created[n] ?? ['steps']))).toEqual(
      created.map(() => undefined),
    )
  })

  it("is rotated by the whole of the vendor's own steps, in its order", () => {
    expect(missing([...rotation.before, ...rotation.after], rotated)).toBeUndefined()
  })
})
