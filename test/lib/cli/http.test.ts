import { http } from '../../../lib/cli/http.ts'
import { reasonOf } from '../../../lib/cli/reason.ts'
import { type Loopback, listenOnLoopback, readBody } from '../../../lib/local/loopback.ts'

let server: Loopback
/** Resolves when a request without an answer has come. */
let waiting: () => void

beforeAll(async () => {
  server = await listenOnLoopback(0, async (request, response) => {
    const { method, url, headers } = request
    const body = (await readBody(request)).toString()
    if (url === '/late') return waiting()
    if (url === '/cut') {
      response.writeHead(200, { 'content-length': '100' })
      return void response.write('half', () => response.destroy())
    }
    const { 'content-type': type, 'content-length': length, authorization } = headers
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    if (url === '/moved') response.setHeader('location', '/elsewhere')
    response.writeHead(STATUS[url ?? ''] ?? 200, { 'content-type': 'application/json' })
    response.end(url === '/empty' ? undefined : JSON.stringify({ method, url, type, length, authorization, body }))
  })
})
afterAll(() => server.close())

const STATUS: Readonly<Record<string, number>> = { '/empty': 204, '/moved': 307, '/refused': 403 }

/** What a caller sees of an answer. */
async function seen(by: typeof fetch, path: string, init?: RequestInit) {
  const response = await by(`${server.url}${path}`, init)
  const { ok, status, headers } = response
  const [type, cookies] = [headers.get('content-type'), headers.getSetCookie()]
  return { ok, status, type, cookies, location: headers.get('location'), body: await response.text() }
}

const json = { 'content-type': 'application/json', authorization: 'AWS4-HMAC-SHA256 Credential=a' }

describe('http', () => {
  it.each<[string, RequestInit | undefined]>([
    ['/found?min_ttl=5', undefined],
    ['/found', { headers: json }],
    ['/made', { method: 'POST', headers: json, body: '{"note":"ü"}' }],
    ['/made', { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials' }) }],
    ['/none', { method: 'POST' }],
    ['/gone', { method: 'DELETE', headers: json }],
    ['/put', { method: 'PUT', headers: json, body: '{}' }],
    ['/empty', undefined],
    ['/refused', undefined],
    ['/moved', { redirect: 'manual' }],
  ])('shows of %s with %j what fetch shows', async (path, init) => {
    expect(await seen(http, path, init)).toEqual(await seen(fetch, path, init))
  })

  it.each<RequestInit>([{ redirect: 'error' }, {}])('follows no redirect: %j', async (init) => {
    await expect(http(`${server.url}/moved`, init)).rejects.toThrow('fetch failed')
  })

  it.each([
    ['http', http],
    ['fetch', fetch],
  ])('says that nobody listens, as %s does', async (_name, by) => {
    const { url, close } = await listenOnLoopback(0, () => {})
    await close()
    const error = await by(url).catch((reason) => reason)
    expect([error.name, reasonOf(error)]).toEqual(['TypeError', `ECONNREFUSED ${new URL(url).host}`])
  })

  it('rejects with the reason of its signal, before and while it waits', async () => {
    const over = new AbortController()
    const reason = new DOMException('over', 'TimeoutError')
    waiting = () => over.abort(reason)
    expect(await http(`${server.url}/late`, { signal: over.signal }).catch((error) => error)).toBe(reason)
    expect(await http(`${server.url}/late`, { signal: over.signal }).catch((error) => error)).toBe(reason)
  })

  it('rejects when an answer ends before it is whole', async () => {
    await expect(http(`${server.url}/cut`)).rejects.toThrow('fetch failed')
  })
})
