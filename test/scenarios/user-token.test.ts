import { type ApiRequest, answer } from '../../functions/api/app.ts'
import { checkAll } from '../../functions/keeper/check.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { DAY_SECONDS } from '../../functions/kit/time.ts'
import { netrexUserToken } from '../../functions/netrex/simulator.ts'
import { netrex } from '../../functions/netrex/vendor.ts'
import { simulatedVendors } from '../support/simulated-vendors.ts'
import { world } from '../support/world.ts'

const host = 'system2.netrex.cz'
const MINUTE = 60

/** The machine of one NetRex connection with a user token, and callers that each have a process of their own. */
function machine(token: string = netrexUserToken) {
  const w = world()
  const vendors = simulatedVendors(w.clock.now)
  const process = () => ({ ...w.process(), http: vendors.http })
  const store = (user_token: string) => w.secrets.replace('netrex/site-b', { host, user_token })
  store(token)
  const call = async (operation: ApiRequest['operation'], body?: object) => {
    const request = { operation, requestId: 'r', caller: 'arn:caller', connection: 'site-b', query: {} }
    const sent = { ...request, ...(body && { body: JSON.stringify(body) }) }
    const { status, body: text } = await answer(netrex, sent, process(), () => {})
    return { status, body: JSON.parse(text) }
  }
  return {
    ...w,
    ...vendors,
    store,
    /** What `vendomat connect` and `rotate` end with. */
    register: async () => {
      await call('setOwner', { owner: 'cameras@acme.example' })
      return call('check')
    },
    get: () => call('vend'),
    report: (refused: string) => call('refresh', { rejected: new Secret(refused).fingerprint }),
    show: async () => (await call('show')).body,
    check: () => checkAll(netrex, process()),
    kinds: () => w.notices.map(({ kind }) => kind),
    /** A person makes a token in the portal. */
    make: async () => {
      const made = await vendors.http(`https://${host}/generate-token`, { method: 'POST' })
      return made.text()
    },
  }
}

describe('a NetRex user token', () => {
  it('that is deleted in NetRex ends for everybody with the first report: 424, a notice, expired; a new one ends that', async () => {
    const { register, get, report, show, revoke, make, store, clock, notices, kinds, calls } = machine()
    expect((await register()).body).toMatchObject({ state: 'ok', checked: { result: 'alive' } })
    expect((await get()).status).toBe(200)
    expect(kinds()).toEqual([])

    revoke('netrex', netrexUserToken)
    expect((await report(netrexUserToken)).body).toMatchObject({ status: 424, code: 'credential_expired' })
    expect((await get()).body).toMatchObject({ status: 424, code: 'credential_expired' })
    clock.advance(5 * MINUTE)
    expect((await get()).body).toMatchObject({ status: 424, code: 'credential_expired' })
    expect(await show()).toMatchObject({
      state: 'expired',
      next_action: 'a person has to make a new token: vendomat rotate netrex site-b',
      last_failure: { code: 'credential_expired' },
    })
    expect(notices).toMatchObject([
      { kind: 'credentials_refused', vendor: 'netrex', connection: 'site-b', owner: 'cameras@acme.example' },
    ])
    // At connect and with the report: nobody else has called NetRex.
    expect(calls.map(({ path }) => path)).toEqual(['/api/graphql.php', '/api/graphql.php'])

    const next = await make()
    store(next)
    expect((await register()).body).toMatchObject({ state: 'ok' })
    expect((await get()).body).toMatchObject({ access_token: next })
    expect(kinds()).toEqual(['credentials_refused', 'recovered', 'rotated'])
  })

  it('that nobody reports ends with the daily check', async () => {
    const { register, get, show, revoke, check, clock, kinds } = machine()
    await register()
    revoke('netrex', netrexUserToken)
    clock.advance(DAY_SECONDS)
    await check()
    expect((await get()).body).toMatchObject({ status: 424, code: 'credential_expired' })
    expect((await show()).state).toBe('expired')
    expect(kinds()).toEqual(['credentials_refused'])
  })

  it('that was mistyped is never vended, however it came into the secret', async () => {
    const { get, show, kinds, calls } = machine('nrx-user-token-0O01')
    for (let caller = 0; caller < 3; caller++)
      expect((await get()).body).toMatchObject({ status: 424, code: 'credential_expired' })
    expect((await show()).state).toBe('expired')
    expect(kinds()).toEqual(['credentials_refused'])
    expect(calls).toHaveLength(1)
  })

  it('is not blamed for an outage of NetRex, but for an answer without data, and that for a quarter of an hour', async () => {
    const { register, get, report, breakDown, mend, clock, kinds } = machine()
    await register()
    breakDown(() => ({ status: 503, body: 'down' }))
    expect((await report(netrexUserToken)).status).toBe(503)
    expect((await get()).status).toBe(200)
    expect(kinds()).toEqual([])

    breakDown(() => ({ status: 200, body: { errors: [{ message: 'Internal server error' }] } }))
    clock.advance(5 * MINUTE)
    expect((await report(netrexUserToken)).body).toMatchObject({ status: 424, code: 'credential_expired' })
    mend()
    clock.advance(14 * MINUTE)
    expect((await get()).status).toBe(424)
    clock.advance(MINUTE)
    expect((await get()).status).toBe(200)
    expect(kinds()).toEqual(['credentials_refused', 'recovered'])
  })
})
