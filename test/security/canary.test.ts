import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { jest } from '@jest/globals'
import * as z from 'zod/mini'
import { type ApiRequest, answer } from '../../functions/api/app.ts'
import type { Recorder } from '../../functions/api/audit.ts'
import { beginHostedConsent } from '../../functions/consent/consent.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { answerCallback, type CallbackWorld } from '../../functions/lambda/callback.ts'
import { answerExchange } from '../../functions/lambda/exchange.ts'
import { logger, recordEvent } from '../../functions/lambda/log.ts'
import { type Canary, tracesOf } from '../support/canary.ts'
import { describedSamples } from '../support/described-samples.ts'
import { html, json, text } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'
import { memoryTable } from '../support/memory-store.ts'
import { fakeVendor, gives, The, world } from '../support/world.ts'

const random = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** With the characters that percent, JSON and base64 write otherwise. */
const odd = (): string => `${random(9)} "%+/=&\\é${random(9)}`

/** One of each kind that the machine holds. */
const KINDS: Readonly<Record<string, () => string | Uint8Array>> = {
  'client secret': odd,
  'integration secret': () => random(32),
  'static token': () => random(120),
  'user token': () => `user-${random(18)}`,
  'private key': () => randomBytes(256),
  'access token': () => `${random(30)}.${random(200)}.${random(64)}`,
  'refresh token': () => random(24),
  assertion: () => `${random(30)}.${random(90)}.${random(256)}`,
  'authorization code': () => random(18),
  state: () => random(32),
  ticket: () => random(32),
  cookie: () => random(32),
  'data key': () => randomBytes(32),
}

type Write = (value: Buffer) => string

const textOf = (value: Buffer): string =>
  value.toString('utf8').includes('\ufffd') ? value.toString('latin1') : `${value}`
const beside = (bytes: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(bytes, 'x'), value, Buffer.from('yz')])
const alike =
  (form: 'base64' | 'base64url', bytes: number): Write =>
  (value) =>
    beside(bytes, value).toString(form)

/** Each form in which a secret may turn up. */
const WAYS: Readonly<Record<string, Write>> = {
  'as it is': textOf,
  percent: (value) => encodeURIComponent(textOf(value)),
  'JSON-escaped': (value) => JSON.stringify(textOf(value)),
  hex: (value) => value.toString('hex'),
  base64: alike('base64', 0),
  'base64 behind one byte': alike('base64', 1),
  'base64 behind two bytes': alike('base64', 2),
  base64url: alike('base64url', 0),
  'base64url behind one byte': alike('base64url', 1),
  'base64url behind two bytes': alike('base64url', 2),
  reversed: (value) => [...textOf(value)].reverse().join(''),
  'gzip and base64': (value) => gzipSync(`{"body":"${textOf(value)}"}`).toString('base64'),
  'gzip and base64, cut off': (value) =>
    gzipSync(`${textOf(value)}${random(3000)}`)
      .toString('base64')
      .slice(0, -700),
}

const line = (text: string) => `{"level":"INFO","time":"2026-11-21T12:00:00.000Z","op":"vend","detail":"${text}"}`

