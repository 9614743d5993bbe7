import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
} from '@aws-sdk/client-secrets-manager'
import { clearidKey } from '../../support/clearid-key.ts'
import { html, json, jwt, networkError, redirect, type Step, text, vendorAnswering } from '../../support/fake-vendor.ts'
import { awsAccount } from './account.ts'
import { type Call, NOW, problem, seenIn, vendomat, type World } from './shell.ts'

const CANARY = 'CANARY-7f3a'
const DAY = 24 * 60 * 60
const now = NOW.getTime() / 1000
const api_url = 'https://acme.api.iobeya.com'
const tokenFor = (days: number) => jwt({ iat: now - DAY, exp: now + days * DAY, sub: CANARY })

const account = awsAccount()
let names: string[] = []
afterEach(async () => {
  for (const SecretId of names) {
    await account.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })).catch(() => {})
  }
  names = []
})

async function secretOf(name: string, document: object): Promise<string> {
  names.push(`vendomat/${name}`)
  const secret = { Name: `vendomat/${name}`, SecretString: JSON.stringify(document) }
  return (await account.secrets.send(new CreateSecretCommand(secret))).VersionId ?? ''
}

async function stored(name: string) {
  const SecretId = `vendomat/${name}`
  const { SecretString = '', VersionId } = await account.secrets.send(new GetSecretValueCommand({ SecretId }))
  const { VersionIdsToStages = {} } = await account.secrets.send(new DescribeSecretCommand({ SecretId }))
  return { document: JSON.parse(SecretString), version: VersionId, stages: VersionIdsToStages }
}

/** Rotates a connection that the machine gets along with. Returns the vendor's requests as well. */
async function rotate(command: string, world: World = {}, ...steps: Step[]) {
  const [vendor = '', connection = ''] = command.split(' ')
  const answering = vendorAnswering(...steps)
  const view = { vendor, connection, state: 'ok', next_action: 'none' }
  const answers = { [`POST /connections/${vendor}/${connection}/check`]: view, ...world.answers }
  const seen = await vendomat(`rotate ${command}`, { vendor: answering.http, ...world, answers })
  expect(seenIn(seen)).not.toContain(CANARY)
  return { ...seen, requests: answering.requests }
}

const piped = (given: string): World => ({ stdin: async () => given })
const alive = () => json({ data: [] })

