import { setStatus } from '../../functions/api/commands.ts'
import { list } from '../../functions/api/connections.ts'
import { remove } from '../../functions/api/remove.ts'
import { vend } from '../../functions/core/vend.ts'
import { checkAll, continueCheck } from '../../functions/keeper/check.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { broken, fakeVendor, gives, type Script, The, world } from '../support/world.ts'

const nameOf = (i: number) => `site-${String(i).padStart(3, '0')}`

/** A vendor whose connections are stored by hand, and not vended unless somebody does so. */
function machine(options: Parameters<typeof fakeVendor>[0] = {}) {
  const w = world()
  const fake = fakeVendor(options)
  const { vendor } = fake
  w.secrets.remove('acme/hq')
  return {
    ...w,
    ...fake,
    store: (...names: string[]) => {
      for (const name of names) w.secrets.replace(`acme/${name}`, { password: name })
    },
    vend: (name: string) => vend({ connection: { vendor, name }, minTtlSeconds: 0 }, w.process()),
    page: async (next?: string, runtime = w.process()) => {
      const { connections, ...rest } = await list(vendor, next, runtime)
      return { ...rest, views: connections.map(({ connection, state }) => `${connection} ${state}`) }
    },
    known: async () => (await w.directory.page(vendor)).map(({ name }) => name),
    check: (runtime = w.processFor(300)) => checkAll(vendor, runtime),
  }
}

const denied = new VendingError('configuration', 'the list of secrets may not be read')
const blind = (process: Machine): Machine => ({ ...process, inventory: { stored: () => Promise.reject(denied) } })

describe('a list', () => {
  it('has what was stored by hand at once, as new, by name among the others', async () => {
    const m = machine()
    m.store('b', 'd')
    await m.vend('b')
    m.store('a', 'c', 'e')
    expect(await m.page()).toEqual({ views: ['a new', 'b ok', 'c new', 'd new', 'e new'] })
    expect(await m.known()).toEqual(['a', 'b', 'c', 'd', 'e'])
    await renewDue(m.vendor, m.process())
    expect((await m.page()).views).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `${name} ok`))
  })

  it('has no connection whose secret was deleted before anybody knew it', async () => {
    const m = machine()
    m.store('a', 'b')
    m.secrets.remove('acme/b')
    expect((await m.page()).views).toEqual(['a new'])
    m.secrets.remove('acme/a')
    expect((await m.page()).views).toEqual(['a secret_deleted'])
  })

  it('has each on one page and none on two, when new ones stand between those that are known', async () => {
    const m = machine()
    for (let i = 0; i < 150; i += 1)
      await m.registry.register({ vendor: m.vendor, name: nameOf(2 * i) }, { sweepAt: m.clock.now() })
    const names = Array.from({ length: 300 }, (_, i) => nameOf(i))
    m.store(...names)
    const views: string[] = []
    const lengths: number[] = []
    let next: string | undefined
    do {
      const page = await m.page(next)
      lengths.push(page.views.length)
      views.push(...page.views)
      next = page.next
    } while (next !== undefined)
    expect(views).toEqual(names.map((name) => `${name} new`))
    expect(lengths).toEqual([100, 100, 100])
  })

  it('has what was removed as switched off when its secret is back, until a person connects it again', async () => {
    const m = machine()
    m.store('a')
    await m.vend('a')
    m.secrets.remove('acme/a')
    await remove({ vendor: m.vendor, name: 'a' }, m.process())
    expect((await m.page()).views).toEqual([])
    m.store('a')
    expect((await m.page()).views).toEqual(['a disabled'])
    expect(await m.known()).toEqual([])
    await setStatus({ vendor: m.vendor, name: 'a' }, 'active', m.process())
    expect((await m.page()).views).toEqual(['a new'])
  })

  it('looks for the 300 newest secrets, and for these on the first page alone', async () => {
    const m = machine()
    m.store(...Array.from({ length: 320 }, (_, i) => nameOf(i)))
    const asked: number[] = []
    const process = m.process()
    const stored: Machine['inventory']['stored'] = (vendor, limit) => {
      asked.push(limit)
      return process.inventory.stored(vendor, limit)
    }
    let next: string | undefined
    do ({ next } = await m.page(next, { ...process, inventory: { stored } }))
    while (next !== undefined)
    expect(asked).toEqual([300])
    expect(await m.known()).toEqual(Array.from({ length: 300 }, (_, i) => nameOf(i + 20)))
  })

  it('that may not look for secrets has what is known, and says what is missing', async () => {
    const m = machine()
    m.store('a', 'b')
    await m.vend('a')
    expect(await m.page(undefined, blind(m.process()))).toEqual({
      views: ['a ok'],
      warnings: [
        {
          code: 'not_searched',
          detail: 'connections that nobody has used yet may be missing: the list of secrets may not be read',
        },
      ],
    })
  })

  it('has a new one that could not be noted, and notes it the next time', async () => {
    const m = machine()
    m.store('a')
    const process = m.process()
    expect((await m.page(undefined, { ...process, registry: broken(process.registry, 'register') })).views).toEqual([
      'a new',
    ])
    expect(await m.known()).toEqual([])
    await m.page()
    expect(await m.known()).toEqual(['a'])
  })

  it('keeps what it has found in use for 14 days, and then lets it rest', async () => {
    const m = machine()
    m.store('a')
    await m.page()
    m.clock.advance(14 * DAY_SECONDS)
    await renewDue(m.vendor, m.process())
    expect((await m.page()).views).toEqual(['a ok'])
    m.clock.advance(3600)
    await renewDue(m.vendor, m.process())
    expect((await m.page()).views).toEqual(['a resting'])
    expect(m.calls).toHaveLength(1)
  })

  it('does not touch what is known, on its page or behind it: neither its turn and owner nor its rest', async () => {
    const m = machine()
    const names = Array.from({ length: 120 }, (_, i) => nameOf(i))
    m.store(...names)
    for (const name of names)
      await m.registry.register({ vendor: m.vendor, name }, { sweepAt: new Date('2027-01-01'), owner: 'ann' })
    await m.page()
    expect(await m.registry.due(m.vendor, m.clock.now(), 10)).toEqual([])
    for (const name of [nameOf(0), nameOf(119)]) {
      const { state } = await m.tokens.read({ vendor: m.vendor, name })
      expect([state.owner, state.usedAt]).toEqual(['ann', undefined])
    }
  })
})

