import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../../../functions/kit/secret.ts'
import { functionLogs } from '../../../lib/cli/logs-insights.ts'
import { machineTemplate } from '../../support/machine-stack.ts'
import { AWS, seenIn, vendomat, type World } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const TOKEN = 'c4nary.T0k3n-of_somebody~0123456789'
const F = new Secret(TOKEN).fingerprint
const OTHER = '0123456789abcdef'
const billing = 'arn:aws:sts::111122223333:assumed-role/billing/session'
const reports = 'arn:aws:sts::111122223333:assumed-role/reports/session'

const line = (time: string, op: string, more: object = {}) =>
  JSON.stringify({
    ...{ level: 'INFO', time, op, request_id: `r-${op}`, caller: billing, connection: 'accelo#hq', outcome: 'cache' },
    ...more,
  })

/** What a day of two vendors' functions has written. */
const LOGS = {
  'vendomat-accelo.log': [
    line('2026-11-20T08:00:00.000Z', 'obtain', {
      caller: 'schedule',
      outcome: 'obtained',
      fingerprint: F,
      version: 'v7',
    }),
    line('2026-11-20T11:00:00.000Z', 'vend', { caller: reports, fingerprint: F, request_id: 'r-9' }),
    line('2026-11-20T09:00:00.000Z', 'vend', { fingerprint: F, expires_in: 3600 }),
    line('2026-11-20T09:30:00.000Z', 'vend', { fingerprint: OTHER }),
    line('2026-11-20T10:00:00.000Z', 'setOwner', { outcome: 'done', connection: 'accelo#lab' }),
    line('2026-11-18T10:00:00.000Z', 'vend', { fingerprint: F, request_id: 'r-old' }),
    '{"level":"INFO","time":"2026-11-20T09:00:00.000Z","op":"sweep","due":1,"renewed":1}',
    '{"_aws":{"Timestamp":1},"vendor":"accelo","Renewals":1}',
    `Error: "caller":"somebody" "fingerprint":"${F}" is no record`,
  ],
  'vendomat-iobeya.log': [
    line('2026-11-20T07:00:00.000Z', 'revoke', { connection: 'iobeya#main', outcome: 'requested' }),
  ],
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vendomat-logs-'))
  for (const [name, lines] of Object.entries(LOGS)) writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  writeFileSync(
    join(folder, 'notes.txt'),
    line('2026-11-20T08:00:00.000Z', 'vend', { fingerprint: F, request_id: 'r-no' }),
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const MACHINE = 'http://127.0.0.1:1/v1'
const audit = (parameters: string, world: World = {}) =>
  vendomat(`audit ${parameters}`, { environment: { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_LOGS: folder }, ...world })
const requests = async (parameters: string) =>
  JSON.parse((await audit(`${parameters} -o json`)).out).records.map((one: { request_id: string }) => one.request_id)

describe('vendomat audit', () => {
  it('draws who had a token and when it was obtained, the oldest first, and says how to end it', async () => {
    const { code, out, said, calls } = await audit(`--fingerprint ${F}`)
    expect([code, calls]).toEqual([0, []])
    expect(`\n${out}\n`).toBe(`
TIME                  OPERATION  OUTCOME   CONNECTION  CALLER                                                  REQUEST
2026-11-20T08:00:00Z  obtain     obtained  accelo/hq   schedule                                                r-obtain
2026-11-20T09:00:00Z  vend       cache     accelo/hq   arn:aws:sts::111122223333:assumed-role/billing/session  r-vend
2026-11-20T11:00:00Z  vend       cache     accelo/hq   arn:aws:sts::111122223333:assumed-role/reports/session  r-9
`)
    expect(said.split('\n')).toEqual([
      `3 records of ${F} by 3 callers in the last 24 h`,
      'next step: to end this token, vendomat revoke accelo hq',
    ])
  })

  it.each<[string, World]>([
    ['standard input', { stdin: async () => `${TOKEN}\n` }],
    ['standard input, with the name of its scheme', { stdin: async () => `Bearer ${TOKEN}` }],
    ['the person, who is not shown what is typed', { types: [TOKEN] }],
  ])('finds a token that it reads from %s, and never shows it', async (_, world) => {
    const seen = await audit('--token -', world)
    expect(seen.code).toBe(0)
    expect(seen.out.split('\n')).toHaveLength(4)
    expect(seenIn(seen)).not.toContain('c4nary')
    expect(seen.asked.every(({ secret }) => secret)).toBe(true)
  })

  it('prints the records as they were written with -o json', async () => {
    const { out } = await audit(`--fingerprint ${F} -o json`)
    const { fingerprint, since, records } = JSON.parse(out)
    expect([fingerprint, since]).toEqual([F, '2026-11-19T12:00:00.000Z'])
    expect(records[0]).toEqual(JSON.parse(LOGS['vendomat-accelo.log'][0] ?? ''))
  })

  it.each([
    [`--fingerprint ${F} --since 3d`, ['r-old', 'r-obtain', 'r-vend', 'r-9']],
    [`--fingerprint ${F} --since 90m`, ['r-9']],
    [`--fingerprint ${F} --caller reports`, ['r-9']],
    [`--caller ${reports}`, ['r-9']],
    ['--connection accelo/lab', ['r-setOwner']],
    ['--connection iobeya/main --caller billing', ['r-revoke']],
    [`--connection accelo/hq --fingerprint ${OTHER}`, ['r-vend']],
  ])('finds with %s those and no others', async (parameters, expected) => {
    expect(await requests(parameters)).toEqual(expected)
  })

  it('shows the fingerprints where it was not asked for one, and no way to end a token', async () => {
    const { out, said } = await audit('--connection accelo/hq')
    expect(out.split('\n')[0]).toMatch(/^TIME +OPERATION +OUTCOME +CONNECTION +FINGERPRINT +CALLER +REQUEST$/)
    expect(out).toContain(OTHER)
    expect(said).toBe('4 records by 3 callers in the last 24 h')
  })

  it('says that there is no record, and of how long, and exits with 6', async () => {
    const { code, out, said } = await audit('--fingerprint ffffffffffffffff --since 90m')
    expect([code, out]).toEqual([6, ''])
    expect(said.split('\n')).toEqual([
      'no record of ffffffffffffffff in the last 90 min',
      'next step: look further back, as far as logs are kept: --since 90d',
    ])
    const json = await audit('--connection accelo/nobody -o json')
    expect([json.code, JSON.parse(json.out).records]).toEqual([6, []])
  })

  it('says where there are no logs, and exits with 5', async () => {
    const environment = { ...AWS, VENDOMAT_URL: MACHINE, VENDOMAT_LOGS: join(folder, 'nowhere') }
    const { code, said } = await audit(`--fingerprint ${F}`, { environment })
    expect(code).toBe(5)
    expect(said).toContain('next step: run this in the folder of the machine')
  })

  it.each([
    '',
    '--fingerprint',
    `--fingerprint ${TOKEN}`,
    '--fingerprint 0123456789ABCDEF',
    '--fingerprint 0123456789abcde',
    `--token ${TOKEN}`,
    `--token - --fingerprint ${F}`,
    '--connection accelo',
    '--connection accelo/hq/more',
    '--connection accelo/HQ',
    '--connection ../hq',
    '--caller a"b',
    '--caller a|b',
    `--fingerprint ${F} --since 0h`,
    `--fingerprint ${F} --since 24`,
    `--fingerprint ${F} --since 1w`,
    `--fingerprint ${F} -o text`,
    TOKEN,
    `--fingerprint ${F} ${TOKEN}`,
  ])(
    'called with "%s" exits with 2, says why in one line without repeating a token, and reads nothing',
    async (line) => {
      const seen = await audit(line)
      expect([seen.code, seen.out, seen.calls]).toEqual([2, '', []])
      expect(seen.said).toMatch(/^vendomat: .+ \(more: vendomat help audit\)$/)
      expect(seen.said).not.toContain('c4nary')
    },
  )

  it.each(['', ' \n', `${TOKEN} ${TOKEN}`])(
    'refuses standard input %j: it holds no token, or several',
    async (text) => {
      const seen = await audit('--token -', { stdin: async () => text })
      expect([seen.code, seenIn(seen).includes('c4nary')]).toEqual([2, false])
    },
  )
})

interface LogsCall {
  readonly operation: string
  readonly headers: Headers
  readonly input: Record<string, unknown>
}

/** CloudWatch Logs with the lines of the files: what each operation answers, if not as usual. */
function logs(answers: Readonly<Record<string, (call: LogsCall) => unknown>> = {}) {
  const calls: LogsCall[] = []
  const progress: string[] = []
  let polls = 0
  const usual: Readonly<Record<string, (call: LogsCall) => unknown>> = {
    DescribeLogGroups: ({ input }) =>
      input.nextToken === undefined
        ? { logGroups: GROUPS.slice(0, 4).map((logGroupName) => ({ logGroupName })), nextToken: 'more' }
        : { logGroups: GROUPS.slice(4).map((logGroupName) => ({ logGroupName })) },
    StartQuery: () => ({ queryId: 'q1' }),
    GetQueryResults: () => {
      polls += 1
      if (polls < 3) return { status: 'Running', results: [] }
      const found = LOGS['vendomat-accelo.log'].filter((text) => text.includes(F))
      return {
        status: 'Complete',
        results: found.map((value) => [
          { field: '@message', value },
          { field: '@ptr', value: 'p' },
        ]),
      }
    },
  }
  const vendor: typeof fetch = async (url, init) => {
    const headers = new Headers(init?.headers)
    const [, operation = ''] = headers.get('x-amz-target')?.split('.') ?? []
    const call = { operation, headers, input: JSON.parse(String(init?.body)) }
    calls.push(call)
    expect(String(url)).toBe('https://logs.eu-north-1.amazonaws.com/')
    const answer = await (answers[operation] ?? usual[operation])?.(call)
    return answer instanceof Response ? answer : new Response(JSON.stringify(answer ?? {}))
  }
  const world: World = {
    vendor,
    environment: { ...AWS, VENDOMAT_URL: 'https://abc123.execute-api.eu-north-1.amazonaws.com/v1' },
    progress: (shown) => progress.push(shown),
    sleep: async () => {},
  }
  return { calls, progress, world }
}

const GROUPS = [
  'Vendomat-acceloLog0123ABCD-x1Y2z3',
  'Vendomat-iobeyaLog89ABCDEF-x1Y2z3',
  'Vendomat-ApiAccessLog01234567-x1Y2z3',
  'Vendomat-dev-acceloLog0123ABCD-x1Y2z3',
  'Vendomat-CallbacknetrexLog01234567-x1Y2z3',
  'Vendomat-of-somebody-else',
]
const refusal = (type: string, status = 400) =>
  new Response(JSON.stringify({ __type: `com.amazonaws.logs#${type}`, message: 'canary words of AWS' }), { status })

describe('vendomat audit of a deployed machine', () => {
  it('searches the logs of its functions and no others with one signed query, and shows how long it takes', async () => {
    const { calls, progress, world } = logs()
    const { code, out, said } = await audit(`--fingerprint ${F}`, world)
    expect(code).toBe(0)
    expect(out.split('\n')).toHaveLength(4)
    expect(said).toContain('vendomat revoke accelo hq')
    expect(calls.map(({ operation }) => operation)).toEqual([
      ...['DescribeLogGroups', 'DescribeLogGroups', 'StartQuery'],
      ...['GetQueryResults', 'GetQueryResults', 'GetQueryResults'],
    ])
    expect(calls[2]?.input).toEqual({
      logGroupNames: [GROUPS[0], GROUPS[1], GROUPS[4]],
      startTime: Date.parse('2026-11-19T12:00:00Z') / 1000,
      endTime: Date.parse('2026-11-20T12:00:00Z') / 1000,
      queryString: `fields @message | filter @message like /"caller":"/ | filter @message like /"fingerprint":"${F}"/ | sort @timestamp asc`,
      limit: 10_000,
    })
    for (const { headers } of calls)
      expect(headers.get('authorization')).toMatch(
        /Credential=AKIDEXAMPLE\/\d{8}\/eu-north-1\/logs\/aws4_request, SignedHeaders=content-type;/,
      )
    expect(progress).toContain('searching 3 logs, 1 of at most 120 s')
    expect(progress.at(-1)).toBe('')
  })

  it('knows the logs of the stack’s functions by their names, and no others', () => {
    const template = machineTemplate({ hostedCallback: true })
    const functions = Object.values(template.findResources('AWS::Lambda::Function'))
    const own = functions.map(({ Properties }) => Properties.LoggingConfig.LogGroup.Ref)
    const all = Object.keys(template.findResources('AWS::Logs::LogGroup'))
    const named = all.filter((id) => functionLogs('Vendomat').test(`Vendomat-${id}-x1Y2z3`))
    expect(named.toSorted()).toEqual([...new Set(own)].toSorted())
    expect(all.length).toBeGreaterThan(named.length)
  })

  it('escapes what a regular expression would read otherwise', async () => {
    const { calls, world } = logs()
    await audit('--caller role/a.b+c --connection accelo/hq', world)
    const { queryString } = calls.find(({ operation }) => operation === 'StartQuery')?.input ?? {}
    expect(queryString).toContain('like /role\\/a\\.b\\+c/')
    expect(queryString).toContain('like /"connection":"accelo#hq"/')
  })

  it('searches those of the stage that the environment names', async () => {
    const { calls, world } = logs()
    await audit(`--fingerprint ${F}`, { ...world, environment: { ...world.environment, VENDOMAT_STAGE: 'dev' } })
    expect(calls[0]?.input).toEqual({ logGroupNamePrefix: 'Vendomat-dev-' })
    expect(calls[2]?.input.logGroupNames).toEqual([GROUPS[3]])
  })

  it('judges what it gets by itself: lines that were not asked for are not shown', async () => {
    const more = [line('2026-11-20T09:30:00.000Z', 'vend', { fingerprint: OTHER }), 'no JSON']
    const { world } = logs({
      GetQueryResults: () => ({ status: 'Complete', results: more.map((value) => [{ field: '@message', value }]) }),
    })
    expect((await audit(`--fingerprint ${F}`, world)).code).toBe(6)
  })

  it('says that there is more than one query returns', async () => {
    const full = Array.from({ length: 10_000 }, () => [{ field: '@message', value: LOGS['vendomat-accelo.log'][2] }])
    const { world } = logs({ GetQueryResults: () => ({ status: 'Complete', results: full }) })
    expect((await audit(`--fingerprint ${F}`, world)).said).toContain('there are more than 10000: ask for less')
  })

  it.each(['DescribeLogGroups', 'StartQuery', 'GetQueryResults'])(
    'names the permission where %s is refused, with the statement for it, and exits with 3',
    async (operation) => {
      const { world } = logs({ [operation]: () => refusal('AccessDeniedException') })
      const { code, out, said } = await audit(`--fingerprint ${F}`, world)
      expect([code, out]).toEqual([3, ''])
      expect(said).toContain(`AWS refuses logs:${operation} (AccessDeniedException)`)
      expect(said).toContain('"Action":["logs:StartQuery"],"Resource":"arn:*:logs:eu-north-1:*:log-group:Vendomat*"')
      expect(said).not.toContain('canary')
    },
  )

  it.each<[string, Parameters<typeof logs>[0], number, string]>([
    ['too many searches run', { StartQuery: () => refusal('LimitExceededException') }, 5, 'try again in a minute'],
    [
      'the credentials are refused',
      { StartQuery: () => refusal('UnrecognizedClientException') },
      3,
      'UnrecognizedClient',
    ],
    [
      'nobody answers',
      { DescribeLogGroups: () => Promise.reject(new TypeError('fetch failed')) },
      5,
      'does not answer',
    ],
    [
      'there is no such machine',
      { DescribeLogGroups: () => ({ logGroups: [] }) },
      6,
      'no log of a machine Vendomat in eu-north-1',
    ],
    ['the search fails', { GetQueryResults: () => ({ status: 'Failed' }) }, 5, 'ended: Failed'],
    ['the answer makes no sense', { StartQuery: () => ({ canary: 'canary' }) }, 1, 'does not understand'],
  ])('says so when %s', async (_, answers, expected, words) => {
    const { world } = logs(answers)
    const { code, out, said } = await audit(`--fingerprint ${F}`, world)
    expect([code, out]).toEqual([expected, ''])
    expect(said).toContain(words)
    expect(said).not.toContain('canary')
  })

  it('gives up after two minutes, stops the query, and says how to ask for less', async () => {
    const { calls, world } = logs({ GetQueryResults: () => ({ status: 'Running' }) })
    const { code, said } = await audit(`--fingerprint ${F}`, world)
    expect([code, calls.length]).toEqual([5, 3 + 120 + 1])
    expect(calls.at(-1)).toMatchObject({ operation: 'StopQuery', input: { queryId: 'q1' } })
    expect(said).toContain('next step: ask for less')
  })
})