describe('the search for canaries', () => {
  const canaries: readonly Canary[] = Object.entries(KINDS).map(([kind, make]) => ({ kind, value: make() }))
  const all = canaries.flatMap((canary) => Object.entries(WAYS).map(([way, write]) => ({ canary, way, write })))

  it('finds each kind planted in each form, and says of which kind it is', () => {
    const missed = all.filter(({ canary, write }) => {
      const text = line(write(Buffer.from(canary.value)))
      return !tracesOf(canaries, [{ where: 'log', text }]).some(({ kind }) => kind === canary.kind)
    })
    expect(missed.map(({ canary, way }) => `${canary.kind} ${way}`)).toEqual([])
    figure(
      'no-leak-search',
      `${all.length} of ${all.length} plants found (${canaries.length} kinds, ${Object.keys(WAYS).length} forms)`,
    )
  })

  it('finds any 12 characters of a value that is text', () => {
    const texts = canaries.flatMap(({ kind, value }) => (typeof value === 'string' ? [{ kind, value }] : []))
    let pieces = 0
    for (const { kind, value } of texts) {
      const outputs = Array.from({ length: value.length - 11 }, (_, at) => ({
        where: `${at}`,
        text: line(value.slice(at, at + 12)),
      }))
      pieces += outputs.length
      expect(tracesOf([{ kind, value }], outputs)).toHaveLength(outputs.length)
    }
    figure('no-leak-search', `${pieces} of ${pieces} pieces of 12 characters found`)
  })

  it('finds nothing in what was written without them: other values, fingerprints, hashes, our own sources', () => {
    const hashes = canaries.map(({ value }) => createHash('sha256').update(value).digest('hex'))
    const others = [16, 24, 32, 256].map((bytes) => randomBytes(bytes).toString('base64'))
    const pieces = canaries.flatMap(({ value }) =>
      typeof value === 'string' ? [value.slice(0, 11), value.slice(-11)] : [],
    )
    const outputs = ['README.md', 'package-lock.json', 'functions/core/attempt.ts', 'test/support/canary.ts'].map(
      (where) => ({
        where,
        text: readFileSync(where, 'utf8'),
      }),
    )
    const text = line([...hashes, ...others, ...pieces].join(' '))
    expect(tracesOf(canaries, [{ where: 'log', text }, ...outputs])).toEqual([])
  })

  it('refuses a value that is too short to be told from ordinary words', () => {
    expect(() => tracesOf([{ kind: 'code', value: 'a'.repeat(14) }], [])).toThrow('a code of less than 15 characters')
  })

  it('says where, and never what', () => {
    const [canary = { kind: '', value: '' }] = canaries
    const text = line(`${canary.value}`)
    const traces = tracesOf([canary], [{ where: 'logs/a.log', text }])
    expect(traces).toContainEqual({ kind: 'client secret', form: 'raw', where: 'logs/a.log' })
    expect(tracesOf([canary], [{ where: 'report', text: JSON.stringify(traces) }])).toEqual([])
  })
})

describe('a consent through the hosted callback', () => {
  it('leaves no trace of its ticket, cookie, code and tokens, whatever an error of the vendor repeats', async () => {
    const [code, accessToken, refreshToken] = [random(24), random(40), random(24)]
    const callbackUrl = 'https://callback.example/v1'
    const { consents } = memoryTable()
    const w = world({ callbackUrl, consents })
    let repeats = true
    const vendor: Vendor = {
      ...fakeVendor().vendor,
      authorization: {
        url: async (_, { redirectUri, state }) =>
          new URL(`https://acme.example/auth?state=${state}&redirect_uri=${redirectUri}`),
        tokenEndpoint: async () => new URL('https://acme.example/token'),
        exchange: async (_, grant, { now }) => {
          const sent = `${grant.code.reveal()} ${accessToken}`
          if (repeats) throw new VendingError('vendor_unavailable', 'Acme does not answer', { cause: new Error(sent) })
          const token = {
            value: new Secret(accessToken),
            issuedAt: now(),
            expiresAt: secondsAfter(now(), 60),
            context: {},
          }
          return { accessToken: token, refreshToken: new Secret(refreshToken) }
        },
      },
    }
    const runtime = w.process()
    const connection = { vendor, name: The.connection }
    const answered: string[] = []
    const exchange = (event: unknown) => answerExchange(vendor, { event, requestId: 'r-1' }, runtime)
    const callback: CallbackWorld = {
      consents,
      exchangeFunctions: new Map([['acme', 'acme-exchange']]),
      invoke: async (_, event) => {
        const outcome = await exchange(JSON.parse(JSON.stringify(event)))
        answered.push(JSON.stringify(outcome))
        return outcome
      },
      now: w.clock.now,
      record: (line) => logger.info('', { ...line }),
    }
    const call = (resource: string, query: Readonly<Record<string, string>>, cookie = '') =>
      answerCallback(
        {
          ...{ httpMethod: 'GET', resource, pathParameters: { vendor: 'acme' }, headers: {} },
          multiValueHeaders: { cookie: [cookie] },
          multiValueQueryStringParameters: Object.fromEntries(
            Object.entries(query).map(([name, one]) => [name, [one]]),
          ),
        },
        callback,
      )
    const canaries: Canary[] = [
      { kind: 'authorization code', value: code },
      { kind: 'access token', value: accessToken },
      { kind: 'refresh token', value: refreshToken },
    ]
    const log = await written(async () => {
      for (repeats of [true, false]) {
        const { beginUrl } = await beginHostedConsent(connection, 'arn:aws:iam::000000000000:role/ada', runtime)
        const ticket = new URL(beginUrl).searchParams.get('t') ?? ''
        const begun = await call('/oauth/{vendor}/begin', { t: ticket })
        const cookie = `${begun.headers?.['set-cookie']}`.split(';')[0] ?? ''
        canaries.push({ kind: 'ticket', value: ticket }, { kind: 'cookie', value: cookie.split('=')[1] ?? '' })
        const ended = await call('/oauth/{vendor}/callback', { state: ticket, code }, cookie)
        answered.push(
          JSON.stringify(ended),
          JSON.stringify(await call('/oauth/done', { r: 'ok', state: ticket, code })),
        )
      }
    })
    expect(answered.join()).toContain('{"outcome":"connected"}')
    expect(log).toContain('"outcome":"vendor_unavailable"')
    const outputs = [log, answered.join(), JSON.stringify(w.notices)].map((text, at) => ({ where: `${at}`, text }))
    expect(tracesOf(canaries, outputs)).toEqual([])
    figure('no-leak', `0 traces of ${canaries.length} in a hosted consent`)
  })
})

