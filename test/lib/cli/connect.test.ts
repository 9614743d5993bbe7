import { join } from 'node:path'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager'
import { UNTRIED_VERSION } from '../../../functions/kit/untried.ts'
import { clearidKey } from '../../support/clearid-key.ts'
import { html, json, jwt, networkError, redirect, type Step, vendorAnswering } from '../../support/fake-vendor.ts'
import { awsAccount } from './account.ts'
import { AWS, type Call, MACHINE, NOW, problem, seenIn, vendomat, type World } from './shell.ts'

const CANARY = 'CANARY-7f3a'
const accelo = { deployment: 'acme', client_id: 'abcdef12@acme.accelo.com', client_secret: `${CANARY}-secret` }
const granted = { access_token: `${CANARY}-token`, token_type: 'bearer', expires_in: 86400 }
const registered = { vendor: 'accelo', connection: 'hq', state: 'new', next_action: 'none' }

const account = awsAccount()
afterEach(async () => {
  await account.secrets
    .send(new DeleteSecretCommand({ SecretId: 'vendomat/accelo/hq', ForceDeleteWithoutRecovery: true }))
    .catch(() => {})
})

const stored = (name = 'vendomat/accelo/hq') =>
  account.secrets.send(new GetSecretValueCommand({ SecretId: name })).then(
    ({ SecretString = '' }) => JSON.parse(SecretString),
    () => undefined,
  )

const OWNER = 'PUT /connections/accelo/hq/owner'
const CHECK = 'POST /connections/accelo/hq/check'

/** Connects accelo/hq. Returns the vendor's requests as well. */
async function connect(options: string, world: World = {}, answer: () => Response = () => json(granted)) {
  const vendor = vendorAnswering(answer, answer)
  const seen = await vendomat(`connect accelo hq ${options}`, {
    answers: { [OWNER]: registered, [CHECK]: registered },
    vendor: vendor.http,
    ...world,
  })
  return { ...seen, vendor: vendor.requests }
}
const piped = (document: unknown = accelo): World => ({ stdin: async () => JSON.stringify(document) })

const fileWith = (text: string): string => account.file('credentials.json', text)