describe('an iObeya token', () => {
  const rotateTo = (token: string, ...steps: Step[]) => rotate('iobeya main --from-stdin', piped(token), ...steps)

  it('that ends later and lives takes the place of the old one, and the machine uses it at once', async () => {
    const old = await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const token = tokenFor(365)
    const seen = await rotateTo(`${token}\n`, alive)
    const { document, version, stages } = await stored('iobeya/main')
    expect([seen.code, seen.out]).toEqual([0, `iobeya/main is rotated: ${old} -> ${version}, ends 2027-11-20`])
    expect(document).toEqual({ token, api_url })
    expect(stages).toEqual({ [old]: ['AWSPREVIOUS'], [version ?? '']: ['AWSCURRENT'] })
    expect(seen.calls).toMatchObject([{ method: 'POST', path: '/connections/iobeya/main/check', body: undefined }])
    expect(seen.requests.map(({ url }) => url)).toEqual([`${api_url}/v1/rooms?page=1&size=1`])
    expect(seen.said).toMatch(
      /1\. For a personal access token[\s\S]*Generate the token[\s\S]*Then:\n {2}1\. For a machine user/,
    )
  })

  it('may be typed, unseen, with what people paste along', async () => {
    await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const token = tokenFor(365)
    const seen = await rotate('iobeya main', { types: [` "Bearer ${token}" `] }, alive)
    expect(seen.code).toBe(0)
    expect(seen.asked).toEqual([{ question: 'new token: ', secret: true }])
  })

  it('leaves its place to any that lives when it has ended', async () => {
    await secretOf('iobeya/main', { token: tokenFor(-3), api_url })
    expect((await rotateTo(tokenFor(5), alive)).code).toBe(0)
  })

  it('is only tried with --dry-run', async () => {
    const document = { token: tokenFor(20), api_url }
    const old = await secretOf('iobeya/main', document)
    const seen = await rotate('iobeya main --from-stdin --dry-run', piped(tokenFor(365)), alive)
    expect([seen.code, seen.calls, seen.requests.length]).toEqual([0, [], 1])
    expect(seen.out).toBe('iobeya/main could be rotated, ends 2027-11-20; nothing has changed')
    expect(await stored('iobeya/main')).toMatchObject({ document, version: old })
  })

  it.each([
    ['is no JWT', 'CANARY-7f3a.opaque', 'is not a JWT'],
    ['is cut off', tokenFor(365).split('.').slice(0, 2).join('.'), 'is not a JWT'],
    ['has ended', tokenFor(-1), 'ended on 2026-11-19'],
    ['ends sooner', tokenFor(19), 'ends on 2026-12-09, the old one on 2026-12-10: it has to end later'],
    ['ends with the old one', jwt({ exp: now + 20 * DAY, iat: now }), 'it has to end later'],
    ['is the old one', tokenFor(20), 'stored already'],
    ['is empty', ' \n', 'is empty'],
  ])('that %s is refused before iObeya is called, and nothing is stored', async (_, token, why) => {
    const document = { token: tokenFor(20), api_url }
    const old = await secretOf('iobeya/main', document)
    const seen = await rotateTo(token)
    expect(seen.code).not.toBe(0)
    expect([seen.out, seen.calls, seen.requests]).toEqual(['', [], []])
    expect(seen.said).toContain(why)
    expect(await stored('iobeya/main')).toMatchObject({ document, version: old })
  })

  it.each([
    ['refused', () => json({ hint: CANARY }, 401), 1, 'refuses the token'],
    ['answered with a login page', () => html(200, CANARY), 1, 'a page for people'],
    ['sent to a login page', () => redirect('https://acme.iobeya.com/login'), 1, 'a page for people'],
    ['at a wrong address', () => html(404, CANARY), 1, 'check api_url'],
    ['not answered', () => html(503, CANARY), 5, 'not available'],
    ['out of reach', () => text(CANARY, 500), 5, 'not available'],
  ])('that is %s is not stored', async (_, answer, code, why) => {
    const old = await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const seen = await rotateTo(tokenFor(365), answer)
    expect([seen.code, seen.out, seen.calls]).toEqual([code, '', []])
    expect(seen.said).toContain(why)
    expect(seen.said).toContain('the credentials in use are still the old ones')
    expect((await stored('iobeya/main')).version).toBe(old)
  })

  it('that cannot be checked, since the network is down, is not stored', async () => {
    await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    expect((await rotateTo(tokenFor(365), networkError('ECONNRESET'))).code).toBe(5)
  })

  it('whose user may not read rooms is stored, with a warning', async () => {
    await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const seen = await rotateTo(tokenFor(365), json({}, 403))
    expect(seen.code).toBe(0)
    expect(seen.said).toContain('warning: the token works, but its user may not read what its check reads')
  })

  it('that the machine does not get along with is reported, with the way back', async () => {
    const old = await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const failure = { code: 'credential_expired', detail: 'iObeya refuses it', since: NOW.toISOString() }
    const view = { vendor: 'iobeya', connection: 'main', state: 'failing', next_action: 'x', last_failure: failure }
    const answers = { 'POST /connections/iobeya/main/check': view }
    const seen = await rotate('iobeya main --from-stdin', { ...piped(tokenFor(365)), answers }, alive)
    expect(seen.code).toBe(1)
    expect(seen.said).toContain('iObeya refuses it')
    expect(seen.said).toContain(`--move-to-version-id ${old}`)
    expect(seen.said).toContain('the old version stays in use as long as it works')
    expect(seen.said).not.toContain('Then:')
  })

  it('is reported with its versions also when the machine then cannot check it', async () => {
    const old = await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const answers = { 'POST /connections/iobeya/main/check': problem(503, 'vendor_unavailable') }
    const seen = await rotate('iobeya main --from-stdin', { ...piped(tokenFor(365)), answers }, alive)
    const { version } = await stored('iobeya/main')
    expect([seen.code, seen.out]).toEqual([5, `iobeya/main is rotated: ${old} -> ${version}, ends 2027-11-20`])
    expect(seen.said).toContain('it is stored')
  })

  it('that still asks something of a person is rotated, and says what', async () => {
    await secretOf('iobeya/main', { token: tokenFor(20), api_url })
    const view = { vendor: 'iobeya', connection: 'main', state: 'disabled', next_action: 'vendomat enable, when ready' }
    const answers = { 'POST /connections/iobeya/main/check': view }
    const seen = await rotate('iobeya main --from-stdin', { ...piped(tokenFor(365)), answers }, alive)
    expect(seen.code).toBe(0)
    expect(seen.said).toContain('next step: vendomat enable, when ready')
  })

  it('is the old one also when only its entered end is another', async () => {
    const token = jwt({ sub: CANARY })
    const old = await secretOf('iobeya/main', { token, api_url, expires_on: '2026-11-01' })
    const seen = await rotate('iobeya main --from-stdin --expires 2027-11-20', piped(token))
    expect([seen.code, seen.calls, seen.requests]).toEqual([1, [], []])
    expect(seen.said).toContain('stored already')
    expect((await stored('iobeya/main')).version).toBe(old)
  })
})