describe('an import', () => {
  it('leaves no trace of its token, whatever the vendor says to it and an error repeats', async () => {
    const tokens = { refresh_token: random(24), access_token: random(40) }
    const w = world()
    let meets: 'alive' | 'refused' | 'an error' = 'alive'
    const say = (token: Secret) => {
      if (meets === 'an error')
        throw new VendingError('vendor_unavailable', 'Acme does not answer', { cause: new Error(token.reveal()) })
      return meets
    }
    const { vendor: acme } = fakeVendor({
      script: (context, held = new Secret('none')) => {
        if (say(held) === 'refused') throw new VendingError('grant_rejected', 'Acme refused the token')
        return gives({})(context, held, 1)
      },
    })
    const vendor: Vendor = {
      ...acme,
      liveness: async (_, { value }) => (say(value) === 'alive' ? 'alive' : 'refused'),
      authorization: {
        url: async () => new URL('https://acme.example/auth'),
        tokenEndpoint: async () => new URL('https://acme.example/token'),
        exchange: () => Promise.reject(new Error('there is no code')),
        importToken: async (_, { accessToken: value }, { now }) => ({
          accessToken: { value, issuedAt: now(), expiresAt: secondsAfter(now(), 3600), context: {} },
        }),
      },
    }
    const canaries = Object.entries(tokens).map(([kind, value]): Canary => ({ kind, value }))
    const answered: string[] = []
    const log = await written(async () => {
      for (meets of ['an error', 'refused', 'alive'] as const)
        for (const [member, value] of Object.entries(tokens))
          for (const body of [{ [member]: value }, { [member]: value, nearly: true }]) {
            const request = { operation: 'authorize', requestId: 'r-1', caller: 'ada', query: {} } as const
            const called = { ...request, connection: The.connection, body: JSON.stringify(body) }
            const record: Recorder = (event, error) => recordEvent(vendor.id, event, error)
            answered.push(JSON.stringify(await answer(vendor, called, w.process(), record)))
          }
    })
    const outcomes = log.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
    const said = outcomes.filter(({ op }) => op === 'authorize').map(({ outcome }) => outcome)
    const each = (outcome: string) => ['requested', outcome, 'requested', 'bad_request']
    expect(said).toEqual(
      ['vendor_unavailable', 'grant_rejected', 'imported'].flatMap((outcome) => [...each(outcome), ...each(outcome)]),
    )
    const { fingerprint } = new Secret(tokens.access_token)
    expect(outcomes.find(({ outcome, fingerprint: of }) => outcome === 'imported' && of === fingerprint)).toBeDefined()
    const outputs = [log, answered.join(), JSON.stringify([w.notices])].map((text, at) => ({ where: `${at}`, text }))
    expect(tracesOf(canaries, outputs)).toEqual([])
    figure('no-leak', `0 traces of ${canaries.length} in imports`)
  })
})