describe('the daily check', () => {
  it('finds what was stored by hand, however much it is, and reminds of its end on the same day', async () => {
    const ends = secondsAfter(The.now, 20 * DAY_SECONDS)
    const script: Script = async (...call) => {
      const { accessToken } = await gives({ name: 'jwt' })(...call)
      return { accessToken: { ...accessToken, issuedAt: secondsAfter(ends, -365 * DAY_SECONDS), expiresAt: ends } }
    }
    const m = machine({ holdsToken: true, script })
    const names = Array.from({ length: 350 }, (_, i) => nameOf(i))
    m.store(...names)
    for (let run = await m.check(); run && run.left > 0; run = await continueCheck(m.vendor, m.processFor(300)))
      m.clock.advance(60)
    expect(await m.known()).toEqual(names)
    expect(m.notices.map((notice) => 'step' in notice && `${notice.connection} ${notice.step}`).sort()).toEqual(
      names.map((name) => `${name} 30`),
    )
  })

  it('of a new deployment finds it with the first sweep, and what comes later with the next day', async () => {
    const m = machine()
    m.store('a')
    expect(await continueCheck(m.vendor, m.processFor(300))).toEqual({ checked: 1, failed: 0, left: 0 })
    m.store('b')
    m.clock.advance(60)
    expect(await continueCheck(m.vendor, m.processFor(300))).toBeUndefined()
    expect(await m.known()).toEqual(['a'])
    m.clock.advance(DAY_SECONDS)
    expect(await m.check()).toEqual({ checked: 2, failed: 0, left: 0 })
    expect(await m.known()).toEqual(['a', 'b'])
  })

  it('leaves alone what has no secret any more', async () => {
    const m = machine()
    m.store('a')
    m.secrets.remove('acme/a')
    expect(await m.check()).toEqual({ checked: 0, failed: 0, left: 0 })
    expect(await m.known()).toEqual([])
  })

  it('that may not look for secrets checks what is known, and says why it has failed', async () => {
    const m = machine()
    m.store('a', 'b')
    await m.vend('a')
    expect(await m.check(blind(m.processFor(300)))).toEqual({ checked: 1, failed: 1, left: 0, fault: denied.message })
    expect(await m.known()).toEqual(['a'])
  })

  it.each(['glance', 'page'] as const)('whose table does not answer to %s says so', async (method) => {
    const m = machine()
    m.store('a')
    const process = m.processFor(300)
    const outcome = m.check({ ...process, directory: broken(process.directory, method) })
    if (method === 'page') await expect(outcome).rejects.toMatchObject({ code: 'store_unavailable' })
    else expect(await outcome).toMatchObject({ checked: 0, failed: 1, fault: expect.any(String) })
  })
})