describe('a client secret', () => {
  const accelo = { deployment: 'acme', client_id: 'abcdef12@acme.accelo.com', client_secret: 'old', scope: 'read(all)' }
  const granted = () => json({ access_token: `${CANARY}-token`, token_type: 'bearer', expires_in: 86400 })

  it('is tried by obtaining a token, and everything else stays', async () => {
    await secretOf('accelo/hq', accelo)
    const seen = await rotate('accelo hq --from-stdin', piped(`${CANARY}-new`), granted)
    expect(seen.code).toBe(0)
    expect((await stored('accelo/hq')).document).toEqual({ ...accelo, client_secret: `${CANARY}-new` })
    const sent = seen.requests[0]?.headers.get('authorization') ?? ''
    expect(Buffer.from(sent.slice(6), 'base64').toString()).toBe(`${accelo.client_id}:${CANARY}-new`)
  })

  it('that stays as it was leaves nothing to do at the vendor', async () => {
    await secretOf('accelo/hq', accelo)
    const seen = await rotate('accelo hq --from-stdin', piped('{"scope":"read(companies)"}'), granted)
    expect([seen.code, (await stored('accelo/hq')).document]).toEqual([0, { ...accelo, scope: 'read(companies)' }])
    expect(seen.said).not.toContain('Then:')
  })

  it('that is refused is not stored', async () => {
    const old = await secretOf('accelo/hq', accelo)
    const refused = () => json({ error: 'invalid_client', error_description: CANARY }, 401)
    const seen = await rotate('accelo hq --from-stdin', piped(`${CANARY}-new`), refused)
    expect([seen.code, seen.calls]).toEqual([1, []])
    expect((await stored('accelo/hq')).version).toBe(old)
  })

  it('does not inherit the end of the old one', async () => {
    await secretOf('accelo/hq', { ...accelo, expires_on: '2026-12-01' })
    const silent = await rotate('accelo hq --from-stdin', piped('new'))
    expect([silent.code, silent.requests]).toEqual([2, []])
    expect(silent.said).toContain('--expires')
    expect((await rotate('accelo hq --from-stdin --expires 2027-11-20', piped('new'), granted)).out).toContain(
      'ends 2027-11-20',
    )
    expect((await stored('accelo/hq')).document.expires_on).toBe('2027-11-20')
    await rotate('accelo hq', { types: ['newer', 'never'] }, granted)
    expect((await stored('accelo/hq')).document).toEqual({ ...accelo, client_secret: 'newer' })
  })

  it('ends on the day that the command line says, whatever a file says', async () => {
    await secretOf('accelo/hq', { ...accelo, expires_on: '2026-12-01' })
    const document = piped(JSON.stringify({ client_secret: 'new', expires_on: '2027-06-01' }))
    await rotate('accelo hq --from-stdin', document, granted)
    expect((await stored('accelo/hq')).document.expires_on).toBe('2027-06-01')
    await rotate('accelo hq --from-stdin --expires 2027-11-20', document, granted)
    expect((await stored('accelo/hq')).document.expires_on).toBe('2027-11-20')
    await rotate('accelo hq --from-stdin --expires never', document, granted)
    expect((await stored('accelo/hq')).document).toEqual({ ...accelo, client_secret: 'new' })
  })

  it.each(['soon', '2026-11-19', 7, null])('is not stored by a document in which it ends on %j', async (expires_on) => {
    const old = await secretOf('accelo/hq', accelo)
    const document = JSON.stringify({ client_secret: 'new', expires_on })
    const seen = await rotate('accelo hq --from-stdin', piped(document))
    expect([seen.code, seen.requests]).toEqual([2, []])
    expect((await stored('accelo/hq')).version).toBe(old)
  })

  it('is another one, or nothing is done', async () => {
    await secretOf('accelo/hq', { expires_on: '2027-01-31', ...accelo })
    const seen = await rotate('accelo hq --from-stdin --expires 2027-01-31', piped('old'))
    expect([seen.code, seen.requests]).toEqual([1, []])
    expect(seen.said).toContain('stored already')
  })

  it('cannot end more than 366 days from now: the year is mistyped', async () => {
    const old = await secretOf('accelo/hq', accelo)
    for (const given of [
      ['--expires 2027-11-22', 'new'],
      ['', JSON.stringify({ client_secret: 'new', expires_on: '2037-06-01' })],
    ] as const) {
      const seen = await rotate(`accelo hq --from-stdin ${given[0]}`, piped(given[1]))
      expect([seen.code, seen.requests]).toEqual([2, []])
      expect(seen.said).toContain('is the year mistyped?')
    }
    expect((await stored('accelo/hq')).version).toBe(old)
    expect((await rotate('accelo hq --from-stdin --expires 2027-11-21', piped('new'), granted)).code).toBe(0)
  })

  it.each(['2026-11-19', '2026-02-30', 'soon', ''])('cannot end on %j', async (day) => {
    await secretOf('accelo/hq', accelo)
    const seen = await vendomat(['rotate', 'accelo', 'hq', '--from-stdin', '--expires', day], piped('new'))
    expect(seen.code).toBe(2)
  })

  it('stops at Ctrl-C, with nothing stored', async () => {
    const old = await secretOf('accelo/hq', accelo)
    const seen = await rotate('accelo hq', { types: ['^C'] })
    expect(seen.code).toBe(130)
    expect((await stored('accelo/hq')).version).toBe(old)
  })

  it('is never requested where nobody is', async () => {
    await secretOf('accelo/hq', accelo)
    expect((await rotate('accelo hq')).said).toContain('use --from-file or --from-stdin')
  })

  it('comes from a file that is not quoted when it is none', async () => {
    await secretOf('accelo/hq', accelo)
    const path = account.file('secret.json', `{"client_secret":"${CANARY}`)
    const seen = await rotate(`accelo hq --from-file ${path}`)
    expect([seen.code, seen.requests]).toEqual([2, []])
  })
})

