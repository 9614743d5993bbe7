import { createPrivateKey } from 'node:crypto'
import { CreateSecretCommand, DeleteSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { describedVendor } from '../../../functions/generic/vendor.ts'
import { KEY, OTHER_KEY, zenith } from '../../support/described-samples.ts'
import { json, vendorAnswering } from '../../support/fake-vendor.ts'
import { awsAccount } from './account.ts'
import { seenIn, vendomat, type World } from './shell.ts'

const account = awsAccount()
const SECRETS = ['vendomat/zenith/main', 'theirs']
afterEach(async () => {
  for (const SecretId of SECRETS)
    await account.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })).catch(() => {})
})

const create = (Name: string, document: object) =>
  account.secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(document) }))
const stored = async () => {
  const { SecretString = '' } = await account.secrets.send(new GetSecretValueCommand({ SecretId: SECRETS[0] }))
  return JSON.parse(SecretString)
}

const keyed = { ...zenith, grant: 'jwt_bearer', clientAuthentication: 'none' } as const
const file = { label: 'path of the JSON key', members: { client_id: 'client_email', private_key: 'private_key' } }

/** Runs a command with a machine that has the vendor. */
async function run(command: string, description: Parameters<typeof describedVendor>[1], world: World = {}) {
  const answer = () => json({ access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 })
  const view = { vendor: 'zenith', connection: 'main', state: 'ok', next_action: 'none' }
  const seen = await vendomat(command, {
    described: { zenith: describedVendor('zenith', description) },
    answers: { 'POST /connections/zenith/main/check': view },
    vendor: vendorAnswering(answer, answer).http,
    environment: { AWS_REGION: 'eu-west-1', VENDOMAT_URL: 'http://127.0.0.1:1/v1', VENDOMAT_VENDORS: 'zenith' },
    ...world,
  })
  for (const key of [KEY, OTHER_KEY]) expect(seenIn(seen)).not.toContain(key.split('\n')[1])
  return seen
}

describe('a key', () => {
  it('is asked for by its file, and stored with all its lines', async () => {
    const path = account.file('key.pem', KEY)
    const types = ['hq', 'c1', ` ${path} `, '', 'read', '', '']
    const seen = await run('connect zenith main', keyed, { types })
    expect(seen.code).toBe(0)
    expect(await stored()).toEqual({ tenant: 'hq', client_id: 'c1', private_key: KEY.trim(), scope: 'read' })
    expect(seen.asked[2]).toEqual({ question: 'path of the file with the private key (PEM or JWK): ', secret: false })
  })

  it('in a file that cannot be read is stored nowhere, and the file is named', async () => {
    const seen = await run('connect zenith main', keyed, { types: ['hq', 'c1', '/no/such/key.pem'] })
    expect([seen.code, seen.said.includes('/no/such/key.pem cannot be read (ENOENT)')]).toEqual([2, true])
    await expect(stored()).rejects.toThrow()
  })

  const present = { tenant: 'hq', client_id: 'c1', private_key: KEY, scope: 'read' }

  it('is replaced by that of another file, and all else stays', async () => {
    await create('vendomat/zenith/main', present)
    const seen = await run('rotate zenith main', keyed, { types: [account.file('new.pem', OTHER_KEY)] })
    expect(seen.code).toBe(0)
    expect(seen.asked[0]?.question).toBe('path of the file with the new private key (PEM or JWK): ')
    expect(await stored()).toEqual({ ...present, private_key: OTHER_KEY.trim() })
  })

  it.each([
    ['a PEM', OTHER_KEY.trim()],
    ['a JWK', JSON.stringify(createPrivateKey(OTHER_KEY).export({ format: 'jwk' }))],
  ])('is replaced by what is in a file that is named: %s', async (_, key) => {
    await create('vendomat/zenith/main', present)
    expect((await run(`rotate zenith main --from-file ${account.file('new', key)}`, keyed)).code).toBe(0)
    expect(await stored()).toEqual({ ...present, private_key: key })
  })
})

describe('the file of a portal', () => {
  const description = { ...keyed, credentials: { file }, assertion: { claims: { scope: '{scope}' } } }
  const made = (private_key: string) => ({ type: 'service', client_email: 'ada@zenith.example', private_key })

  it('is taken, and what it does not have is asked for', async () => {
    const path = account.file('made.json', JSON.stringify(made(KEY)))
    const seen = await run('connect zenith main', description, { types: [path, 'hq', '', 'read', '', ''] })
    expect(seen.code).toBe(0)
    expect(seen.asked.map(({ question }) => question)).toEqual([
      ...['path of the JSON key: ', 'tenant: ', 'key id, if the vendor gave the key one: ', 'scope: '],
      ...[expect.stringContaining('last day of the key file'), expect.stringContaining('who is notified')],
    ])
    expect(await stored()).toEqual({ ...made(KEY), tenant: 'hq', scope: 'read' })
  })

  it('is replaced whole, but for what was said beside it', async () => {
    await create('vendomat/zenith/main', { ...made(KEY), old: 'x', tenant: 'hq', scope: 'read' })
    const path = account.file('new.json', JSON.stringify(made(OTHER_KEY)))
    expect((await run('rotate zenith main', description, { types: [path] })).code).toBe(0)
    expect(await stored()).toEqual({ ...made(OTHER_KEY), tenant: 'hq', scope: 'read' })
  })

  it('is taken whole from another secret', async () => {
    const theirs = { ...made(KEY), tenant: 'hq', scope: 'read' }
    await create('theirs', theirs)
    expect((await run('connect zenith main --from-secret theirs', description)).code).toBe(0)
    expect(await stored()).toEqual(theirs)
  })
})
