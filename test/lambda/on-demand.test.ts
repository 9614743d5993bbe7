import { once } from '../../functions/kit/once.ts'
import { onDemand } from '../../functions/lambda/on-demand.ts'
import { vendorOnDemand } from '../../functions/lambda/vendor-on-demand.ts'
import { fakeVendor } from '../support/world.ts'

interface Port {
  add(a: number, b: number): Promise<number>
  name(): Promise<string>
}

function loading(port: Port | Error) {
  const loads: string[] = []
  const load = async () => {
    loads.push('load')
    if (port instanceof Error) throw port
    return port
  }
  return { loads, load }
}

const port: Port = { add: async (a, b) => a + b, name: async () => 'loaded' }

describe('a port on demand', () => {
  it('is loaded by its first call, not before', async () => {
    const { loads, load } = loading(port)
    const lazy = onDemand(once(load))
    expect(await Promise.resolve(lazy)).toBe(lazy)
    expect(loads).toEqual([])
    expect(await Promise.all([lazy.add(1, 2), lazy.name()])).toEqual([3, 'loaded'])
    expect(loads).toEqual(['load'])
  })

  it('is not loaded for what is at hand', async () => {
    const { loads, load } = loading(port)
    expect(await onDemand(load, { name: async () => 'at hand' }).name()).toBe('at hand')
    expect(loads).toEqual([])
  })

  it('rejects with what kept it from being loaded, and is loaded by the next call', async () => {
    let broken = true
    const lazy = onDemand(
      once(async () => {
        if (broken) throw new Error('no such file')
        return port
      }),
    )
    await expect(lazy.name()).rejects.toThrow('no such file')
    broken = false
    expect(await lazy.name()).toBe('loaded')
  })
})

describe('a vendor on demand', () => {
  it('has its facts at once, and what it does after it is loaded; before that to ask for it is a mistake', async () => {
    const { vendor: whole } = fakeVendor()
    const { id, title, hosts, tokens } = whole
    const { vendor, load } = vendorOnDemand({ id, title, hosts, tokens }, async () => whole)
    expect([vendor.id, vendor.tokens]).toEqual([id, tokens])
    expect(() => vendor.isStatic).toThrow(`the code of ${id} is not loaded: isStatic`)
    await load()
    expect(vendor.isStatic).toBe(whole.isStatic)
    expect(vendor.issue).toBe(whole.issue)
  })
})