describe('a NetRex application', () => {
  const netrex = { host: 'system2.netrex.cz', client_id: 'nrx', client_secret: 'old', scope: 'read' }
  const view = { vendor: 'netrex', connection: 'site-a', state: 'ok', next_action: 'none' }
  const TRIAL = 'POST /connections/netrex/site-a/trial'
  const CHECK = 'POST /connections/netrex/site-a/check'

  it('is tried by the machine, which has the refresh token, before it is put into use', async () => {
    const old = await secretOf('netrex/site-a', netrex)
    const during: unknown[] = []
    const answer = async () => {
      during.push((await stored('netrex/site-a')).version)
      return view
    }
    const tried = async (call: Call) => {
      await answer()
      return { vendor: 'netrex', connection: 'site-a', ...Object(call.body), warnings: [] }
    }
    const world = { ...piped(`${CANARY}-new`), answers: { [TRIAL]: tried, [CHECK]: answer } }
    const seen = await rotate('netrex site-a --from-stdin', world)
    const { document, version, stages } = await stored('netrex/site-a')
    expect(seen.code).toBe(0)
    expect(seen.trials.map(({ body }) => body)).toEqual([{ version }])
    expect(seen.calls).toMatchObject([{ path: '/connections/netrex/site-a/check', body: undefined }])
    expect(during).toEqual([old, version])
    expect(document).toEqual({ ...netrex, client_secret: `${CANARY}-new` })
    expect(stages).toEqual({ [old]: ['AWSPREVIOUS'], [version ?? '']: ['AWSCURRENT'] })
  })

  it('that does not work is taken back, and the old one stays in use', async () => {
    const old = await secretOf('netrex/site-a', netrex)
    const answers = { [TRIAL]: () => problem(502, 'credential_rejected') }
    const seen = await rotate('netrex site-a --from-stdin', { ...piped('new'), answers })
    expect(seen.code).toBe(1)
    expect(seen.said).toContain('the credentials in use are still the old ones')
    expect(await stored('netrex/site-a')).toMatchObject({ version: old, stages: { [old]: ['AWSCURRENT'] } })
  })

  it('that does not work is what people hear of, also when the version cannot be taken back', async () => {
    await secretOf('netrex/site-a', netrex)
    const gone = async () => {
      const SecretId = 'vendomat/netrex/site-a'
      await account.secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }))
      return problem(502, 'credential_rejected')
    }
    const answers = { [TRIAL]: gone }
    const seen = await rotate('netrex site-a --from-stdin', { ...piped('new'), answers })
    expect(seen.code).toBe(1)
    expect(seen.said).toContain('No: because')
  })

  it('is not tried with --dry-run, which would spend its refresh token', async () => {
    const old = await secretOf('netrex/site-a', netrex)
    const seen = await rotate('netrex site-a --from-stdin --dry-run', piped(`${CANARY}-new`))
    expect([seen.code, seen.calls, seen.requests]).toEqual([0, [], []])
    expect(seen.said).toContain('is not tried: that would spend the refresh token')
    expect(seen.trials.map(({ body }) => body)).toMatchObject([{ only_fit: true }])
    expect(await stored('netrex/site-a')).toMatchObject({ version: old, stages: { [old]: ['AWSCURRENT'] } })
  })

  it.each(['', '--dry-run'])('that does not fit is taken back %s', async (option) => {
    const old = await secretOf('netrex/site-a', netrex)
    const seen = await rotate(`netrex site-a --from-stdin ${option}`, piped('{"scope":"everything"}'))
    expect([seen.code, seen.calls]).toEqual([1, []])
    expect((await stored('netrex/site-a')).stages).toEqual({ [old]: ['AWSCURRENT'] })
  })
})

