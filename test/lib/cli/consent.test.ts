import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { netrexApplication } from '../../../functions/netrex/simulator.ts'
import { DEFAULT_PORT, redirectUriAt } from '../../../lib/cli/callback.ts'
import { listenOnLoopback } from '../../../lib/local/loopback.ts'
import { localAws } from '../../support/local-aws.ts'
import { type Answers, AWS, type Call, problem, seenIn, vendomat, type World } from './shell.ts'

const CANARY = 'CANARY-7f3a'
const STATE = 'state-of-this-consent'
const PAGE = 'https://system2.netrex.cz/oauth2/auth/?response_type=code'
const application = { host: 'system2.netrex.cz', client_id: 'c1', client_secret: `${CANARY}-secret` }
const connection = { vendor: 'netrex', connection: 'main', state: 'new', next_action: 'none' }
const connected = {
  vendor: 'netrex',
  connection: 'main',
  state: 'connected',
  expires_at: '2026-11-20T13:00:00Z',
  warnings: [{ code: 'one_time_access', detail: 'it ends with this token' }],
}

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
  Object.assign(process.env, AWS, { AWS_ENDPOINT_URL: aws.url })
})
afterAll(async () => {
  delete process.env.AWS_ENDPOINT_URL
  await aws.close()
})

/** A port that nobody listens at just now. */
async function freePort(): Promise<string> {
  const { url, close } = await listenOnLoopback(0, () => {})
  await close()
  return new URL(url).port
}

/** The machine's side of a consent: begins with the address it is given, or with the registered one. */
function machine(finish: unknown = connected, registered?: string): { answers: Answers; sent: unknown[] } {
  const sent: unknown[] = []
  const authorization = ({ body }: Call) => {
    sent.push(body)
    const { state, redirect_uri } = body as Record<string, string>
    if (state !== undefined) return typeof finish === 'function' ? finish() : finish
    return {
      authorization_url: `${PAGE}&state=${STATE}`,
      state: STATE,
      redirect_uri: registered ?? redirect_uri,
      expires_in: 600,
    }
  }
  const answers = {
    'PUT /connections/netrex/main/owner': connection,
    'POST /connections/netrex/main/check': connection,
    'POST /connections/netrex/main/authorization': authorization,
  }
  return { answers, sent }
}

function signal() {
  let fire = () => {}
  const fired = new Promise<void>((resolve) => {
    fire = resolve
  })
  return { fire, fired }
}

/** Where the machine is to send the browser. */
const redirectOf = (sent: unknown[]) => (sent[0] as { redirect_uri: string }).redirect_uri
const piped = (document: object = application): World => ({ stdin: async () => JSON.stringify(document) })

async function visit(url: string, init?: RequestInit) {
  const answer = await fetch(url, init)
  return { status: answer.status, headers: answer.headers, page: await answer.text() }
}
type Visit = Awaited<ReturnType<typeof visit>>

/** Connects netrex/main, with a browser that goes where `way` leads it once the page is opened. */
async function consent(
  way: (callback: string) => Promise<void>,
  { finish, ...world }: World & { finish?: unknown } = {},
) {
  const { answers, sent } = machine(finish)
  let browser: Promise<void> | undefined
  const pages: URL[] = []
  const port = await freePort()
  const seen = await vendomat(`connect netrex main --from-stdin --port ${port}`, {
    ...piped(),
    answers,
    openBrowser: (page) => {
      pages.push(page)
      browser = way(redirectOf(sent))
    },
    ...world,
  })
  await browser
  return { ...seen, sent, pages, port }
}

