import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { awsAccount } from './account.ts'
import { type Answers, type Call, problem, seenIn, vendomat, type World } from './shell.ts'

const CANARY = 'CANARY-7f3a'
const application = { host: 'system2.netrex.cz', client_id: 'c1', client_secret: `${CANARY}-secret` }
const connection = { vendor: 'netrex', connection: 'main', state: 'ok', next_action: 'none' }
const connected = {
  ...{ vendor: 'netrex', connection: 'main', state: 'connected', expires_at: '2026-11-20T13:00:00Z' },
  warnings: [{ code: 'single_use', detail: 'whoever had this one must not use it any more' }],
}
const AUTHORIZATION = 'POST /connections/netrex/main/authorization'

const account = awsAccount()

/** Imports into netrex/main, whose credentials come from a file unless the words say otherwise. */
async function imported(words: string, { answers, ...world }: World = {}) {
  const sent: unknown[] = []
  const authorization = ({ body }: Call) => {
    sent.push(body)
    return connected
  }
  const all: Answers = {
    'POST /connections/netrex/main/check': connection,
    'PUT /connections/netrex/main/owner': connection,
    [AUTHORIZATION]: authorization,
    ...answers,
  }
  const file = account.file('netrex.json', JSON.stringify(application))
  const line = `connect netrex main ${words.replace('FILE', `--from-file ${file}`)}`
  return { ...(await vendomat(line, { ...world, answers: all })), sent }
}
const piped = (text: string): World => ({ stdin: async () => text })

describe('vendomat connect --import', () => {
  it('hands a refresh token from standard input to the machine, asks for no consent, and shows nothing of it', async () => {
    const seen = await imported('FILE --import refresh-token', piped(`${CANARY}-refresh\n`))
    expect(seen.code).toBe(0)
    expect(seen.sent).toEqual([{ refresh_token: `${CANARY}-refresh` }])
    expect([seen.out, seen.opened]).toEqual(['netrex/main is connected', []])
    expect(seen.said).toContain(
      'warning: whoever had this one must not use it any more\ntoken obtained, ends in 60 min',
    )
    expect(seen.calls.map(({ path }) => path.split('/').at(-1))).toEqual(['authorization', 'check'])
    expect(seenIn(seen)).not.toContain(CANARY)
    expect(seen.said).not.toMatch(/browser|redirect/)
  })

  it('stores the credentials before, and uses those that are stored where no others are given', async () => {
    await imported('FILE --import refresh-token', piped('r1'))
    const stored = new GetSecretValueCommand({ SecretId: 'vendomat/netrex/main' })
    expect(JSON.parse((await account.secrets.send(stored)).SecretString ?? '')).toEqual(application)
    const again = await imported('--import refresh-token', piped('r2'))
    expect([again.code, again.sent, again.trials]).toEqual([0, [{ refresh_token: 'r2' }], []])
  })

  it('asks a person for it, unseen while it is typed', async () => {
    const seen = await imported('FILE --import refresh-token', { types: [`${CANARY}-typed`, ''] })
    expect(seen.sent).toEqual([{ refresh_token: `${CANARY}-typed` }])
    expect(seen.asked[0]).toEqual({ question: 'refresh token of NetRex: ', secret: true })
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('takes an access token as people paste it, with its end where it does not say so itself', async () => {
    const seen = await imported('FILE --import access-token --expires-in 1800', piped(`  "Bearer ${CANARY}"\n`))
    expect([seen.code, seen.sent]).toEqual([0, [{ access_token: CANARY, expires_in: 1800 }]])
    const bare = await imported('FILE --import access-token', piped(CANARY))
    expect(bare.sent).toEqual([{ access_token: CANARY }])
  })

  it.each([
    ['FILE --import token', '--import is refresh-token or access-token'],
    [`FILE --import=${CANARY}`, '--import is refresh-token or access-token'],
    ['FILE --import refresh-token --expires-in 60', '--expires-in goes with --import access-token'],
    ['FILE --expires-in 60', '--expires-in goes with --import access-token'],
    ['FILE --import access-token --expires-in soon', '--expires-in is a number of seconds'],
    ['FILE --import access-token --expires-in 0', '--expires-in is a number of seconds'],
    ['--from-stdin --import refresh-token', '--import reads the token from standard input'],
    ['FILE --import', "option '--import <what>' argument missing"],
  ])('called as "%s" asks nobody and stores nothing', async (words, said) => {
    const seen = await imported(words, { types: [] })
    expect([seen.code, seen.asked, seen.trials, seen.sent]).toEqual([2, [], [], []])
    expect(seen.said).toContain(said)
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('has no place for the token itself among its words, and does not repeat one that stands there', async () => {
    const seen = await imported(`FILE --import refresh-token ${CANARY}`, piped('r1'))
    expect([seen.code, seen.sent]).toEqual([2, []])
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it.each(['', '\n', 'two\nlines', 'tökén', '""'])('sends nothing for standard input like %j', async (text) => {
    const seen = await imported('FILE --import refresh-token', piped(text))
    expect([seen.code, seen.sent, seen.trials]).toEqual([2, [], []])
    expect(seen.said).toContain('that is no refresh token')
  })

  it('does not ask with --yes, not even at a terminal, where what is typed would be seen', async () => {
    const seen = await imported('FILE --import refresh-token --yes', { types: ['r1'] })
    expect([seen.code, seen.asked, seen.sent]).toEqual([2, [], []])
    expect((await imported('FILE --import refresh-token --yes', piped('r1'))).code).toBe(0)
  })

  it.each([
    ['the vendor needs nobody to consent', 'connect accelo hq --import refresh-token', 'Accelo'],
    ['the credentials are a token', 'connect netrex main --from-file USER --import refresh-token', 'NetRex'],
  ])('is refused where %s, before a token is asked for', async (_, line, title) => {
    const user = account.file('user.json', JSON.stringify({ host: 'system2.netrex.cz', user_token: 'u1' }))
    const seen = await vendomat(line.replace('USER', user), { types: [] })
    expect([seen.code, seen.asked, seen.trials]).toEqual([2, [], []])
    expect(seen.said).toContain(`nobody has to consent at ${title}, so there is nothing to import`)
  })

  it('ends with 4 where the token is refused, and says that a person has to connect', async () => {
    const answers = { [AUTHORIZATION]: problem(424, 'grant_rejected') }
    const seen = await imported('FILE --import refresh-token', { ...piped(CANARY), answers })
    expect([seen.code, seen.out]).toEqual([4, ''])
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('in a dry run asks for no token, and says what would be done with it', async () => {
    const seen = await imported('FILE --import access-token --dry-run', { types: [] })
    expect([seen.code, seen.asked, seen.calls]).toEqual([0, [], []])
    expect(seen.out).toContain('have the machine try the access token, and keep it in place of the grant before')
    expect(seen.out).not.toContain('say yes')
  })

  it('tells people in its help who has to stop using the token', async () => {
    const { out } = await vendomat('connect --help')
    expect(out.replace(/\s+/g, ' ')).toContain('whatever used it before must stop at that moment')
  })
})
