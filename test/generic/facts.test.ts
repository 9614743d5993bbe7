import { factsOf } from '../../functions/generic/facts.ts'
import { zenith } from '../support/described-samples.ts'

const consented = { ...zenith, grant: 'authorization_code' } as const

describe('the facts of a described vendor', () => {
  it('are its id, its title, its hosts, and tokens that live in the table for a day at most', () => {
    expect(factsOf('zenith', zenith)).toEqual({
      id: 'zenith',
      title: 'Zenith',
      hosts: ['zenith.example'],
      tokens: { storage: 'table', maxLifeSeconds: 86_400 },
    })
  })

  it('have the lives that the description says', () => {
    const lives = { maxLifeSeconds: 7200, defaultLifeSeconds: 3600, refreshAfter: 0.5 }
    expect(factsOf('zenith', { ...zenith, ...lives }).tokens).toEqual({ storage: 'table', ...lives })
  })

  it('keep tokens in memory where the description says so', () => {
    expect(factsOf('zenith', { ...zenith, keep: 'memory', defaultLifeSeconds: 600 }).tokens).toEqual({
      storage: 'memory',
      maxLifeSeconds: 86_400,
      defaultLifeSeconds: 600,
    })
  })

  it('take a refresh token for single-use unless the description says that it is kept', () => {
    const tokens = { storage: 'table', maxLifeSeconds: 86_400 }
    expect(factsOf('zenith', consented).tokens).toEqual({ ...tokens, singleUseRefreshToken: true })
    expect(factsOf('zenith', { ...consented, refreshTokens: 'rotate' }).tokens).toMatchObject({
      singleUseRefreshToken: true,
    })
    expect(factsOf('zenith', { ...consented, refreshTokens: 'keep' }).tokens).toEqual(tokens)
    expect(factsOf('zenith', { ...zenith, refreshTokens: 'rotate' }).tokens).toEqual(tokens)
  })

  it.each([
    [{ idle: 60 }, { idleSeconds: 5_184_000 }],
    [{ most: 365 }, { maxSeconds: 31_536_000 }],
    [
      { idle: 14, most: 90 },
      { idleSeconds: 1_209_600, maxSeconds: 7_776_000 },
    ],
  ])('say of a grant of %j days that it lives %j', (grantDays, grant) => {
    expect(factsOf('zenith', { ...consented, grantDays }).tokens).toMatchObject({ grant })
    expect(factsOf('zenith', { ...zenith, grantDays }).tokens).not.toHaveProperty('grant')
  })
})
