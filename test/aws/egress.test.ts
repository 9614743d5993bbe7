import { execFile } from 'node:child_process'
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { egress } from '../../functions/aws/egress.ts'
import { wholeAnswer } from '../../functions/oauth/whole-answer.ts'
import { readBody } from '../../lib/local/loopback.ts'
import { failureOf, NOW } from '../support/fake-vendor.ts'
import { HOST, type TlsVendor, tlsVendor } from '../support/tls-vendor.ts'
import { trapOnLoopback } from '../support/trap.ts'

const open: TlsVendor[] = []
afterEach(async () => {
  for (const vendor of open.splice(0)) await vendor.close()
})

async function vendorThat(...[answer, options]: Parameters<typeof tlsVendor>): Promise<TlsVendor> {
  const vendor = await tlsVendor(answer, options)
  open.push(vendor)
  return vendor
}

const says =
  (text: string): RequestListener =>
  (_request, response) => {
    response.end(text)
  }

/** As the vendors' code calls it, which allows no port: the test's is added on the way. */
const called = ({ http, port }: Pick<TlsVendor, 'http' | 'port'>, signal = new AbortController().signal) =>
  wholeAnswer(
    new URL(`https://${HOST}/token`),
    { method: 'POST', body: 'a=b' },
    {
      http: (input, init) => http(Object.assign(new URL(String(input)), { port }), init),
      now: () => NOW,
      signal,
      hosts: [HOST],
      policy: { storage: 'table', maxLifeSeconds: 3600 },
    },
  )

describe('a request', () => {
  it('arrives as it was meant, with its body, at the name it was for', async () => {
    let body = ''
    const vendor = await vendorThat(async (request, response) => {
      body = `${await readBody(request)}`
      response.end('ok')
    })
    const form = new URLSearchParams({ grant_type: 'client_credentials', secret: 'a b&c' })
    const headers = { authorization: 'Basic x', accept: 'application/json' }
    const answer = await vendor.http(vendor.url('/token?a=b'), { method: 'POST', body: form, headers })
    expect(await answer.text()).toBe('ok')
    expect(body).toBe(form.toString())
    expect(vendor.requests[0]).toMatchObject({ method: 'POST', url: '/token?a=b' })
    expect(vendor.requests[0]?.headers).toMatchObject({
      ...headers,
      host: `${HOST}:${vendor.port}`,
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
      'content-length': `${form.toString().length}`,
    })
  })

  it('without a body says so where one is usual, and is silent where none is', async () => {
    const vendor = await vendorThat(says(''))
    await vendor.http(vendor.url(), { method: 'POST' })
    await vendor.http(vendor.url())
    expect(vendor.requests.map(({ headers }) => headers['content-length'])).toEqual(['0', undefined])
  })

  it('uses the connection of the one before', async () => {
    const vendor = await vendorThat(says('ok'))
    for (let call = 0; call < 3; call++) await (await vendor.http(vendor.url())).text()
    expect([vendor.requests.length, vendor.connections()]).toEqual([3, 1])
  })

  it('asks for no compression, and what is compressed all the same is not undone', async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 24))
    const vendor = await vendorThat((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    })
    const answer = await vendor.http(vendor.url())
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bomb)
    expect(vendor.requests[0]?.headers['accept-encoding']).toBe('identity')
  })
})