describe('a NetRex user token', () => {
  const userToken = { host: 'system2.netrex.cz', user_token: 'old' }
  const cameras = () => json({ data: { cameraList: [] } })

  it.each([
    ['refuses', () => json({ error: CANARY }, 401), 'NetRex refuses the token'],
    ['answers no cameras to', () => json({ errors: [{ message: CANARY }] }), 'NetRex does not take the token'],
    ['answers a page to', () => html(200, CANARY), 'a page for people'],
  ])('that NetRex %s is not stored', async (_, answer, why) => {
    const old = await secretOf('netrex/site-b', userToken)
    const seen = await rotate('netrex site-b --from-stdin', piped(`${CANARY}-new`), answer)
    expect([seen.code, seen.out, seen.calls]).toEqual([1, '', []])
    expect(seen.said).toContain(why)
    expect(seen.said).toContain('the credentials in use are still the old ones')
    expect((await stored('netrex/site-b')).version).toBe(old)
  })

  it('takes the place of the old one when NetRex takes it, with an end of its own', async () => {
    await secretOf('netrex/site-b', { ...userToken, expires_on: '2026-12-01' })
    const seen = await rotate('netrex site-b', { types: [`${CANARY}-new`, '2027-11-20'] }, cameras)
    expect(seen.asked.map(({ secret }) => secret)).toEqual([true, false])
    expect(seen.code).toBe(0)
    expect(seen.requests.map(({ url, headers }) => [url, headers.get('authorization')])).toEqual([
      ['https://system2.netrex.cz/api/graphql.php', `Bearer ${CANARY}-new`],
    ])
    expect(seen.out).toContain('ends 2027-11-20')
    const { document } = await stored('netrex/site-b')
    expect(document).toEqual({ ...userToken, user_token: `${CANARY}-new`, expires_on: '2027-11-20' })
  })
})

