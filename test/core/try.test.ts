import { change } from '../../functions/api/connections.ts'
import { vend } from '../../functions/core/vend.ts'
import { fakeVendor, gives, refuses, type Script, world } from '../support/world.ts'

const rotating = { rotates: true } as const

/** A connection that works, and a version of its secret that is not in use yet. */
async function machine(script: Script = gives({ refreshToken: 'r' })) {
  const w = world()
  const fake = fakeVendor({ policy: rotating, script })
  const asked = { vendor: fake.vendor, connection: 'hq' }
  const process = w.process()
  const ask = () => vend({ ...asked, minTtlSeconds: 0 }, process)
  await ask()
  w.secrets.propose('acme/hq', 'pending', { password: 'p2' })
  return {
    ...w,
    ...fake,
    ask,
    tryIt: (version = 'pending') => change(asked, { by: 'arn:ann', try: version }, w.process()),
    state: async () => (await w.store.read('acme#hq')).state,
  }
}

describe('credentials that are tried', () => {
  it('obtain a token with the refresh token that only the machine has, and keep the next one', async () => {
    const { tryIt, calls, ask, secrets, clock } = await machine()
    await tryIt()
    expect(calls.slice(1)).toMatchObject([{ password: 'p2', refreshToken: 'r1' }])
    secrets.replace('acme/hq', { password: 'p2' })
    clock.advance(3600)
    await ask()
    expect(calls.at(-1)).toMatchObject({ password: 'p2', refreshToken: 'r2' })
  })

  it.each(['credential_rejected', 'grant_rejected', 'configuration'] as const)(
    'and refused with %s change nothing for those in use, and nobody is told',
    async (code) => {
      const { tryIt, will, state, ask, clock, calls, notices } = await machine()
      const before = await state()
      will(refuses(code, 'Acme says no'))
      await expect(tryIt()).rejects.toMatchObject({ code, message: 'Acme says no' })
      expect(calls).toHaveLength(2)
      const { fence: _, lease: __, ...after } = await state()
      const { fence: ___, lease: ____, ...same } = before
      expect(after).toEqual(same)
      will(gives({ refreshToken: 's' }))
      clock.advance(3600)
      expect((await ask()).source).toBe('vendor')
      expect(notices).toEqual([])
    },
  )

  it('have to be there, and the connection free and enabled', async () => {
    const { tryIt, store, clock } = await machine()
    await expect(tryIt('gone')).rejects.toMatchObject({ code: 'unknown_connection' })
    const { state } = await store.read('acme#hq')
    const lease = await store.acquire('acme#hq', state, { now: clock.now(), until: clock.now() })
    if (lease) await store.release(lease)
    await store.setStatus('acme#hq', 'disabled')
    await expect(tryIt()).rejects.toMatchObject({ code: 'connection_disabled' })
  })
})
