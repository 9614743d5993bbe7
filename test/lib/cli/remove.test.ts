import { CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager'
import { awsAccount } from './account.ts'
import { AWS, MACHINE, problem, vendomat, type World } from './shell.ts'

const account = awsAccount()
const NAME = 'vendomat/accelo/hq'
const DAY_MS = 24 * 60 * 60 * 1000

beforeEach(() => account.secrets.send(new CreateSecretCommand({ Name: NAME, SecretString: '{}' })))
afterEach(() => deleteSecret({ ForceDeleteWithoutRecovery: true }))

const deleteSecret = (how: object = {}) =>
  account.secrets.send(new DeleteSecretCommand({ SecretId: NAME, ...how })).then(
    () => {},
    () => {},
  )

/** Of the secret: the days until it is gone, 'there', or 'gone'. */
const secretNow = () =>
  account.secrets.send(new DescribeSecretCommand({ SecretId: NAME })).then(
    ({ DeletedDate }) => (DeletedDate ? Math.round((DeletedDate.getTime() - Date.now()) / DAY_MS) : 'there'),
    () => 'gone',
  )

const DISABLE = 'PUT /connections/accelo/hq/status'
const REVOKE = 'DELETE /tokens/accelo/hq'
const FORGET = 'DELETE /connections/accelo/hq'
const revoked = (vendor_revocation: string) => ({ revoked: true, vendor_revocation, next_action: 'none' })
const machine = {
  [DISABLE]: { vendor: 'accelo', connection: 'hq', state: 'disabled', next_action: 'none' },
  [REVOKE]: revoked('done'),
  [FORGET]: { vendor: 'accelo', connection: 'hq', removed: true },
}

async function remove(options: string, answers: World['answers'] = machine, world: World = {}) {
  const seen = await vendomat(`remove accelo hq ${options}`, { answers, ...world })
  return { ...seen, steps: seen.calls.map(({ method, path }) => `${method} ${path}`) }
}

describe('vendomat remove', () => {
  it('stops the connection, ends its token, deletes the secret in 30 days and has it forgotten, in this order', async () => {
    const order: unknown[] = []
    const noting = (name: keyof typeof machine) => async () => {
      order.push([name, await secretNow()])
      return machine[name]
    }
    const answers = { [DISABLE]: noting(DISABLE), [REVOKE]: noting(REVOKE), [FORGET]: noting(FORGET) }
    const { code, out, said, calls } = await remove('--yes', answers)
    expect(code).toBe(0)
    expect(order).toEqual([
      [DISABLE, 'there'],
      [REVOKE, 'there'],
      [FORGET, 30],
    ])
    expect(calls[0]?.body).toEqual({ status: 'disabled' })
    expect(out).toMatch(/^accelo\/hq is removed; its secret is deleted for good on \d{4}-\d\d-\d\d$/)
    expect(said).toContain('the vendor has ended it too')
    expect(said).toContain(`: aws secretsmanager restore-secret --secret-id ${NAME} && vendomat enable accelo hq`)
    expect(said).toContain('at Accelo: delete the client secret too, if nothing else uses it')
  })

  it.each([
    ['--recovery-days 7', 7],
    ['--recovery-days 30', 30],
    ['--now', 'gone'],
  ])('leaves with %s the secret so many days: %s', async (options, expected) => {
    const { code, said } = await remove(`${options} --yes`)
    expect([code, await secretNow()]).toEqual([0, expected])
    expect(said.includes('restore-secret')).toBe(expected !== 'gone')
  })

  it('prints what came of it for programs', async () => {
    const { out } = await remove('--yes -o json')
    expect(JSON.parse(out)).toEqual({
      vendor: 'accelo',
      connection: 'hq',
      removed: true,
      secret_gone_on: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
  })

  it('asks at a terminal, and does it after "y"', async () => {
    const { code, asked } = await remove('', machine, { types: ['y'] })
    expect([code, asked.length, await secretNow()]).toEqual([0, 1, 30])
    expect(asked[0]?.question).toContain(`the secret ${NAME} is deleted in 30 days`)
  })

  it.each(['', 'n'])('leaves everything as it is after %j', async (answer) => {
    const { code, calls, said } = await remove('', machine, { types: [answer] })
    expect([code, calls, said, await secretNow()]).toEqual([1, [], 'nothing was removed', 'there'])
  })

  it('means the secret of its stage, where there is one', async () => {
    const environment = { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_STAGE: 'dev' }
    const { asked } = await remove('', machine, { types: ['n'], environment })
    expect(asked[0]?.question).toContain('the secret vendomat-dev/accelo/hq is deleted')
  })

  it('needs --yes where there is no terminal', async () => {
    const { code, calls, said } = await remove('')
    expect([code, calls]).toEqual([2, []])
    expect(said).toContain('--yes')
  })

  it.each([
    '--now --recovery-days 7 --yes',
    '--recovery-days 6 --yes',
    '--recovery-days 31 --yes',
    '--recovery-days x --yes',
    'more --yes',
  ])('called with "%s" exits with 2 and touches nothing', async (options) => {
    const { code, calls } = await remove(options)
    expect([code, calls, await secretNow()]).toEqual([2, [], 'there'])
  })
})

describe('vendomat remove, where a step fails,', () => {
  it('keeps the secret while the vendor does not confirm, with which it can be asked again', async () => {
    const { code, said, steps } = await remove('--yes', { ...machine, [REVOKE]: revoked('failed') })
    expect([code, steps, await secretNow()]).toEqual([1, [DISABLE, REVOKE], 'there'])
    expect(said).toContain('try again later, or end it at Accelo yourself and add --force')
    expect(said).toContain('accelo/hq is not removed yet; the same command again goes on from here')
  })

  it('goes on without the vendor with --force', async () => {
    const { code, said } = await remove('--yes --force', { ...machine, [REVOKE]: revoked('failed') })
    expect([code, await secretNow()]).toEqual([0, 30])
    expect(said).toContain('THE VENDOR DID NOT CONFIRM IT')
  })

  it.each([
    [DISABLE, 'there'],
    [REVOKE, 'there'],
    [FORGET, 30],
  ])('stops at %s, says so, and goes on from there the next time', async (step, left) => {
    const broken = await remove('--yes', { ...machine, [step]: () => problem(503) })
    expect([broken.code, broken.out, await secretNow()]).toEqual([5, '', left])
    expect(broken.said).toContain('not removed yet; the same command again goes on from here')
    const again = await remove('--yes')
    expect([again.code, again.steps.at(-1), await secretNow()]).toEqual([0, FORGET, 30])
  })

  it('waits until the machine sees that the secret is gone, and not for ever', async () => {
    let asked = 0
    const inUse = () => problem(409, 'connection_in_use')
    const soon = () => {
      asked += 1
      return asked === 3 ? machine[FORGET] : inUse()
    }
    const pauses: number[] = []
    const world = { sleep: async (seconds: number) => void pauses.push(seconds) }
    expect((await remove('--yes', { ...machine, [FORGET]: soon }, world)).code).toBe(0)
    expect(pauses).toEqual([2, 2])
    expect((await remove('--yes', { ...machine, [FORGET]: inUse }, world)).code).toBe(1)
    expect(pauses).toHaveLength(6)
  })
})

describe('vendomat remove of a connection whose secret', () => {
  it('waits for its deletion leaves that date, and with --now deletes it at once', async () => {
    await deleteSecret({ RecoveryWindowInDays: 7 })
    const waiting = await remove('--yes')
    expect([waiting.code, waiting.steps, await secretNow()]).toEqual([0, [FORGET], 7])
    expect((await remove('--yes --now', { [FORGET]: () => problem(404, 'unknown_connection') })).code).toBe(0)
    expect(await secretNow()).toBe('gone')
  })

  it('is gone forgets it, and says that the vendor was not asked', async () => {
    await deleteSecret({ ForceDeleteWithoutRecovery: true })
    const { code, steps, out, said } = await remove('--yes')
    expect([code, steps, out]).toEqual([0, [FORGET], 'accelo/hq is removed; its secret is deleted'])
    expect(said).toContain('its secret was gone before, so Accelo could not be asked to end anything')
  })

  it('never was, exits with 6 when the machine knows nothing of it either', async () => {
    await deleteSecret({ ForceDeleteWithoutRecovery: true })
    const { code, out, said } = await remove('--yes', {})
    expect([code, out]).toEqual([6, ''])
    expect(said).toBe(`vendomat: there is neither a connection accelo/hq nor a secret ${NAME}`)
  })
})