describe('a ClearID key file', () => {
  const file = {
    accountId: 'acme',
    clientId: '11111111-2222-4333-8444-555555555555:acme',
    clientSecret: 'old',
    stsUrl: 'https://sts-demo.clearid.io',
    identityServiceUrl: 'https://identityservice-demo.clearid.io',
  }
  const granted = () => json({ access_token: `${CANARY}-token`, expires_in: 3600 })

  it('takes the place of the whole old one, but for its end, which is requested', async () => {
    await secretOf('clearid/main', { ...file, teamServiceUrl: 'https://old.clearid.io', expires_on: '2026-12-01' })
    const next = { ...file, clientSecret: `${CANARY}-new` }
    const path = account.file('key.json', JSON.stringify(next))
    const seen = await rotate('clearid main', { types: [` ${path} `, '2027-11-20'] }, granted)
    expect([seen.code, seen.requests.length]).toEqual([0, 1])
    expect((await stored('clearid/main')).document).toEqual({ ...next, expires_on: '2027-11-20' })
    expect(seen.said).toContain('Delete the downloaded file.')
  })

  describe('with a key and a client secret', () => {
    const both = { ...file, clientSecret: `${CANARY}-new`, key: clearidKey() }

    it('is used as the one before was, which is said and not asked again', async () => {
      await secretOf('clearid/main', { ...file, key: clearidKey(), authenticate_with: 'clientSecret' })
      const path = account.file('both.json', JSON.stringify(both))
      const seen = await rotate(`clearid main --from-file ${path}`, { types: [] }, granted)
      expect([seen.code, seen.asked]).toEqual([0, []])
      expect(seen.said).toContain('used is, as before, the client secret')
      expect((await stored('clearid/main')).document).toEqual({ ...both, authenticate_with: 'clientSecret' })
    })

    it('is used as the person says where the one before left nothing open', async () => {
      await secretOf('clearid/main', file)
      const path = account.file('both.json', JSON.stringify(both))
      const seen = await rotate('clearid main', { types: [path, '0', '1'] }, granted)
      expect([seen.code, seen.asked.length]).toEqual([0, 3])
      expect((await stored('clearid/main')).document).toEqual({ ...both, authenticate_with: 'key' })
    })

    it('leaves what was said of the one before behind when it leaves nothing open itself', async () => {
      await secretOf('clearid/main', { ...both, authenticate_with: 'key' })
      const path = account.file('secret.json', JSON.stringify({ ...file, clientSecret: `${CANARY}-new` }))
      expect((await rotate(`clearid main --from-file ${path}`, {}, granted)).code).toBe(0)
      expect((await stored('clearid/main')).document).toEqual({ ...file, clientSecret: `${CANARY}-new` })
    })
  })

  it('that is none is named, and not quoted', async () => {
    await secretOf('clearid/main', file)
    const path = account.file('key.json', CANARY)
    for (const seen of [
      await rotate('clearid main', { types: [path] }),
      await rotate(`clearid main --from-file ${path}`),
    ]) {
      expect([seen.code, seen.requests]).toEqual([2, []])
      expect(seen.said).toContain(`${path} is not a JSON document`)
    }
  })
})

it('a secret that is not there is not rotated', async () => {
  const seen = await rotate('accelo nowhere --from-stdin', piped('new'))
  expect([seen.code, seen.calls]).toEqual([6, []])
  expect(seen.said).toContain('vendomat connect accelo nowhere')
})
