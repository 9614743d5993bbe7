import { records } from '../../../lib/local/simulators/oauth/records.ts'

const issue = (kept: ReturnType<typeof records>, id: string, grantId = 'g1') =>
  kept.adapterOf('AccessToken').upsert(id, { grantId }, 60)

describe('what a described vendor’s server has issued', () => {
  it('ends by the machine’s clock, and has as long to go by the server’s own', async () => {
    const kept = records('family')
    kept.setClock(1_000_000)
    await issue(kept, 't1')
    kept.setClock(1_000_059)
    const { exp } = (await kept.adapterOf('AccessToken').find('t1')) ?? {}
    expect(Number(exp) - Date.now() / 1000).toBeGreaterThan(0)
    expect(Number(exp) - Date.now() / 1000).toBeLessThan(3)
    kept.setClock(1_000_060)
    expect(await kept.adapterOf('AccessToken').find('t1')).toBeUndefined()
    expect(kept.isLive('t1')).toBe(false)
  })

  it('is 2,000 of a kind at most: the oldest goes, and none of another kind', async () => {
    const kept = records('family')
    await kept.adapterOf('RefreshToken').upsert('r1', { grantId: 'g1' })
    for (let n = 0; n < 2000; n += 1) await issue(kept, `t${n}`)
    expect(kept.isLive('t0')).toBe(true)
    await issue(kept, 'one more')
    expect(['t0', 't1', 'one more'].map(kept.isLive)).toEqual([false, true, true])
    expect(await kept.adapterOf('RefreshToken').find('r1')).toMatchObject({ grantId: 'g1' })
  })

  it('goes with its grant, and leaves others', async () => {
    const kept = records('family')
    await issue(kept, 'mine')
    await issue(kept, 'another', 'g2')
    await kept.adapterOf('RefreshToken').upsert('r1', { grantId: 'g1' })
    kept.revoke('r1')
    expect(['mine', 'another'].map(kept.isLive)).toEqual([false, true])
  })
})