describe('consent in the browser', () => {
  it('comes back to this computer, is finished by the machine, and ends with a page', async () => {
    let end: Visit | undefined
    const seen = await consent(async (callback) => {
      expect(callback).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
      end = await visit(`${callback}?code=${CANARY}code&state=${STATE}`)
    })
    expect(seen.code).toBe(0)
    expect(seen.sent.slice(1)).toEqual([{ state: STATE, code: `${CANARY}code` }])
    expect(seen.pages.map(({ href }) => href)).toEqual([`${PAGE}&state=${STATE}`])
    expect(seen.said).toContain(`${PAGE}&state=${STATE}`)
    expect(seen.said).toContain('warning: it ends with this token\ntoken obtained, ends in 60 min')
    expect(seen.out).toBe('netrex/main is connected')
    expect(end?.status).toBe(200)
    expect(end?.page).toContain('<h1>Connected</h1>')
    expect(`${seenIn(seen)}${end?.page}`).not.toContain(CANARY)
    const { SecretString } = await aws.secrets.send(new GetSecretValueCommand({ SecretId: 'vendomat/netrex/main' }))
    expect(JSON.parse(SecretString ?? '')).toEqual(application)
  })

  it('hands on who says that they sent the browser back, for the machine to compare', async () => {
    const iss = 'https://system2.netrex.cz/tenant?a=b'
    const seen = await consent(async (callback) => {
      await visit(`${callback}?code=c1&state=${STATE}&iss=${encodeURIComponent(iss)}`)
    })
    expect(seen.sent.slice(1)).toEqual([{ state: STATE, code: 'c1', iss }])
  })

  it('comes before the machine checks the new credentials: it has only the grant of the old ones', async () => {
    const types = ['ada@acme.example']
    const seen = await consent(
      async (callback) => {
        await visit(`${callback}?code=c1&state=${STATE}`)
      },
      { types },
    )
    const steps = seen.calls.map(({ path }) => path.split('/').at(-1))
    expect(steps).toEqual(['owner', 'authorization', 'authorization', 'check'])
  })

  it('has the door closed behind it', async () => {
    let callback = ''
    await consent(async (address) => {
      callback = address
      await visit(`${address}?code=c1&state=${STATE}`)
    })
    await expect(fetch(callback)).rejects.toThrow('fetch failed')
  })

  it.each([
    ['a wrong state', '?code=c1&state=another-state-of-this'],
    ['no state', '?code=c1'],
    ['an empty state', '?code=c1&state='],
    ['two states', `?code=c1&state=${STATE}&state=${STATE}`],
    ['neither code nor error', `?state=${STATE}`],
    ['an empty code', `?code=&state=${STATE}`],
    ['two codes', `?code=c1&code=c2&state=${STATE}`],
    ['two issuers', `?code=c1&state=${STATE}&iss=https://a.example&iss=https://b.example`],
    ['a code of strange characters', `?code=%00%0a&state=${STATE}`],
    ['nothing', ''],
    ['another path', `/../other?code=c1&state=${STATE}`],
    ['a longer path', `/more?code=c1&state=${STATE}`],
  ])('is not ended by %s', async (_what, tail) => {
    let refused: Visit | undefined
    const seen = await consent(async (callback) => {
      refused = await visit(`${callback}${tail}`)
      await visit(`${callback}?code=good&state=${STATE}`)
    })
    expect([refused?.status, seen.code]).toEqual([400, 0])
    expect(refused?.page).toContain('This link is not valid')
    expect(seen.sent.slice(1)).toEqual([{ state: STATE, code: 'good' }])
  })

  it.each(['POST', 'HEAD', 'PUT'])('is not ended by a %s', async (method) => {
    let refused: Visit | undefined
    await consent(async (callback) => {
      refused = await visit(`${callback}?code=c1&state=${STATE}`, { method })
      await visit(`${callback}?code=good&state=${STATE}`)
    })
    expect(refused?.status).toBe(400)
  })

  it('is finished once: a replayed state is refused, also while the first is under way', async () => {
    const machineIsAsked = signal()
    const machineAnswers = signal()
    const finish = async () => {
      machineIsAsked.fire()
      await machineAnswers.fired
      return connected
    }
    const visits: Visit[] = []
    const seen = await consent(
      async (callback) => {
        const first = visit(`${callback}?code=c1&state=${STATE}`)
        await machineIsAsked.fired
        visits.push(await visit(`${callback}?code=c2&state=${STATE}`))
        machineAnswers.fire()
        visits.push(await first)
      },
      { finish },
    )
    expect([visits.map(({ status }) => status), seen.code]).toEqual([[400, 200], 0])
    expect(seen.sent.slice(1)).toEqual([{ state: STATE, code: 'c1' }])
  })

  it.each([
    ['denied', `error=access_denied&state=${STATE}`, 409, 'authorization_denied', 403, 'Not connected'],
    ['denied beside a code', `code=c1&error=x&state=${STATE}`, 409, 'authorization_denied', 403, 'declined'],
    ['too old', `code=c1&state=${STATE}`, 400, 'authorization_invalid', 410, 'This took too long'],
    ['not finished', `code=c1&state=${STATE}`, 502, 'vendor_malformed', 502, 'could not be completed'],
  ])('that is %s ends with a page that says so, and fails', async (_what, query, status, code, shown, words) => {
    let end: Visit | undefined
    const seen = await consent(
      async (callback) => {
        end = await visit(`${callback}?${query}`)
      },
      { finish: () => problem(status, code) },
    )
    expect([seen.code, seen.out, end?.status]).toEqual([code === 'authorization_denied' ? 4 : 1, '', shown])
    expect(end?.page).toContain(words)
    expect(seen.said).toContain('next step: do this')
  })

  it('hands an error on to the machine', async () => {
    const seen = await consent(
      async (callback) => {
        await visit(`${callback}?error=access_denied&state=${STATE}`)
      },
      { finish: () => problem(409, 'authorization_denied') },
    )
    expect(seen.sent.slice(1)).toEqual([{ state: STATE, error: 'access_denied' }])
  })

  it('is waited for ten minutes and no longer', async () => {
    const waits: number[] = []
    const seen = await consent(async () => {}, { sleep: async (seconds) => void waits.push(seconds) })
    expect([seen.code, seen.out, waits.reduce((sum, seconds) => sum + seconds)]).toEqual([4, '', 600])
    expect(seen.said).toContain('within 10 minutes')
    expect(seen.sent).toHaveLength(1)
  })

  it('says at a terminal how much time is left, minute by minute, and takes that away in the end', async () => {
    const shown: string[] = []
    await consent(async () => {}, { sleep: async () => {}, progress: (line) => void shown.push(line) })
    const minutes = ['10 min', '9 min', '8 min', '7 min', '6 min', '5 min', '4 min', '3 min', '2 min', '60 s']
    expect(shown).toEqual([...minutes.map((left) => `waiting for the browser, ${left} left`), ''])
  })

  it('says how much time is left in the place of the question for the address, and again when it is repeated', async () => {
    const shown: string[] = []
    const line = 'waiting for the browser, 10 min left; or paste the address you were sent to: '
    const seen = await consent(async () => {}, {
      types: ['', 'nothing of use', `code=c1&state=${STATE}`],
      progress: (text) => void shown.push(text),
    })
    expect(seen.code).toBe(0)
    expect(seen.asked.slice(1).map(({ question }) => question)).toEqual(['', ''])
    expect([...new Set(shown)]).toEqual([line, ''])
    expect(shown.filter((text) => text === line).length).toBeGreaterThanOrEqual(2)
    expect(shown.at(-1)).toBe('')
  })

  it('opens no browser with --no-browser, and prints the address all the same', async () => {
    const { answers, sent } = machine()
    const seen = await vendomat(`connect netrex main --from-stdin --no-browser --port ${await freePort()}`, {
      ...piped(),
      answers,
      hears: (line) => {
        if (line.includes(PAGE)) void fetch(`${redirectOf(sent)}?code=c1&state=${STATE}`)
      },
    })
    expect([seen.code, seen.opened]).toEqual([0, []])
  })

  it('comes back to the address of this computer that is registered, when there is one', async () => {
    const registered = `http://localhost:${await freePort()}/registered/cb`
    const { answers, sent } = machine(connected, registered)
    const seen = await vendomat('connect netrex main --from-stdin', {
      ...piped({ ...application, redirect_uri: registered }),
      answers,
      openBrowser: () => void fetch(`${registered.replace('localhost', '127.0.0.1')}?code=c1&state=${STATE}`),
    })
    expect([seen.code, sent]).toEqual([0, [{}, { state: STATE, code: 'c1' }]])
    expect(seen.said).not.toContain('register exactly')
  })

  it('opens the simulator in place of the vendor on a laptop', async () => {
    const environment = { ...AWS, VENDOMAT_URL: 'http://127.0.0.1:1/v1', VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1:2' }
    const seen = await consent(async (callback) => void (await visit(`${callback}?code=c1&state=${STATE}`)), {
      environment,
    })
    expect(seen.pages[0]?.href).toBe(
      `http://127.0.0.1:2/system2.netrex.cz/oauth2/auth/?response_type=code&state=${STATE}`,
    )
  })

  it('opens nothing that is no page', async () => {
    const answers = {
      'POST /connections/netrex/main/authorization': {
        authorization_url: 'file:///etc/passwd',
        state: STATE,
        redirect_uri: 'https://acme.example/cb',
        expires_in: 600,
      },
    }
    const port = await freePort()
    const seen = await vendomat(`connect netrex main --from-stdin --port ${port}`, { ...piped(), answers, types: [''] })
    expect([seen.code, seen.opened]).toEqual([1, []])
  })
})

describe('the address that the browser comes back to', () => {
  it('is one and the same, so that it can be registered: the one that is registered at the simulator', () => {
    expect(redirectUriAt(DEFAULT_PORT)).toBe('http://127.0.0.1:8363/callback')
    expect(netrexApplication.redirectUri).toBe(redirectUriAt(DEFAULT_PORT))
  })

  it('is the first that a person hears, before the application is asked for', async () => {
    const seen = await vendomat('connect netrex fresh', { types: ['^C'] })
    expect([seen.code, seen.calls]).toEqual([130, []])
    expect(seen.said).toMatch(
      /^for an OAuth2 application, register exactly this redirect URL in the application at NetRex:\n\n {2}http:\/\/127\.0\.0\.1:8363\/callback\n/,
    )
  })

  it('is said before the page is opened, and sent to the machine as it stands', async () => {
    const { sent, said, port } = await consent(
      async (callback) => void (await visit(`${callback}?code=c1&state=${STATE}`)),
    )
    expect(sent[0]).toEqual({ redirect_uri: `http://127.0.0.1:${port}/callback` })
    const exactly = `register exactly this redirect URL in the application at NetRex:\n\n  ${redirectOf(sent)}\n`
    expect(said.indexOf(exactly)).toBeGreaterThan(-1)
    expect(said.indexOf(exactly)).toBeLessThan(said.indexOf(PAGE))
  })

  it('whose port is taken is reported in one line, before anything is stored', async () => {
    const other = await listenOnLoopback(0, () => {})
    const { port } = new URL(other.url)
    const { answers, sent } = machine()
    const SecretId = 'vendomat/netrex/taken'
    const seen = await vendomat(`connect netrex taken --from-stdin --port ${port}`, { ...piped(), answers })
    await other.close()
    expect([seen.code, seen.calls, sent, seen.opened]).toEqual([1, [], [], []])
    expect(seen.said).toBe(
      `vendomat: port ${port} of this computer is taken by another program; end that one, or give another port with --port and register its address at the vendor as well`,
    )
    await expect(aws.secrets.send(new GetSecretValueCommand({ SecretId }))).rejects.toThrow()
  })

  it('is free again when something fails before the consent', async () => {
    const port = await freePort()
    const answers = { 'POST /connections/netrex/main/authorization': () => problem(503, 'store_unavailable') }
    const seen = await vendomat(`connect netrex main --from-stdin --port ${port}`, { ...piped(), answers })
    expect(seen.code).toBe(5)
    await expect(fetch(redirectUriAt(Number(port)))).rejects.toThrow('fetch failed')
  })

  it.each(['0', '65536', '80a', '-1', '1e3', ' '])('has no port %j', async (port) => {
    const seen = await vendomat(['connect', 'netrex', 'main', `--port=${port}`], { types: [] })
    expect([seen.code, seen.asked, seen.calls]).toEqual([2, [], []])
    expect(seen.said).toContain('--port is a number from 1 to 65535')
  })
})

describe('a pasted address', () => {
  const REGISTERED = 'https://acme.example/vendomat'
  /** Consent whose browser ends elsewhere; the owner is the first question. */
  function paste(...lines: string[]) {
    const { answers, sent } = machine(connected, REGISTERED)
    const document = { ...application, redirect_uri: REGISTERED }
    return vendomat('connect netrex main --from-stdin', { ...piped(document), answers, types: ['', ...lines] }).then(
      (seen) => ({ ...seen, sent }),
    )
  }

  it.each([
    `${REGISTERED}?code=${CANARY}code&state=${STATE}`,
    `  "${REGISTERED}?state=${STATE}&code=${CANARY}code#top"\n`,
    `code=${CANARY}code&state=${STATE}`,
    `http://127.0.0.1:4711/callback?code=${CANARY}code&state=${STATE}`,
  ])('is read: %s', async (text) => {
    const seen = await paste(text)
    expect([seen.code, seen.opened.length]).toEqual([0, 1])
    // The registered address is in the credentials: the machine knows it.
    expect(seen.sent).toEqual([{}, { state: STATE, code: `${CANARY}code` }])
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('may hold an error', async () => {
    const seen = await paste(`${REGISTERED}?error=access_denied&state=${STATE}`)
    expect(seen.sent[1]).toEqual({ state: STATE, error: 'access_denied' })
  })

  it('is requested again until it is the right one', async () => {
    const good = `${REGISTERED}?code=good&state=${STATE}`
    const seen = await paste('', REGISTERED, 'good', `${REGISTERED}?code=${CANARY}&state=other`, good)
    expect(seen.code).toBe(0)
    expect(seen.sent.slice(1)).toEqual([{ state: STATE, code: 'good' }])
    expect(seen.said.match(/not the whole address/g)).toHaveLength(2)
    expect(seen.said.match(/of another attempt/g)).toHaveLength(1)
    expect(seenIn(seen)).not.toContain(CANARY)
  })

  it('needs a terminal', async () => {
    const { answers, sent } = machine(connected, REGISTERED)
    const seen = await vendomat('connect netrex main --from-stdin', {
      ...piped({ ...application, redirect_uri: REGISTERED }),
      answers,
    })
    expect([seen.code, seen.opened, seen.calls, sent]).toEqual([2, [], [], []])
    expect(seen.said).toContain('at a terminal')
  })

  it('can be given up', async () => {
    expect((await paste('^C')).code).toBe(130)
  })

  it('is also taken while the browser could still come back to this computer', async () => {
    const { answers, sent } = machine()
    const types = ['', `http://127.0.0.1:1/callback?code=c1&state=${STATE}`]
    const command = `connect netrex main --from-stdin --no-browser --port ${await freePort()}`
    const seen = await vendomat(command, { ...piped(), answers, types })
    expect([seen.code, sent[1]]).toEqual([0, { state: STATE, code: 'c1' }])
  })
})

describe('credentials that are stored already', () => {
  beforeAll(async () => {
    const SecretString = JSON.stringify(application)
    await aws.secrets.send(new CreateSecretCommand({ Name: 'vendomat/netrex/again', SecretString }))
  })
  const again = async (redirect: (own: string) => string, world: World) => {
    const begin = ({ body }: Call) => {
      const { state, redirect_uri = '' } = body as Record<string, string>
      const redirected = redirect(redirect_uri)
      return state ? connected : { authorization_url: PAGE, state: STATE, redirect_uri: redirected, expires_in: 600 }
    }
    const answers = {
      'POST /connections/netrex/again/check': connection,
      'POST /connections/netrex/again/authorization': begin,
    }
    return vendomat(`connect netrex again --port ${await freePort()}`, { answers, ...world })
  }

  it('are used without a question, and without a terminal', async () => {
    const before = aws.calls()
    let callback = ''
    const openBrowser = () => void fetch(`${callback}?code=c1&state=${STATE}`)
    const own = (address: string) => {
      callback = address || callback
      return callback
    }
    const seen = await again(own, { openBrowser })
    expect([seen.code, seen.out]).toEqual([0, 'netrex/again is connected'])
    expect(seen.said).toContain('with the credentials in the secret vendomat/netrex/again')
    expect(seen.said).toContain('log in with the account whose data callers are to see')
    const { 'secretsmanager.DescribeSecret': _looked, ...rest } = aws.calls()
    const { 'secretsmanager.DescribeSecret': _lookedBefore, ...restBefore } = before
    expect(rest).toEqual(restBefore)
  })

  it('get no other last day, which would not be stored', async () => {
    const seen = await vendomat('connect netrex again --expires 2027-01-31', { types: [] })
    expect([seen.code, seen.asked, seen.calls]).toEqual([2, [], []])
    expect(seen.said).toContain('--expires is for new credentials')
  })

  it('may hold a redirect URI of their own: the machine says which one counts', async () => {
    const types = ['', `https://acme.example/cb?code=c1&state=${STATE}`]
    const seen = await again(() => 'https://acme.example/cb', { types })
    expect([seen.code, seen.calls.at(-2)?.body]).toEqual([0, { state: STATE, code: 'c1' }])
  })
})
