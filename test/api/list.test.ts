import { type ApiRequest, answer } from '../../functions/api/app.ts'
import { list } from '../../functions/api/connections.ts'
import { cursorAfter } from '../../functions/api/cursor.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { DAY_SECONDS, rfc3339 } from '../../functions/kit/time.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { fakeVendor, gives, world } from '../support/world.ts'

const nameOf = (i: number) => `site-${String(i).padStart(3, '0')}`

/** A vendor with so many connections whose tokens are fresh. */
async function crowd(count: number, options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const { vendor } = fakeVendor(options)
  w.secrets.remove('acme/hq')
  for (let i = 0; i < count; i += 1) {
    w.secrets.replace(`acme/${nameOf(i)}`, { password: 'p' })
    await vend({ connection: { vendor, name: nameOf(i) }, minTtlSeconds: 0 }, w.process())
  }
  /** What the list answers, and as which status. */
  const ask = async (query: ApiRequest['query'] = {}, runtime = w.process()) => {
    const request = { operation: 'list', requestId: 'r', caller: 'arn:ann', query } as const
    const { status, body } = await answer(vendor, request, runtime, () => {})
    return { status, body: JSON.parse(body) }
  }
  return { ...w, vendor, ask }
}

type View = { readonly connection: string; readonly state: string }

describe('a list', () => {
  it('comes in pages of 100 by name, each with where the next begins, and the last without', async () => {
    const { ask } = await crowd(205)
    const pages: View[][] = []
    let query: ApiRequest['query'] = {}
    for (;;) {
      const { status, body } = await ask(query)
      expect(status).toBe(200)
      pages.push(body.connections)
      if (body.next === undefined) break
      expect(body.next).toMatch(/^[\w-]+$/)
      query = { next: [body.next] }
    }
    expect(pages.map(({ length }) => length)).toEqual([100, 100, 5])
    expect(pages.flat().map(({ connection }) => connection)).toEqual(Array.from({ length: 205 }, (_, i) => nameOf(i)))
  })

  it('has no page behind one that is just full, and one without anything of a vendor without connections', async () => {
    expect((await (await crowd(100)).ask()).body).toEqual({ connections: expect.any(Array) })
    expect((await (await crowd(0)).ask()).body).toEqual({ connections: [] })
  })

  it('says on its first page when a schedule last had the credentials checked, and nothing where none has', async () => {
    const { ask, vendor, clock, processFor } = await crowd(101)
    expect((await ask()).body).not.toHaveProperty('checked_at')
    const checkedAt = rfc3339(clock.now())
    await checkAll(vendor, processFor(300))
    clock.advance(60)
    const { body } = await ask()
    expect(body.checked_at).toBe(checkedAt)
    expect((await ask({ next: [body.next] })).body).not.toHaveProperty('checked_at')
  })

  it('goes on behind a connection that is not there', async () => {
    const { ask, vendor } = await crowd(3)
    const { body } = await ask({ next: [cursorAfter({ vendor, name: 'site-0' })] })
    expect(body.connections).toHaveLength(3)
  })

  const apex = fakeVendor({ id: 'apex' }).vendor
  const acme = fakeVendor().vendor
  it.each([
    ['another vendor’s', [cursorAfter({ vendor: apex, name: 'hq' })]],
    ['one with a name that is none', [cursorAfter({ vendor: acme, name: 'HQ' })]],
    ['one that names nothing', [cursorAfter({ vendor: acme, name: '' })]],
    ['one with padding', [`${cursorAfter({ vendor: acme, name: 'hq1' })}=`]],
    ['words', ['next please']],
    ['nothing', ['']],
    ['a very long one', ['A'.repeat(9000)]],
  ])('refuses %s as `next`, and says what to do', async (_what, next) => {
    const { status, body } = await (await crowd(0)).ask({ next })
    expect([status, body.code]).toEqual([400, 'bad_request'])
    expect(body.detail).toBe('next is not one that a list of acme has given; leave it out to begin with the first page')
  })

  it('takes `next` once and no other parameter', async () => {
    const { ask, vendor } = await crowd(0)
    const next = cursorAfter({ vendor, name: 'hq' })
    expect((await ask({ next: [next, next] })).body.detail).toBe('next is given once')
    expect((await ask({ page: ['2'] })).body.detail).toBe('the only query parameter is next')
  })
})

