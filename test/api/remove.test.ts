import { type ApiRequest, answer } from '../../functions/api/app.ts'
import { vend } from '../../functions/core/vend.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import type { Machine } from '../../functions/lambda/runtime.ts'
import { happensBefore } from '../support/ports.ts'
import { fakeVendor, gives, world } from '../support/world.ts'

/** A connection that has vended, with a refresh token. */
async function retiring() {
  const w = world()
  const { vendor, connection, calls } = fakeVendor({ script: gives({ refreshToken: 'r' }) })
  const warm = w.process()
  const obtain = (runtime: Machine) => vend({ connection, minTtlSeconds: 0 }, runtime)
  await obtain(warm)
  const ask = async (change: Partial<ApiRequest> = {}, runtime = w.process()) => {
    const request = { operation: 'remove', requestId: 'r', caller: 'arn:ann', connection: 'hq', query: {}, ...change }
    const { status, body } = await answer(vendor, request as ApiRequest, runtime, () => {})
    return { status, body: JSON.parse(body) }
  }
  const setOwner = () => ask({ operation: 'setOwner', body: '{"owner":"ada@acme.example"}' })
  const setStatus = (status: string) => ask({ operation: 'setStatus', body: JSON.stringify({ status }) })
  return { ...w, vendor, connection, calls, warm, obtain, ask, setOwner, setStatus }
}

describe('DELETE of a connection', () => {
  it('is refused while the secret is there, and changes nothing', async () => {
    const { ask, obtain, warm } = await retiring()
    const { status, body } = await ask()
    expect([status, body.code]).toEqual([409, 'connection_in_use'])
    expect(body).toMatchObject({
      detail: 'the secret of acme/hq is still there',
      next_step: 'to retire it, run: vendomat remove acme hq',
    })
    expect((await obtain(warm)).source).toBe('cache')
  })

  it('forgets one whose secret is gone: no list names it, nobody is vended a token of it', async () => {
    const { ask, secrets, directory, vendor, obtain, process, tokens, connection } = await retiring()
    secrets.remove('acme/hq')
    expect(await ask()).toEqual({ status: 200, body: { vendor: 'acme', connection: 'hq', removed: true } })
    expect(await directory.page(vendor)).toEqual([])
    expect((await ask({ operation: 'show' })).body.code).toBe('unknown_connection')
    await expect(obtain(process())).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(await tokens.read(connection)).toMatchObject({ exists: false, state: { epoch: 1, fence: 1 } })
  })

  it('holds for a process that still has the credentials at hand', async () => {
    const { ask, secrets, warm, clock, obtain, calls } = await retiring()
    secrets.remove('acme/hq')
    await ask()
    clock.advance(5)
    await expect(obtain(warm)).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(calls).toHaveLength(1)
  })

  it('has nothing to forget the second time, nor of a connection that never was', async () => {
    const { ask, secrets } = await retiring()
    secrets.remove('acme/hq')
    await ask()
    for (const connection of ['hq', 'nobody']) {
      const { status, body } = await ask({ connection })
      expect([status, body.code]).toEqual([404, 'unknown_connection'])
    }
  })

  it('says so when somebody has enabled it meanwhile', async () => {
    const { ask, secrets, process, tokens, connection, directory, vendor } = await retiring()
    secrets.remove('acme/hq')
    const runtime = process()
    const registry = happensBefore(runtime.registry, 'forget', () => tokens.enable(connection))
    expect((await ask({}, { ...runtime, registry })).body).toMatchObject({
      code: 'connection_in_use',
      detail: 'acme/hq was enabled meanwhile',
    })
    expect(await directory.page(vendor)).toEqual([connection])
  })

  it('does not take a secret that cannot be read for one that is gone', async () => {
    const { ask, process, obtain, warm } = await retiring()
    const read = () => Promise.reject(new VendingError('store_unavailable', 'the secret store does not answer'))
    const runtime = process()
    const { status } = await ask({}, { ...runtime, credentials: { ...runtime.credentials, read } })
    expect(status).toBe(503)
    expect((await obtain(warm)).source).toBe('cache')
  })
})

describe('a connection that was removed', () => {
  async function removed() {
    const w = await retiring()
    w.secrets.remove('acme/hq')
    await w.ask()
    return w
  }

  it('works again once it is connected again, with a token of its own and without the old grant', async () => {
    const { secrets, setOwner, obtain, process, calls, directory, vendor, connection } = await removed()
    secrets.replace('acme/hq', { password: 'p2' })
    expect((await setOwner()).status).toBe(200)
    const { token } = await obtain(process())
    expect(token.accessToken.value.fingerprint).toBe(new Secret('t2').fingerprint)
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual([undefined, undefined])
    expect(await directory.page(vendor)).toEqual([connection])
  })

  it('is enabled again by who says so, when its secret is there', async () => {
    const { secrets, setStatus, obtain, process } = await removed()
    expect((await setStatus('active')).status).toBe(404)
    secrets.replace('acme/hq', { password: 'p2' })
    await expect(obtain(process())).rejects.toMatchObject({ code: 'connection_disabled' })
    await setStatus('active')
    expect((await obtain(process())).source).toBe('vendor')
  })

  it('can be disabled, which is not undone by being noted', async () => {
    const { secrets, setOwner, setStatus, obtain, process } = await removed()
    secrets.replace('acme/hq', { password: 'p2' })
    expect((await setStatus('disabled')).body.state).toBe('disabled')
    expect((await setOwner()).body.state).toBe('disabled')
    await expect(obtain(process())).rejects.toMatchObject({ code: 'connection_disabled' })
  })
})