describe('vendomat connect', () => {
  it('tries the credentials out, stores them, and sends the machine their owner', async () => {
    const seen = await connect('--from-stdin --owner erp@acme.example', piped())
    expect(seen.vendor.map(({ url }) => url)).toEqual(['https://acme.api.accelo.com/oauth2/v0/token'])
    expect(await stored()).toEqual(accelo)
    expect(seen.calls).toMatchObject([
      { method: 'PUT', path: '/connections/accelo/hq/owner', body: { owner: 'erp@acme.example' } },
      { method: 'POST', path: '/connections/accelo/hq/check', body: undefined },
    ])
    expect([seen.code, seen.out]).toEqual([0, 'accelo/hq is connected'])
    expect(seen.said).toBe('token obtained, ends in 24 h\nstored in the secret vendomat/accelo/hq')
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('takes a file, and asks nothing when nobody is there', async () => {
    const seen = await connect(`--from-file ${fileWith(`\ufeff${JSON.stringify(accelo)}\n`)}`)
    expect([seen.code, seen.asked]).toEqual([0, []])
    expect(seen.calls.map(({ path }) => path)).toEqual(['/connections/accelo/hq/check'])
    expect(await stored()).toEqual(accelo)
  })

  it('stores it under the stage of the machine, and encrypted with its key, where the environment says so', async () => {
    const key = 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-0000-4000-8000-000000000000'
    const environment = { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_STAGE: 'dev', VENDOMAT_SECRETS_KEY: key }
    const seen = await connect('--from-stdin', { ...piped(), environment })
    expect(seen.said).toContain('stored in the secret vendomat-dev/accelo/hq')
    expect([await stored('vendomat-dev/accelo/hq'), await stored()]).toEqual([accelo, undefined])
    const SecretId = 'vendomat-dev/accelo/hq'
    expect((await account.secrets.send(new DescribeSecretCommand({ SecretId }))).KmsKeyId).toBe(key)
  })

  it.each(['Dev', 'dev/..', 'dev '])(
    'does nothing for a stage like "%s", and says what it should be',
    async (stage) => {
      const environment = { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_STAGE: stage }
      const seen = await connect('--from-stdin', { ...piped(), environment })
      expect([seen.code, seen.vendor, seen.calls]).toEqual([2, [], []])
      expect(seen.said).toContain(
        `VENDOMAT_STAGE "${stage}" is no stage: set what the stack prints, like dev, or nothing`,
      )
    },
  )

  it('takes an empty stage for none', async () => {
    const environment = { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_STAGE: '' }
    await connect('--from-stdin', { ...piped(), environment })
    expect(await stored()).toEqual(accelo)
  })

  it('gives a secret that is there a new version', async () => {
    await connect('--from-stdin', piped())
    const changed = { ...accelo, scope: 'read(companies)' }
    expect((await connect('--from-stdin', piped(changed))).code).toBe(0)
    expect(await stored()).toEqual(changed)
    expect((await connect('--from-stdin', piped())).code).toBe(0)
    expect(await stored()).toEqual(accelo)
  })

  it('asks for the members, and shows no secret while it is typed', async () => {
    const types = [' acme ', accelo.client_id, accelo.client_secret, '', '', 'erp@acme.example']
    const seen = await connect('', { types })
    expect(seen.code).toBe(0)
    expect(await stored()).toEqual({ ...accelo, scope: 'read(all)' })
    expect(seen.asked.map(({ secret }) => secret)).toEqual([false, false, true, false, false, false])
    expect(seen.calls[0]?.body).toEqual({ owner: 'erp@acme.example' })
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('stores nothing with an owner that the machine does not take', async () => {
    const seen = await connect(`--from-stdin --owner ${'a'.repeat(201)}`, piped())
    expect([seen.code, seen.calls, await stored()]).toEqual([2, [], undefined])
    expect((await connect(`--from-stdin --owner ${'a'.repeat(200)}`, piped())).code).toBe(0)
  })

  it('leaves the owner as it is when none is typed', async () => {
    const seen = await connect('', { types: ['acme', accelo.client_id, accelo.client_secret, '', '', ''] })
    expect(seen.code).toBe(0)
    expect(seen.calls.map(({ path }) => path)).toEqual(['/connections/accelo/hq/check'])
  })

  it('stores the last day of a secret that does not say it itself', async () => {
    await connect('--from-stdin --expires 2027-01-31', piped())
    expect(await stored()).toEqual({ ...accelo, expires_on: '2027-01-31' })
    await connect('--from-stdin --expires never', piped({ ...accelo, expires_on: '2027-01-31' }))
    expect(await stored()).toEqual(accelo)
    await connect('', { types: ['acme', accelo.client_id, accelo.client_secret, '', '2026-11-20', ''] })
    expect(await stored()).toEqual({ ...accelo, scope: 'read(all)', expires_on: '2026-11-20' })
  })

  it.each(['soon', 'nextyear', '2026-02-30', '2026-11-19', '2027-11-22', '2072-01-31'])(
    'stores nothing with a last day of %s',
    async (day) => {
      const typed = ['acme', accelo.client_id, accelo.client_secret, '', day, '']
      for (const seen of [
        await connect(`--from-stdin --expires ${day}`, piped()),
        await connect('--from-stdin', piped({ ...accelo, expires_on: day })),
        await connect('', { types: typed }),
      ]) {
        expect([seen.code, seen.vendor, seen.calls, await stored()]).toEqual([2, [], [], undefined])
      }
    },
  )

  it('stops at Ctrl-C, with nothing stored', async () => {
    const seen = await connect('', { types: ['acme', '^C'] })
    expect([seen.code, seen.calls, await stored()]).toEqual([130, [], undefined])
  })

  it.each([
    ['refuses the credentials', () => json({ error: 'invalid_client', error_description: CANARY }, 401), 1],
    ['cannot answer', () => json({}, 503), 5],
    ['answers nonsense', () => json({ hint: CANARY }), 1],
  ])('stores nothing and registers nothing when the vendor %s', async (_what, answer, expected) => {
    const seen = await connect('--from-stdin', piped(), answer)
    expect([seen.code, seen.out, seen.calls, await stored()]).toEqual([expected, '', [], undefined])
    expect(seen.said).toContain('nothing was stored')
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it.each([
    [{ ...accelo, deployment: undefined }, 'deployment'],
    [{ ...accelo, deployment: 'evil.example' }, 'deployment'],
  ])('calls nobody with a document that does not fit', async (document, word) => {
    const seen = await connect('--from-stdin', piped(document))
    expect([seen.code, seen.vendor, await stored()]).toEqual([1, [], undefined])
    expect(seen.said).toContain(word)
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it.each([`{"client_secret":"${CANARY}`, `["${CANARY}"]`, `"${CANARY}"`, 'null', ''])(
    'does not quote what is no JSON document: %s',
    async (text) => {
      const seen = await connect(`--from-file ${fileWith(text)}`)
      expect([seen.code, seen.vendor]).toEqual([2, []])
      expect(seen.said).toContain('is not a JSON document')
      expect(seenIn(seen)).not.toContain(CANARY)
    },
  )

  it('says which file cannot be read', async () => {
    const seen = await connect('--from-file no-such-file.json')
    expect([seen.code, seen.said]).toEqual([2, 'vendomat: no-such-file.json cannot be read (ENOENT)'])
  })

  it('says so when the machine, which has stored credentials, does not get along with them', async () => {
    const last_failure = { code: 'configuration', detail: 'no route to Accelo', since: NOW.toISOString() }
    const view = { ...registered, state: 'failing', next_action: 'see last_failure', last_failure }
    const seen = await connect('--from-stdin', { ...piped(), answers: { [CHECK]: view } })
    expect([seen.code, seen.out]).toEqual([1, ''])
    expect(seen.said).toContain(
      'accelo/hq is stored, but the machine does not get along with it: no route to Accelo\nnext step: see last_failure',
    )
  })

  it('says that the credentials are stored when the machine then cannot be reached', async () => {
    const seen = await connect('--from-stdin', { ...piped(), answers: { [CHECK]: problem(503) } })
    expect([seen.code, await stored()]).toEqual([5, accelo])
    expect(seen.said).toContain('stored in the secret vendomat/accelo/hq')
  })

  it('keeps a secret of that name that waits for its deletion, with the new credentials in it', async () => {
    await connect('--from-stdin', piped())
    await account.secrets.send(new DeleteSecretCommand({ SecretId: 'vendomat/accelo/hq' }))
    const changed = { ...accelo, scope: 'read(companies)' }
    const seen = await connect('--from-stdin', piped(changed))
    expect([seen.code, await stored()]).toEqual([0, changed])
  })

  it('names the options where there is no terminal', async () => {
    const seen = await connect('')
    expect([seen.code, seen.vendor, seen.calls]).toEqual([2, [], []])
    expect(seen.said).toContain('--from-file or --from-stdin')
  })

  it.each([
    ['accelo', "missing required argument 'connection'"],
    ['accelo/hq', 'vendor and connection are two words, like accelo hq'],
    ['accelo hq more', 'too many arguments'],
    ['accelo HQ', 'names consist of'],
    ['nobody hq', 'accelo, accessia'],
    ['toString hq', 'names consist of'],
    ['constructor hq', 'there is no vendor'],
    ['acelo hq', 'did you mean accelo?'],
    ['accelo hq --from-file a --from-stdin', 'do not go together'],
    [`accelo hq --client-secret=${CANARY}`, '--client-secret'],
    [`accelo hq --token ${CANARY}`, '--token'],
  ])('called as "connect %s" exits with 2 and asks nothing', async (line, words) => {
    const seen = await vendomat(`connect ${line}`, { types: [] })
    expect([seen.code, seen.asked, seen.calls]).toEqual([2, [], []])
    expect(seen.said).toContain(words)
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('does not ask for secrets when it does not know where the machine is', async () => {
    const seen = await connect('', { types: [], environment: AWS })
    expect([seen.code, seen.asked]).toEqual([2, []])
    expect(seen.said).toContain('VENDOMAT_URL')
  })

  it('says how it is used', async () => {
    expect((await vendomat('connect --help')).out).toContain('--from-stdin')
  })
})

describe('credentials that are tried', () => {
  const SecretId = 'vendomat/accelo/hq'
  const TRIAL = 'POST /connections/accelo/hq/trial'
  const there = () =>
    account.secrets.send(new DescribeSecretCommand({ SecretId })).then(
      ({ VersionIdsToStages = {} }) => Object.values(VersionIdsToStages).map((stages) => stages.toSorted()),
      () => undefined,
    )

  it('are beside an empty version until they have worked, so that nobody is vended with them before', async () => {
    const during: unknown[] = []
    const answer = async () => {
      during.push(await stored(), await there())
      return json(granted)
    }
    const vendor = vendorAnswering(answer).http
    expect((await connect('--from-stdin', { ...piped(), vendor })).code).toBe(0)
    expect(during).toEqual([{}, [['AWSCURRENT'], ['AWSPENDING']]])
    expect([await stored(), await there()]).toEqual([accelo, [['AWSPREVIOUS'], ['AWSCURRENT']]])
  })

  it('are tried as a version by the machine, which is not sent what is in it', async () => {
    const seen = await connect('--from-stdin', piped())
    expect(seen.trials.map(({ body }) => body)).toEqual([{ version: expect.stringMatching(/^[\w-]{36}$/) }])
  })

  it('and refused leave those before them in use', async () => {
    await connect('--from-stdin', piped())
    const other = { ...accelo, client_secret: `${CANARY}-other` }
    const seen = await connect('--from-stdin', piped(other), () => json({ error: 'invalid_client' }, 401))
    expect([seen.code, await stored(), await there()]).toEqual([1, accelo, [['AWSPREVIOUS'], ['AWSCURRENT']]])
    expect(seen.said).toContain('the credentials in use are still the old ones')
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('and refused leave a secret that waits for its deletion waiting', async () => {
    await connect('--from-stdin', piped())
    await account.secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 9 }))
    const seen = await connect('--from-stdin', piped(), () => json({ error: 'invalid_client' }, 401))
    const { DeletedDate } = await account.secrets.send(new DescribeSecretCommand({ SecretId }))
    expect([seen.code, DeletedDate instanceof Date]).toEqual([1, true])
  })

  it('leave nothing behind after Ctrl-C', async () => {
    const interrupted = new AbortController()
    const answers = { [TRIAL]: () => new Promise(() => interrupted.abort()) }
    const seen = await connect('--from-stdin', { ...piped(), answers, untilInterrupted: () => interrupted.signal })
    expect([seen.code, seen.calls, await there()]).toEqual([130, [], undefined])
    expect(seen.said).toContain('nothing was stored')
  })

  it('are not used when their trial succeeds after Ctrl-C', async () => {
    await connect('--from-stdin', piped())
    const interrupted = new AbortController()
    let answer = () => {}
    const answers = {
      [TRIAL]: ({ body }: Call) =>
        new Promise((resolve) => {
          answer = () => resolve({ vendor: 'accelo', connection: 'hq', ...Object(body), warnings: [] })
          interrupted.abort()
        }),
    }
    const other = piped({ ...accelo, client_secret: 'other' })
    const seen = await connect('--from-stdin', { ...other, answers, untilInterrupted: () => interrupted.signal })
    answer()
    await new Promise(setImmediate)
    const expected = [130, accelo, [['AWSPREVIOUS'], ['AWSCURRENT']]]
    for (const _ of [1, 2, 3]) expect([seen.code, await stored(), await there()]).toEqual(expected)
  })

  it('are tried again by the same command where it ended in between', async () => {
    const SecretString = '{}'
    const left = { Name: SecretId, SecretString, ClientRequestToken: UNTRIED_VERSION }
    await account.secrets.send(new CreateSecretCommand(left))
    expect((await connect('--from-stdin', piped())).code).toBe(0)
    expect(await stored()).toEqual(accelo)
  })

  it.each([() => json(granted), () => json({ error: 'invalid_client' }, 401)])(
    'are tried in a secret that was made without any version, and refused are not left in use (%#)',
    async (answer) => {
      await account.secrets.send(new CreateSecretCommand({ Name: SecretId }))
      const { code } = await connect('--from-stdin', piped(), answer)
      expect([code, await stored()]).toEqual(code === 0 ? [0, accelo] : [1, {}])
    },
  )

  it('are not rotated before they have been in use', async () => {
    const left = { Name: SecretId, SecretString: '{}', ClientRequestToken: UNTRIED_VERSION }
    await account.secrets.send(new CreateSecretCommand(left))
    const seen = await vendomat('rotate accelo hq --from-stdin', { stdin: async () => 'new' })
    expect(seen.code).toBe(6)
    expect(seen.said).toContain('to make one: vendomat connect accelo hq')
  })

  it('are not put into use when somebody else has put others into use meanwhile', async () => {
    await connect('--from-stdin', piped())
    const theirs = { ...accelo, client_secret: 'theirs' }
    const answer = async () => {
      await account.secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(theirs) }))
      return json(granted)
    }
    const seen = await connect('--from-stdin', {
      ...piped({ ...accelo, client_secret: 'ours' }),
      vendor: vendorAnswering(answer).http,
    })
    expect([seen.code === 0, await stored()]).toEqual([false, theirs])
  })
})

describe('connect --dry-run', () => {
  it('says what would be done with which members, and does none of it', async () => {
    const seen = await connect('--from-stdin --owner ada --dry-run -o json', piped())
    expect(JSON.parse(seen.out)).toEqual({
      vendor: 'accelo',
      connection: 'hq',
      dry_run: true,
      steps: [
        {
          action: 'create_secret',
          detail: 'create the secret vendomat/accelo/hq, with deployment, client_id, client_secret',
          secret: 'vendomat/accelo/hq',
          members: ['deployment', 'client_id', 'client_secret'],
        },
        { action: 'try', detail: 'have the machine try them, and put them into use if they work' },
        { action: 'set_owner', detail: 'name ada as its owner', owner: 'ada' },
        { action: 'check', detail: 'have the machine check accelo/hq' },
      ],
    })
    expect([seen.code, seen.calls, seen.trials, seen.vendor, await stored()]).toEqual([0, [], [], [], undefined])
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('names a member that stands there by a name that is nearly ours', async () => {
    const { client_secret: clientSecret, ...others } = accelo
    const { code, said } = await connect('--from-stdin', piped({ ...others, clientSecret }))
    expect([code, said]).toEqual([1, expect.stringContaining('client_secret is missing: rename clientSecret to it')])
    expect(said).not.toContain(clientSecret)
  })

  it('names what is missing', async () => {
    const seen = await connect('--from-stdin --dry-run', piped({ ...accelo, client_secret: ' ' }))
    expect([seen.code, seen.out]).toEqual([1, ''])
    expect(seen.said).toContain('the Accelo credentials do not fit: client_secret is missing')
  })
})

describe('connect --yes', () => {
  it('asks nothing at a terminal either', async () => {
    const seen = await connect('--from-stdin --yes', { ...piped(), types: [] })
    expect([seen.code, seen.asked, await stored()]).toEqual([0, [], accelo])
    const without = await connect('--yes', { types: [] })
    expect([without.code, without.asked]).toEqual([2, []])
  })
})

describe('connect --from-secret', () => {
  const theirs = { deployment: 'acme', user: accelo.client_id, pass: accelo.client_secret, other: `${CANARY}-other` }
  const Name = 'erp/accelo'
  const mapped = '--member user=client_id --member pass=client_secret'
  let arn = ''
  beforeAll(async () => {
    const made = await account.secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(theirs) }))
    arn = made.ARN ?? ''
  })

  it.each(['by its name', 'by its ARN'])('takes over what a team has, %s, and none beside it', async (how) => {
    const seen = await connect(`--from-secret ${how === 'by its ARN' ? arn : Name} ${mapped} --yes`)
    expect([seen.code, await stored()]).toEqual([0, accelo])
    expect(seen.vendor).toHaveLength(1)
    expect(seen.said).toContain('client_id, client_secret, deployment\nleft out: other')
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('leaves the other secret as it is', async () => {
    const before = await account.secrets.send(new DescribeSecretCommand({ SecretId: Name }))
    await connect(`--from-secret ${Name} ${mapped} --yes`)
    await connect(`--from-secret ${Name} ${mapped} --yes`, {}, () => json({ error: 'invalid_client' }, 401))
    const { VersionIdsToStages } = await account.secrets.send(new DescribeSecretCommand({ SecretId: Name }))
    expect([await stored(Name), VersionIdsToStages]).toEqual([theirs, before.VersionIdsToStages])
  })

  it('is planned with names of members and no value', async () => {
    const seen = await connect(`--from-secret ${Name} ${mapped} --dry-run -o json`)
    expect(JSON.parse(seen.out).steps[0]).toMatchObject({
      from: Name,
      members: ['deployment', 'client_id', 'client_secret'],
    })
    expect([seenIn(seen).includes(CANARY), await stored()]).toEqual([false, undefined])
  })

  it.each([
    [`--from-secret ${Name}`, 2, 'has no "client_id", but deployment, other, pass, user: say which it is'],
    [`--from-secret ${Name} --member nobody=client_id`, 2, 'has no "nobody"'],
    ['--from-secret erp/nothing', 6, 'there is no secret erp/nothing'],
    [`--from-secret ${Name} --member user`, 2, '--member is their_name=our_name'],
    [`--from-secret ${Name} --from-stdin`, 2, '--from-secret goes with neither'],
    ['--from-stdin --member user=client_id', 2, '--member goes with --from-secret'],
  ])('called as %s stores nothing, and says why', async (options, code, words) => {
    const seen = await connect(options, piped())
    expect([seen.code, seen.trials, await stored()]).toEqual([code, [], undefined])
    expect(seen.said).toContain(words)
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('says nothing of what is in a secret that is no document', async () => {
    await account.secrets.send(new CreateSecretCommand({ Name: 'erp/bare', SecretString: CANARY }))
    const seen = await connect('--from-secret erp/bare')
    expect([seen.code, seenIn(seen).includes(CANARY)]).toEqual([1, false])
    expect(seen.said).toContain('the secret erp/bare is not a JSON document')
  })
})

describe('the form of a vendor', () => {
  const form = (vendor: string, types: readonly string[]) =>
    vendomat(`connect ${vendor} main`, { types, vendor: vendorAnswering().http })

  it('of iObeya asks for the token unseen, and for its end only if it does not say so itself', async () => {
    const types = ['https://acme.api.iobeya.com', `${CANARY}opaque`, '2027-10-01', '']
    const answers = { 'POST /connections/iobeya/main/check': { ...registered, vendor: 'iobeya', connection: 'main' } }
    const vendor = vendorAnswering(json({ data: [] })).http
    const seen = await vendomat('connect iobeya main', { types, answers, vendor })
    expect([seen.code, seen.asked[1]?.secret]).toEqual([0, true])
    expect(await stored('vendomat/iobeya/main')).toEqual({
      api_url: 'https://acme.api.iobeya.com',
      token: `${CANARY}opaque`,
      expires_on: '2027-10-01',
    })
    expect(seen.said).toContain('ends in 315 days')
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('of ClearID is the path of the key file', async () => {
    const seen = await form('clearid', [join(account.folder, 'no-key.json')])
    expect([seen.code, seen.asked.length]).toEqual([2, 1])
    expect(seen.said).toContain('no-key.json cannot be read')
  })

  describe('of ClearID, for a file with a key and a client secret,', () => {
    const both = {
      accountId: 'acme',
      clientId: '11111111-2222-4333-8444-555555555555:acme',
      clientSecret: `${CANARY}-secret`,
      key: clearidKey(),
      stsUrl: 'https://sts-demo.clearid.io',
      identityServiceUrl: 'https://identityservice-demo.clearid.io',
    }
    const connected = async (world: World) => {
      const path = account.file('both.json', JSON.stringify(both))
      const vendor = vendorAnswering(() => json({ ...granted, expires_in: 3600 }))
      const answers = {
        'POST /connections/clearid/main/check': { ...registered, vendor: 'clearid', connection: 'main' },
      }
      const seen = await vendomat(`connect clearid main --from-file ${path}`, {
        answers,
        vendor: vendor.http,
        ...world,
      })
      expect(seenIn(seen)).not.toContain(CANARY)
      return { ...seen, sent: vendor.requests[0]?.body ?? '' }
    }

    it('asks which is to be used, and stores the answer', async () => {
      const seen = await connected({ types: ['2', ''] })
      expect([seen.code, seen.asked[0]?.question]).toEqual([0, 'which one, 1 to 2? '])
      expect(seen.said).toContain('the file holds a key and a client secret; which is to be used?\n  1  the key')
      expect(seen.sent).toContain('grant_type=client_credentials')
      expect(await stored('vendomat/clearid/main')).toEqual({ ...both, authenticate_with: 'clientSecret' })
    })

    it('says what is used where nobody can be asked', async () => {
      const seen = await connected({})
      expect([seen.code, seen.asked]).toEqual([0, []])
      expect(seen.said).toContain('warning: the file holds a key and a client secret, and the key is used')
      expect(seen.sent).toContain('jwt-bearer')
      expect(await stored('vendomat/clearid/main')).toEqual(both)
    })
  })

  it('of NetRex is one of two, and a user token needs no consent', async () => {
    const answers = { 'POST /connections/netrex/main/check': { ...registered, vendor: 'netrex', connection: 'main' } }
    const types = ['3', '2', 'system2.netrex.cz', `${CANARY}user`, '', '']
    const vendor = vendorAnswering(json({ data: { cameraList: [] } })).http
    const seen = await vendomat('connect netrex main', { types, answers, vendor })
    expect([seen.code, seen.out, seen.opened]).toEqual([0, 'netrex/main is connected', []])
    expect(seen.said).toContain('it has no end')
    expect(seen.calls.map(({ path }) => path)).toEqual(['/connections/netrex/main/check'])
    expect(await stored('vendomat/netrex/main')).toEqual({ host: 'system2.netrex.cz', user_token: `${CANARY}user` })
    expect(seenIn(seen)).not.toContain(CANARY)
  })
})

describe('a token that a person made', () => {
  const now = NOW.getTime() / 1000
  const token = jwt({ iat: now, exp: now + 300 * 86_400, sub: CANARY })
  const documents = {
    iobeya: { api_url: 'https://acme.api.iobeya.com', token },
    netrex: { host: 'system2.netrex.cz', user_token: `${CANARY}-user` },
  }
  type Holder = keyof typeof documents
  const holders = Object.keys(documents) as Holder[]
  afterEach(async () => {
    for (const name of holders)
      await account.secrets
        .send(new DeleteSecretCommand({ SecretId: `vendomat/${name}/own`, ForceDeleteWithoutRecovery: true }))
        .catch(() => {})
  })

  async function connectOwn(name: Holder, document: object, ...steps: Step[]) {
    const vendor = vendorAnswering(...steps)
    const answers = { [`POST /connections/${name}/own/check`]: { ...registered, vendor: name, connection: 'own' } }
    const world = { ...piped(document), answers, vendor: vendor.http }
    const seen = await vendomat(`connect ${name} own --from-stdin`, world)
    expect(seenIn(seen)).not.toContain(CANARY)
    return { ...seen, requests: vendor.requests }
  }

  it.each([
    ['iobeya', json({ data: [] }), 'https://acme.api.iobeya.com/v1/rooms?page=1&size=1'],
    ['netrex', json({ data: { cameraList: [] } }), 'https://system2.netrex.cz/api/graphql.php'],
  ] as const)('is shown to %s before it is stored', async (name, answer, url) => {
    const seen = await connectOwn(name, documents[name], answer)
    expect([seen.code, seen.out, seen.requests.map((request) => request.url)]).toEqual([
      0,
      `${name}/own is connected`,
      [url],
    ])
    expect(seen.said).toContain('takes the token')
    expect(await stored(`vendomat/${name}/own`)).toEqual(documents[name])
  })

  const answers: readonly (readonly [string, () => Response | Error, number, string])[] = [
    ['refuses', () => json({ error: CANARY }, 401), 1, 'refuses the token'],
    ['answers a login page to', () => html(200, CANARY), 1, 'a page for people'],
    ['sends to its login page with', () => redirect(`https://acme.iobeya.com/${CANARY}`), 1, 'a page for people'],
    ['has no API for', () => html(404, CANARY), 1, 'check'],
    ['does not answer to', () => networkError('ECONNRESET', CANARY), 5, 'the connection to the vendor failed'],
  ]
  it.each(holders.flatMap((name) => answers.map(([what, ...rest]) => [name, what, ...rest] as const)))(
    'is not stored when %s %s it',
    async (name, _what, answer, code, why) => {
      const seen = await connectOwn(name, documents[name], answer())
      expect([seen.code, seen.out, seen.calls, await stored(`vendomat/${name}/own`)]).toEqual([code, '', [], undefined])
      expect(seen.said).toContain(why)
      expect(seen.said).toContain('nothing was stored')
    },
  )

  it('is not sent to the platform in the place of its API', async () => {
    const seen = await connectOwn('iobeya', { ...documents.iobeya, api_url: 'https://acme.iobeya.com' })
    expect([seen.code, seen.requests, seen.calls]).toEqual([1, [], []])
    expect(seen.said).toContain('did you mean acme.api.iobeya.com?')
    expect(await stored('vendomat/iobeya/own')).toBeUndefined()
  })

  it('may state itself an end that is years away, and no person may for it', async () => {
    const alive = () => json({ data: [], cameraList: [] })
    const far = { ...documents.iobeya, token: jwt({ iat: now, exp: now + 900 * 86_400 }), expires_on: '2029-05-08' }
    expect((await connectOwn('iobeya', far, alive)).code).toBe(0)
    for (const [name, document] of [
      ['iobeya', { ...documents.iobeya, token: 'opaque', expires_on: '2029-05-08' }],
      ['netrex', { ...documents.netrex, expires_on: '2029-05-08' }],
    ] as const) {
      const seen = await connectOwn(name, document)
      expect([seen.code, seen.requests, seen.calls]).toEqual([2, [], []])
      expect(seen.said).toContain('2029-05-08, is more than a year away: is the year mistyped?')
    }
  })
})
