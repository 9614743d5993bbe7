import { importGrant } from '../../functions/consent/import.ts'
import type { Runtime } from '../../functions/core/runtime.ts'
import { vend } from '../../functions/core/vend.ts'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { orFailure } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsBetween } from '../../functions/kit/time.ts'
import { json } from '../support/fake-vendor.ts'
import { world } from '../support/world.ts'

/** Its endpoints are known from its metadata alone, and each use of a refresh token may end it. */
const description: VendorDescription = {
  title: 'Zenith',
  hosts: ['zenith.example'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  issuer: 'https://id.zenith.example',
}
const metadata = {
  issuer: 'https://id.zenith.example',
  token_endpoint: 'https://id.zenith.example/token',
  authorization_endpoint: 'https://id.zenith.example/authorize',
}
const isLookUp = (url: unknown): boolean => `${url}`.includes('/.well-known/')
const DAY = 24 * 60 * 60

/** Connections of a vendor whose metadata are as old as can be, and what its issuer does from then on. */
async function connections(names: readonly string[]) {
  const w = world()
  const vendor = describedVendor('zenith', description)
  let lookUp = async (_signal: AbortSignal): Promise<Response> => json(metadata)
  const sent: { readonly refreshToken: string; readonly secondsLeft: number }[] = []
  const deadlines = new Map<AbortSignal, Date>()
  const controllers = new Set<AbortController>()
  const deadline = (seconds: number): AbortSignal => {
    const controller = new AbortController()
    deadlines.set(controller.signal, new Date(w.clock.now().getTime() + seconds * 1000))
    controllers.add(controller)
    return controller.signal
  }
  /** Time goes by, and with it what somebody has waited for. */
  const pass = (seconds: number) => {
    w.clock.advance(seconds)
    for (const one of controllers)
      if ((deadlines.get(one.signal) ?? w.clock.now()) <= w.clock.now())
        one.abort(new DOMException('the operation timed out', 'TimeoutError'))
  }
  const http: typeof fetch = async (url, init) => {
    const signal = init?.signal ?? new AbortController().signal
    signal.throwIfAborted()
    if (isLookUp(url)) return lookUp(signal)
    const refreshToken = new URLSearchParams(`${init?.body}`).get('refresh_token') ?? '?'
    sent.push({ refreshToken, secondsLeft: secondsBetween(w.clock.now(), deadlines.get(signal) ?? w.clock.now()) })
    return json({
      access_token: `token-${sent.length}`,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: `${refreshToken}+`,
    })
  }
  const process = (): Runtime & ReturnType<typeof w.process> => ({ ...w.process(), http, deadline })
  const take = (name: string) => orFailure(importGrant({ vendor, name }, { refreshToken: new Secret(name) }, process()))
  for (const name of names) {
    w.secrets.replace(`zenith/${name}`, { client_id: 'c1', client_secret: 's1' })
    await take(name)
  }
  pass(DAY)
  sent.length = 0
  return {
    ...w,
    ...{ vendor, sent, pass, process, take },
    will: (next: typeof lookUp) => {
      lookUp = next
    },
    get: (name: string, runtime = process()) =>
      orFailure(vend({ connection: { vendor, name }, minTtlSeconds: 0 }, runtime)),
    row: async (name: string) => (await w.tokens.read({ vendor, name })).state,
  }
}

describe('a refresh token whose endpoint has to be looked up', () => {
  it('is sent with all the time that its vendor may take, however slow the look-up was', async () => {
    const { get, sent, will, pass } = await connections(['hq'])
    will(async () => {
      pass(4.9)
      return json(metadata)
    })
    await get('hq')
    expect(sent).toEqual([{ refreshToken: 'hq+', secondsLeft: 15 }])
  })

  it('that is imported is sent with all of that time as well', async () => {
    const { take, sent, will, pass } = await connections(['hq'])
    will(async () => {
      pass(4.9)
      return json(metadata)
    })
    await take('hq')
    expect(sent).toEqual([{ refreshToken: 'hq', secondsLeft: 15 }])
  })

  it('is not sent, and stays as it was, where the look-up does not end', async () => {
    const { get, sent, will, pass, row } = await connections(['hq'])
    will(async (signal) => {
      while (!signal.aborted) pass(1)
      return signal.throwIfAborted() ?? json({})
    })
    expect(await get('hq')).toMatchObject({ code: 'vendor_unavailable' })
    expect(sent).toEqual([])
    expect((await row('hq')).unconfirmedSends?.size ?? 0).toBe(0)
  })

  it('is not sent where the function has no time left to record what comes of it', async () => {
    const { get, sent, will, pass, process, clock } = await connections(['hq'])
    const startedAt = clock.now()
    will(async () => {
      pass(4)
      return json(metadata)
    })
    const timeLeft = () => 24 - secondsBetween(startedAt, clock.now())
    expect(await get('hq', { ...process(), timeLeft })).toMatchObject({ code: 'busy' })
    expect(sent).toEqual([])
    const again = () => 30 - secondsBetween(startedAt, clock.now())
    await get('hq', { ...process(), timeLeft: again })
    expect(sent).toMatchObject([{ refreshToken: 'hq+' }])
  })

  it.each([
    ['is down', () => json({}, 503)],
    ['is gone', () => json({}, 404)],
    ['refuses who asks', () => json({ error: 'invalid_client' }, 401)],
    ['speaks of a lock-out', () => json({ error: 'too_many_failed_logins' }, 429)],
    ['answers nonsense', () => json({ issuer: metadata.issuer })],
    ['names another host', () => json({ ...metadata, token_endpoint: 'https://evil.example/token' })],
  ])('is not sent, nor counted as sent, refused or over, however often the issuer %s', async (_, answer) => {
    const { get, sent, will, row, pass, vendor, process } = await connections(['hq'])
    will(async () => answer())
    for (let time = 0; time < 25; time++) {
      expect(await get('hq')).toHaveProperty('code')
      // No pause is longer, as after a refresh token that may be spent.
      pass(15 * 60)
    }
    expect(sent).toEqual([])
    const { unconfirmedSends, failure } = await row('hq')
    expect([unconfirmedSends?.size ?? 0, failure?.credentialVersion]).toEqual([0, 'v1'])
    will(async () => json(metadata))
    await renewDue(vendor, process())
    expect(sent).toMatchObject([{ refreshToken: 'hq+' }])
    expect((await row('hq')).failure).toBeUndefined()
  })

  it('is asked for again within a minute of an outage, since nothing was spent', async () => {
    const { get, sent, will, pass } = await connections(['hq'])
    will(async () => json({}, 503))
    for (let time = 0; time < 5; time++) {
      await get('hq')
      pass(60)
    }
    will(async () => json(metadata))
    await get('hq')
    expect(sent).toMatchObject([{ refreshToken: 'hq+' }])
  })

  it('waits with all others for one look-up', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `hq-${at}`)
    const { get, sent, will, process } = await connections(names)
    let lookUps = 0
    will(async () => {
      lookUps += 1
      return json(metadata)
    })
    const runtime = process()
    await Promise.all(names.map((name) => get(name, runtime)))
    expect(lookUps).toBe(1)
    expect(new Set(sent.map(({ refreshToken }) => refreshToken)).size).toBe(100)
  })
})