describe('an answer', () => {
  it('has its status, its headers and its body', async () => {
    const vendor = await vendorThat((_request, response) => {
      response.writeHead(429, [
        ...['Retry-After', '7', 'Date', 'Sat, 01 Aug 2026 12:00:30 GMT'],
        ...['Set-Cookie', 'a', 'Set-Cookie', 'b'],
      ])
      response.end('{"error":"x"}')
    })
    const answer = await vendor.http(vendor.url())
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('7')
    expect(answer.headers.getSetCookie()).toEqual(['a', 'b'])
    expect(await answer.text()).toBe('{"error":"x"}')
  })

  it.each([204, 304])('of %i has no body', async (status) => {
    const vendor = await vendorThat((_request, response) => {
      response.writeHead(status).end()
    })
    const answer = await vendor.http(vendor.url())
    expect([answer.status, answer.body]).toEqual([status, null])
  })

  it.each([301, 302, 303, 307, 308])('of %i is not followed, whatever was asked for', async (status) => {
    const trap = await trapOnLoopback()
    const vendor = await vendorThat((_request, response) => {
      response.writeHead(status, { location: `https://other.example:${trap.port}/` }).end()
    })
    for (const redirect of ['manual', 'follow', 'error'] as const)
      expect((await vendor.http(vendor.url(), { redirect })).status).toBe(status)
    expect([vendor.requests.length, trap.caught.length]).toEqual([3, 0])
    trap.close()
  })

  it.each([
    ['HTTP/1.1 700 Nonsense\r\ncontent-length: 0\r\n\r\n', 'vendor_malformed'],
    ['HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 'vendor_unavailable'],
    ['SSH-2.0-OpenSSH\r\n', 'vendor_unavailable'],
    [`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(2 ** 15)}\r\n\r\n`, 'vendor_unavailable'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'vendor_unavailable'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx', 'vendor_unavailable'],
    ['', 'vendor_unavailable'],
  ])('that is no whole answer of HTTP ends the call (%#)', async (bytes, code) => {
    const vendor = await vendorThat(({ socket }) => {
      socket.end(bytes)
    })
    expect(await failureOf(called(vendor))).toMatchObject({ code })
    expect(vendor.requests).toHaveLength(1)
  })

  it('that does not end is left after 1 MiB, and its connection with it', async () => {
    let left: Promise<unknown> | undefined
    const vendor = await vendorThat((_request, response) => {
      const part = Buffer.alloc(2 ** 16, ' ')
      const write = (): void => {
        if (response.write(part)) setImmediate(write)
      }
      response.on('drain', write)
      left = new Promise((resolve) => response.on('close', resolve))
      write()
    })
    expect(await failureOf(called(vendor))).toMatchObject({ code: 'vendor_malformed' })
    await left
  })
})

describe('a deadline', () => {
  const late = { code: 'vendor_unavailable', message: 'the vendor did not answer in time' }

  it.each<[string, RequestListener]>([
    ['before the headers', () => {}],
    ['within the body', (_request, response) => void response.writeHead(200).write('{')],
  ])('that passes %s ends the call and its connection', async (_when, answer) => {
    const time = new AbortController()
    let left: Promise<unknown> | undefined
    const vendor = await vendorThat((request, response) => {
      left = new Promise((resolve) => request.socket.on('close', resolve))
      answer(request, response)
      setImmediate(() => time.abort())
    })
    expect(await failureOf(called(vendor, time.signal))).toMatchObject(late)
    await left
  })

  it('that passes within the look-up ends the call', async () => {
    const time = new AbortController()
    const resolve = () => {
      setImmediate(() => time.abort())
      return new Promise<never>(() => {})
    }
    const http = egress({ mayCall: () => false, resolve })
    expect(await failureOf(called({ http, port: 443 }, time.signal))).toMatchObject(late)
  })
})

describe('a vendor', () => {
  it.each([
    'http://HOST',
    'https://127.0.0.1',
    'https://[::1]',
    'https://[::ffff:7f00:1]',
    'https://2130706433',
    'ftp://HOST',
  ])('is called by https and its name alone: %s', async (origin) => {
    const vendor = await vendorThat(says('ok'))
    const calling = vendor.http(`${origin.replace('HOST', HOST)}:${vendor.port}/`)
    expect(await failureOf(calling)).toMatchObject({ code: 'configuration' })
    expect(vendor.connections()).toBe(0)
  })
})

describe('a vendor that is not who it should be', () => {
  const DAY_MS = 24 * 60 * 60 * 1000
  const ago = (days: number) => new Date(Date.now() - days * DAY_MS)

  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', {}, 'stranger'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', { host: 'evil.example' }, undefined],
    ['CERT_HAS_EXPIRED', { from: ago(3), until: ago(1) }, undefined],
    ['CERT_NOT_YET_VALID', { from: ago(-1), until: ago(-3) }, undefined],
  ] as const)('is sent nothing: %s', async (cause, options, who) => {
    const vendor = await vendorThat(says('{"access_token":"t"}'), options)
    const http = who ? egress(vendor.edge) : vendor.http
    expect(await failureOf(called({ http, port: vendor.port }))).toMatchObject({
      code: 'vendor_unavailable',
      message: 'no trusted TLS connection to the vendor could be made',
      retryAfterSeconds: 60,
      cause,
    })
    expect([vendor.connections(), vendor.requests.length]).toEqual([1, 0])
  })

  it('is sent nothing when it speaks no TLS of this decade', async () => {
    const tls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
    const vendor = await vendorThat(says('{}'), { tls })
    expect(await failureOf(called(vendor))).toMatchObject({
      message: 'no trusted TLS connection to the vendor could be made',
    })
    expect(vendor.requests).toEqual([])
  })

  it('is sent nothing, though the environment says that nobody is checked', async () => {
    const vendor = await vendorThat(says('trusted'))
    const program = fileURLToPath(new URL('unchecked.ts', import.meta.url))
    const line = ['--import', 'tsx', '--no-warnings', program, `${vendor.port}`]
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    const { stdout } = await promisify(execFile)(process.execPath, line, { env })
    // The same call by Node's own fetch shows that the variable has its effect there.
    expect(JSON.parse(stdout)).toEqual({ fetch: 'trusted', egress: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(vendor.requests).toHaveLength(1)
  })
})

describe('a vendor that cannot be reached', () => {
  const withCode = (code: string) => Object.assign(new Error('canary'), { code })
  it.each([
    ['ENOTFOUND', 'the connection to the vendor failed'],
    ['EAI_AGAIN', 'the connection to the vendor failed'],
    ['ETIMEDOUT', 'the vendor did not answer in time'],
  ])('is said to be when the look-up fails with %s', async (code, message) => {
    const http = egress({ mayCall: () => false, resolve: () => Promise.reject(withCode(code)) })
    expect(await failureOf(called({ http, port: 443 }))).toMatchObject({ message, cause: code })
  })

  it('is said to be when nobody listens at any of its addresses', async () => {
    const trap = await trapOnLoopback()
    trap.close()
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ]
    const http = egress({ resolve: async () => addresses, mayCall: () => true })
    expect(await failureOf(called({ http, port: trap.port }))).toMatchObject({
      code: 'vendor_unavailable',
      cause: 'ECONNREFUSED',
    })
  })

  it('is reached at another of its addresses', async () => {
    const vendor = await vendorThat(says('ok'))
    const addresses = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    const http = egress({ ...vendor.edge, resolve: async () => addresses, ca: vendor.certificate.cert })
    expect((await called({ http, port: vendor.port })).text.reveal()).toBe('ok')
  })
})
