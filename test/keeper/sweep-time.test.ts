import { keepTown } from '../support/sweep-time.ts'

describe('2,000 connections with hourly tokens of a vendor that takes 0.4 s', () => {
  const town = { connections: 2000, vendorSeconds: 0.4, hours: 1.5 }

  it('are kept fresh by sweeps alone, with five table calls each and a few renewals at once', async () => {
    const kept = await keepTown(town)
    expect(kept).toMatchObject({ ended: 0, faults: 0, callsPerRenewal: 5 })
    expect(kept.renewals).toBeGreaterThan(2000)
    expect(kept.mostAtOnce).toBeLessThanOrEqual(8)
    expect(kept.longestSweepSeconds).toBeLessThan(20)
  }, 60_000)

  it('are kept fresh when all were made in the same half minute', async () => {
    const kept = await keepTown({ ...town, firstWithinSeconds: 30 })
    expect(kept).toMatchObject({ ended: 0, faults: 0, callsPerRenewal: 5 })
  }, 60_000)

  it('are not where the function has as little time as a call, and the sweeps say so', async () => {
    const kept = await keepTown({ ...town, functionSeconds: 16 })
    expect(kept.ended).toBeGreaterThan(0)
    expect(kept.faults).toBeGreaterThan(0)
  }, 60_000)
})