describe('a page of a list', () => {
  /** A process that counts what it is asked for. */
  function counted(machine: Machine) {
    const calls: Record<string, number> = {}
    const count = <P extends object>(name: string, port: P): P =>
      new Proxy(port, {
        get: (target, method, receiver) => {
          const original: unknown = Reflect.get(target, method, receiver)
          if (typeof original !== 'function') return original
          return (...given: unknown[]) => {
            calls[`${name}.${String(method)}`] = (calls[`${name}.${String(method)}`] ?? 0) + 1
            return original.apply(target, given)
          }
        },
      })
    const { tokens, registry, directory, credentials, allowance } = machine
    const process: Machine = {
      ...machine,
      tokens: count('tokens', tokens),
      registry: count('registry', registry),
      directory: count('directory', directory),
      credentials: count('credentials', credentials),
      allowance: count('allowance', allowance),
    }
    return { process, calls }
  }

  it('looks at names and rows once, and at no secret, while the tokens are fresh', async () => {
    const m = await crowd(80)
    const { process, calls } = counted(m.process())
    const { connections } = await list(m.vendor, undefined, process)
    expect(connections.map(({ state }) => state)).toEqual(Array(80).fill('ok'))
    expect(calls).toEqual({ 'directory.page': 1, 'directory.glance': 1 })
  })

  it('says of a fresh token what a look at the connection alone would say', async () => {
    const { vendor, process } = await crowd(1)
    const [view] = (await list(vendor, undefined, process())).connections
    const { body } = await answer(
      vendor,
      { operation: 'show', requestId: 'r', caller: 'arn:ann', connection: nameOf(0), query: {} },
      process(),
      () => {},
    )
    expect(view).toEqual(JSON.parse(body))
    expect(view).toMatchObject({ state: 'ok', expires_at: '2026-11-21T13:00:00Z' })
  })

  it('looks at the secrets of those alone whose rows do not say enough', async () => {
    const m = await crowd(5)
    await m.registry.register({ vendor: m.vendor, name: 'new' }, { sweepAt: m.clock.now() })
    await m.registry.register({ vendor: m.vendor, name: 'retired' }, { sweepAt: m.clock.now() })
    m.secrets.replace('acme/new', { password: 'p' })
    const failing = { code: 'credential_rejected', detail: 'no', count: 1, since: m.clock.now() } as const
    const connection = { vendor: m.vendor, name: nameOf(3) }
    await m.tokens.record({ connection, epoch: 0 }, { failure: { ...failing, credentialVersion: 'v1' } })
    const { process, calls } = counted(m.process())
    const { connections } = await list(m.vendor, undefined, process)
    expect(connections.map(({ connection, state }) => `${connection} ${state}`)).toEqual([
      ...['new new', 'retired secret_deleted'],
      ...['site-000 ok', 'site-001 ok', 'site-002 ok', 'site-003 failing', 'site-004 ok'],
    ])
    expect(calls['credentials.read']).toBe(3)
    // A new version of the secret may help, and nobody has tried it yet.
    m.secrets.replace(`acme/${nameOf(3)}`, { password: 'q' })
    const again = await list(m.vendor, undefined, m.process())
    expect(again.connections.find(({ connection }) => connection === nameOf(3))).toMatchObject({
      state: 'failing',
      next_action: 'none: the next call tries the new version of the secret',
    })
  })

  it('says of a secret that is gone, when its token is not fresh any more', async () => {
    const m = await crowd(2)
    m.secrets.remove(`acme/${nameOf(1)}`)
    const states = async () => (await list(m.vendor, undefined, m.process())).connections.map(({ state }) => state)
    expect(await states()).toEqual(['ok', 'ok'])
    m.clock.advance(3100)
    expect(await states()).toEqual(['ageing', 'secret_deleted'])
    m.clock.advance(500)
    expect(await states()).toEqual(['ageing', 'secret_deleted'])
  })

  it('looks at the secret of a token of before a revoke, which is none', async () => {
    const m = await crowd(1)
    await m.tokens.stop({ vendor: m.vendor, name: nameOf(0) }, { kind: 'revoke' })
    const { process, calls } = counted(m.process())
    expect((await list(m.vendor, undefined, process)).connections).toMatchObject([{ state: 'ageing' }])
    expect(calls['credentials.read']).toBe(1)
  })

  it('looks at 16 secrets side by side at most', async () => {
    const m = await crowd(100, { holdsToken: true, script: gives({ lifeSeconds: 90 * DAY_SECONDS }) })
    const machine = m.process()
    let [open, most] = [0, 0]
    const read: Machine['credentials']['read'] = async (connection, age) => {
      open += 1
      most = Math.max(most, open)
      await m.clock.sleep(0.02)
      open -= 1
      return machine.credentials.read(connection, age)
    }
    const { connections } = await list(m.vendor, undefined, {
      ...machine,
      credentials: { ...machine.credentials, read },
    })
    expect(connections.map(({ state }) => state)).toEqual(Array(100).fill('ok'))
    expect(most).toBe(16)
  })

  it('ends early where time runs short, and the next one goes on there', async () => {
    const m = await crowd(60, { holdsToken: true, script: gives({ lifeSeconds: 7000 }) })
    const slow = (): Machine => {
      const machine = m.processFor(20)
      const read: Machine['credentials']['read'] = async (connection, age) => {
        await m.clock.sleep(6)
        return machine.credentials.read(connection, age)
      }
      return { ...machine, credentials: { ...machine.credentials, read } }
    }
    const names: string[] = []
    let next: string | undefined
    let pages = 0
    do {
      const page = await list(m.vendor, next, slow())
      names.push(...page.connections.map(({ connection }) => connection))
      next = page.next
      pages += 1
    } while (next !== undefined)
    expect(names).toEqual(Array.from({ length: 60 }, (_, i) => nameOf(i)))
    expect(pages).toBe(2)
    await expect(list(m.vendor, undefined, { ...m.process(), timeLeft: () => 6.9 })).rejects.toMatchObject({
      code: 'store_unavailable',
    })
  })
})