describe.each(describedSamples)('a described vendor, $grant with $clientAuthentication,', ({ vendor, ...sample }) => {
  it('leaves no trace of what it is sent, however it repeats that in its answers and errors', async () => {
    const accessToken = random(40)
    const refreshToken = random(24)
    const secret = random(24)
    const { client_secret, private_key } = sample.document
    const canaries: Canary[] = [
      { kind: 'access token', value: accessToken },
      { kind: 'refresh token', value: refreshToken },
      ...(client_secret === undefined ? [] : [{ kind: 'client secret', value: secret }]),
      ...(typeof private_key === 'string' ? [{ kind: 'private key', value: private_key.slice(60, 400) }] : []),
    ]
    let repeat = (sent: string): Response => json({ error: sent })
    const http: typeof fetch = async (_, init) => {
      const form = new URLSearchParams(`${init?.body}`)
      for (const name of ['client_assertion', 'assertion', 'code', 'code_verifier']) {
        const value = form.get(name)
        if (value) canaries.push({ kind: name, value })
      }
      return repeat(`${init?.body} ${new Headers(init?.headers).get('authorization')} ${refreshToken}`)
    }
    const granted = { access_token: accessToken, token_type: 'Bearer', expires_in: 3600, refresh_token: refreshToken }
    const repeats: readonly (typeof repeat)[] = [
      (sent) => json({ error: 'invalid_grant', error_description: sent, error_uri: sent }, 400),
      (sent) => json({ error: sent }, 400),
      (sent) => json({ [sent]: sent }, 500),
      (sent) => html(401, sent),
      (sent) => text(`error=${encodeURIComponent(sent)}`, 400, { 'content-type': 'application/x-www-form-urlencoded' }),
      (sent) => text('', 302, { location: `https://evil.example/?${encodeURIComponent(sent)}` }),
      (sent) => {
        throw new TypeError(sent, { cause: Object.assign(new Error(sent), { code: sent }) })
      },
      (sent) => json({ ...granted, token_type: sent }),
      (sent) => json({ ...granted, expires_in: sent, refresh_token_expires_in: sent }),
    ]
    const w = world({ http, callbackUrl: 'https://callback.example/v1', consents: memoryTable().consents })
    const document = { ...sample.document, ...(client_secret !== undefined && { client_secret: secret }) }
    const answered: string[] = []
    const record: Recorder = (event, error) => recordEvent(vendor.id, event, error)
    const ask = async (operation: ApiRequest['operation'], body?: object) => {
      const request = { operation, requestId: 'r-1', caller: 'ada', query: {}, connection: The.connection }
      const called = { ...request, ...(body && { body: JSON.stringify(body) }) }
      const { status, body: said } = await answer(vendor, called, w.process(), record)
      answered.push(said)
      return { status, said }
    }
    const log = await written(async () => {
      for (repeat of repeats) {
        // New credentials, so that nothing is left alone for what came before.
        w.secrets.replace(`${vendor.id}/${The.connection}`, document)
        w.clock.advance(3600)
        await ask('vend')
        if (sample.held) {
          const { said: begun } = await ask('authorize', { redirect_uri: 'http://127.0.0.1:1/' })
          const { state } = z.object({ state: z.string() }).parse(JSON.parse(begun))
          await ask('authorize', { state, code: random(24) })
          await ask('authorize', { refresh_token: refreshToken })
        }
        await ask('check')
        await ask('revoke')
      }
      repeat = () => json(granted)
      w.secrets.replace(`${vendor.id}/${The.connection}`, document)
      w.clock.advance(3600)
      if (sample.held) await ask('authorize', { refresh_token: refreshToken })
      expect(await ask('vend')).toMatchObject({ status: 200, said: expect.stringContaining(accessToken) })
      // That is what it is there for.
      answered.pop()
    })
    if (sample.held) expect(canaries.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['code', 'code_verifier']))
    const outputs = [log, answered.join(), JSON.stringify([w.notices, w.observations])]
    expect(
      tracesOf(
        canaries,
        outputs.map((one, at) => ({ where: `${at}`, text: one })),
      ),
    ).toEqual([])
    figure('no-echo-described', `0 traces of ${canaries.length} in ${repeats.length} ways to repeat them`)
  })
})

/** What is written to standard output and to standard error meanwhile. */
async function written(work: () => Promise<void>): Promise<string> {
  let text = ''
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((part) => {
      text += String(part)
      return true
    }),
  )
  try {
    await work()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return text
}
