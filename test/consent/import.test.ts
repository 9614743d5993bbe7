import { revoke } from '../../functions/api/revoke.ts'
import { type Import, importGrant } from '../../functions/consent/import.ts'
import { vend } from '../../functions/core/vend.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { renewDue } from '../../functions/keeper/sweep.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { TablePolicy } from '../../functions/kit/token.ts'
import type { Authorization, Liveness, Vendor } from '../../functions/kit/vendor.ts'
import { netrex } from '../../functions/netrex/vendor.ts'
import { zenith } from '../support/described-samples.ts'
import { expectNoTrace, failureOf, json, type Step, vendorAnswering } from '../support/fake-vendor.ts'
import { broken, fakeVendor, gives, refuses, type Script, The, world } from '../support/world.ts'

const authorization: Authorization = {
  url: async () => new URL('https://acme.example/auth'),
  tokenEndpoint: async () => new URL('https://acme.example/token'),
  exchange: () => Promise.reject(new Error('there is no code')),
  importToken: async (_, { accessToken, expiresIn = 3600 }, { now }) => ({
    accessToken: { value: accessToken, issuedAt: now(), expiresAt: secondsAfter(now(), expiresIn), context: {} },
  }),
}

/** Without a refresh token there is nothing to renew with; with one the script decides. */
const renews =
  (script: Script): Script =>
  (context, held, call) => {
    if (held) return script(context, held, call)
    throw new VendingError('not_connected', 'nobody has connected it')
  }

interface Made {
  readonly policy?: Partial<TablePolicy>
  readonly says?: Liveness | VendingError
}

/** A vendor that wants consent, where a team has a grant already. */
function importable({ policy = { singleUseRefreshToken: true }, says = 'alive' }: Made = {}) {
  const shown: string[] = []
  const fake = fakeVendor({ policy, script: renews(gives({ name: 'renewed', refreshToken: 'r' })) })
  const liveness: Vendor['liveness'] = async (_credentials, { value }) => {
    shown.push(value.reveal())
    if (says instanceof VendingError) throw says
    return says
  }
  const vendor: Vendor = { ...fake.vendor, authorization, liveness }
  return { ...fake, vendor, shown, connection: { vendor, name: The.connection } }
}

const refresh = (token: string): Import => ({ refreshToken: new Secret(token) })
const access = (token: string, expiresIn = 3600): Import => ({ accessToken: new Secret(token), expiresIn })

/** A machine, and a connection with the grant 'old'. */
async function connected(made: Made = {}) {
  const w = world()
  const v = importable(made)
  const { connection, calls, will } = v
  const sent = () => calls.map(({ refreshToken }) => refreshToken)
  const wanted = { connection, minTtlSeconds: 0 }
  await importGrant(connection, refresh('old'), w.process())
  /** Which refresh token the table has: what a renewal sends. */
  const kept = async () => {
    w.clock.advance(3600)
    will(renews(gives({ name: 'later' })))
    const { token } = await vend(wanted, w.process())
    return { sent: sent().at(-1), token: token.accessToken.value.reveal() }
  }
  return { ...w, ...v, sent, wanted, kept }
}

describe('an imported refresh token', () => {
  it('is tried by a renewal, and the connection has the grant from then on', async () => {
    const { process } = world()
    const { connection, calls } = importable()
    const { token } = await importGrant(connection, refresh('theirs'), process())
    expect(calls.map(({ refreshToken }) => refreshToken)).toEqual(['theirs'])
    const vended = await vend({ connection, minTtlSeconds: 0 }, process())
    expect([vended.source, vended.token.accessToken.value.reveal()]).toEqual(['cache', 'renewed1'])
    expect(token.accessToken.value.fingerprint).toBe(vended.token.accessToken.value.fingerprint)
  })

  it('gives way to the one that came back', async () => {
    const { kept } = await connected()
    expect(await kept()).toEqual({ sent: 'r1', token: 'later2' })
  })

  it('is kept where none came back', async () => {
    const { process, connection, will, kept } = await connected()
    will(renews(gives({ name: 'renewed' })))
    await importGrant(connection, refresh('theirs'), process())
    expect((await kept()).sent).toBe('theirs')
  })

  it('is durable before its access token can be had: where that cannot be cached it is kept all the same', async () => {
    const { process, tokens, connection, kept } = await connected()
    await importGrant(connection, refresh('theirs'), { ...process(), tokens: broken(tokens, 'put') })
    expect((await kept()).sent).toBe('r2')
  })

  it.each<[string, Script]>([
    ['is refused', refuses('grant_rejected', 'the vendor refused it')],
    ['meets other credentials', refuses('credential_rejected', 'the vendor refused the client')],
    ['meets a vendor that does not answer', refuses('vendor_unavailable', 'no answer came')],
    ['meets a vendor that answers nonsense', refuses('vendor_malformed', 'it makes no sense')],
    ['meets a breakdown of ours', () => Promise.reject(new Error('it broke'))],
  ])('that %s leaves the grant of before as it was', async (_, script) => {
    const { process, tokens, connection, will, sent, kept } = await connected()
    const before = await tokens.read(connection)
    will(renews(script))
    await expect(importGrant(connection, refresh('theirs'), process())).rejects.toThrow()
    expect(sent()).toEqual(['old', 'theirs'])
    const { state, token } = await tokens.read(connection)
    expect([state.failure, state.status, token]).toEqual([undefined, 'active', before.token])
    expect(await kept()).toMatchObject({ sent: 'r1' })
  })

  it('whose answer was lost can be tried again, and then takes its place', async () => {
    const { process, connection, will, kept } = await connected()
    will(renews(refuses('vendor_unavailable', 'no answer came')))
    await expect(importGrant(connection, refresh('theirs'), process())).rejects.toMatchObject({
      code: 'vendor_unavailable',
    })
    will(renews(gives({ refreshToken: 's' })))
    await importGrant(connection, refresh('theirs'), process())
    expect((await kept()).sent).toBe('s3')
  })

  it('that the vendor has replaced gives way to the new one, though the rest of the answer is of no use', async () => {
    const { process, connection, will, kept } = await connected()
    will(
      renews((context) => {
        context.received?.(new Secret('theirs-next'))
        throw new VendingError('vendor_malformed', 'there is no access token')
      }),
    )
    await expect(importGrant(connection, refresh('theirs'), process())).rejects.toMatchObject({
      code: 'vendor_malformed',
      message: expect.stringContaining('do not import the old one again'),
    })
    expect((await kept()).sent).toBe('theirs-next')
  })

  it('that the vendor has replaced so revives a connection whose grant was dead', async () => {
    const { process, connection, clock, will, wanted, kept } = await connected()
    will(renews(refuses('grant_rejected', 'the vendor refused the refresh token')))
    clock.advance(3600)
    await expect(vend(wanted, process())).rejects.toMatchObject({ code: 'grant_rejected' })
    will(
      renews((context) => {
        context.received?.(new Secret('theirs-next'))
        throw new VendingError('vendor_malformed', 'there is no access token')
      }),
    )
    await expect(importGrant(connection, refresh('theirs'), process())).rejects.toThrow()
    expect((await kept()).sent).toBe('theirs-next')
  })

  it('whose outcome the table does not take leaves the grant of before, and can be tried again', async () => {
    const { process, tokens, connection, clock, kept } = await connected()
    const down = { ...process(), tokens: broken(tokens, 'record', 1000) }
    await expect(importGrant(connection, refresh('theirs'), down)).rejects.toMatchObject({ code: 'store_unavailable' })
    clock.advance(60)
    expect((await kept()).sent).toBe('r1')
  })

  it('is not sent while somebody holds the lease, nor is the grant of before while it is tried', async () => {
    const { process, connection, clock, will, sent, wanted } = await connected()
    clock.advance(3600)
    will(
      renews(async (...given) => {
        await clock.sleep(2)
        return gives({ name: 'slow', refreshToken: 's' })(...given)
      }),
    )
    const renewal = vend(wanted, process())
    await clock.sleep(1)
    await expect(importGrant(connection, refresh('theirs'), process())).rejects.toMatchObject({ code: 'busy' })
    await renewal
    expect(sent()).toEqual(['old', 'r1'])

    const importing = importGrant(connection, refresh('theirs'), process())
    await clock.sleep(1)
    await vend(wanted, process())
    await importing
    expect(sent()).toEqual(['old', 'r1', 'theirs'])
  })

  it('that ends after a revoke leaves nothing behind', async () => {
    const { process, tokens, connection, clock, will, wanted } = await connected()
    will(
      renews(async (...given) => {
        await clock.sleep(2)
        return gives({ refreshToken: 's' })(...given)
      }),
    )
    const outcome = expect(importGrant(connection, refresh('theirs'), process())).rejects.toMatchObject({
      code: 'busy',
    })
    await clock.sleep(1)
    await revoke(connection, process())
    await outcome
    expect((await tokens.read(connection)).token?.epoch).not.toBe(1)
    await expect(vend(wanted, process())).rejects.toMatchObject({ code: 'grant_revoked' })
  })

  it('revives a connection whose grant was dead, and one that was revoked', async () => {
    const { process, connection, clock, will, wanted } = await connected()
    will(renews(refuses('grant_rejected', 'the vendor refused the refresh token')))
    clock.advance(3600)
    await expect(vend(wanted, process())).rejects.toMatchObject({ code: 'grant_rejected' })
    will(renews(gives({ name: 'alive' })))
    await importGrant(connection, refresh('theirs'), process())
    expect((await vend(wanted, process())).source).toBe('cache')
    await revoke(connection, process())
    await importGrant(connection, refresh('theirs'), process())
    expect((await vend(wanted, process())).source).toBe('cache')
  })

  it('of a vendor that may end it with its first use comes with a warning; of another with none', async () => {
    const of = async (policy: Partial<TablePolicy>) => {
      const { warnings } = await importGrant(importable({ policy }).connection, refresh('theirs'), world().process())
      return warnings.map(({ code }) => code)
    }
    expect(await of({ singleUseRefreshToken: true })).toEqual(['single_use'])
    expect(await of({ grant: { maxSeconds: 30 * 86_400 } })).toEqual(['grant_age_unknown'])
    expect(await of({ grant: { idleSeconds: 30 * 86_400 } })).toEqual([])
  })
})

describe('an imported access token', () => {
  it('is shown to the vendor, and vended until its end: a person is told to connect before', async () => {
    const { process, clock, connection, shown, wanted } = await connected()
    const { warnings } = await importGrant(connection, access('theirs'), process())
    expect(shown).toEqual(['theirs'])
    const before = secondsAfter(clock.now(), 3600).toISOString().slice(0, 19)
    expect(warnings).toEqual([
      { code: 'reconnect_needed', detail: expect.stringContaining(`a person has to connect before ${before}Z`) },
    ])
    for (const seconds of [0, 3000, 400, 139]) {
      clock.advance(seconds)
      expect((await vend(wanted, process())).token.accessToken.value.reveal()).toBe('theirs')
    }
    clock.advance(1)
    await expect(vend(wanted, process())).rejects.toMatchObject({ code: 'not_connected' })
  })

  it('is left alone by the schedule, which has nothing to renew it with', async () => {
    const { process, clock, connection, vendor, wanted } = await connected()
    await importGrant(connection, access('theirs'), process())
    clock.advance(2880)
    expect(await renewDue(vendor, process())).toEqual({ due: 1, renewed: 0, failed: 0, left: 0 })
    clock.advance(60)
    expect(await renewDue(vendor, process())).toEqual({ due: 0, renewed: 0, failed: 0, left: 0 })
    expect((await vend(wanted, process())).source).toBe('cache')
  })

  it('takes the place of the grant of before, whose account may be another', async () => {
    const { process, clock, connection, sent, wanted } = await connected()
    await importGrant(connection, access('theirs'), process())
    clock.advance(3600)
    await expect(vend(wanted, process())).rejects.toMatchObject({ code: 'not_connected' })
    expect(sent()).toEqual(['old', undefined])
  })

  it.each<[string, Liveness | VendingError, string]>([
    ['refused', 'refused', 'grant_rejected'],
    ['answered with a page for people', 'login page', 'grant_rejected'],
    ['answered with what may be a breakdown', new VendingError('credential_expired', 'no data'), 'grant_rejected'],
    ['not answered for', new VendingError('vendor_unavailable', 'no answer came'), 'vendor_unavailable'],
  ])('that is %s leaves the grant of before as it was', async (_, says, code) => {
    const { process, tokens, connection, kept } = await connected({ says })
    await expect(importGrant(connection, access('theirs'), process())).rejects.toMatchObject({ code })
    const { state } = await tokens.read(connection)
    expect([state.failure, state.refusedVersions]).toEqual([undefined, undefined])
    expect((await kept()).sent).toBe('r1')
  })

  it.each<[string, (vendor: Vendor) => Vendor]>([
    ['no check of tokens', ({ liveness: _, ...vendor }) => vendor],
    ['no way to take one over', (vendor) => ({ ...vendor, authorization: without(authorization) })],
  ])('is refused where the vendor has %s, with what to do instead', async (_, change) => {
    const { process, tokens } = world()
    const { vendor, shown } = importable()
    const connection = { vendor: change(vendor), name: The.connection }
    await expect(importGrant(connection, access('theirs'), process())).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching(/import the refresh token, or have a person consent/),
    })
    expect([shown, (await tokens.read(connection)).exists]).toEqual([[], false])
  })
})

const without = ({ importToken: _, ...rest }: Authorization): Authorization => rest

describe.each([
  ['refresh token', refresh('theirs')],
  ['access token', access('theirs')],
])('an import of a %s', (_, imported) => {
  it('puts the connection on the list, and is not made on a disabled one', async () => {
    const { process, directory, tokens } = world()
    const { vendor, connection, shown, calls } = importable()
    await importGrant(connection, imported, process())
    expect(await directory.page(vendor)).toEqual([connection])
    await tokens.stop(connection, { kind: 'disable' })
    const before = shown.length + calls.length
    await expect(importGrant(connection, imported, process())).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(shown.length + calls.length).toBe(before)
  })

  it.each<[string, (vendor: Vendor) => Vendor]>([
    ['vendor needs nobody to consent', ({ authorization: _, ...vendor }) => vendor],
    ['credentials are the token', (vendor) => ({ ...vendor, isStatic: () => true })],
  ])('is refused where the %s', async (_, change) => {
    const { process, tokens } = world()
    const { vendor, calls, shown } = importable()
    const connection = { vendor: change(vendor), name: The.connection }
    await expect(importGrant(connection, imported, process())).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining("nobody's consent"),
    })
    expect([calls, shown, (await tokens.read(connection)).exists]).toEqual([[], [], false])
  })
})

/** The vendors with which a person consents: one with code, and one that is described. */
const REAL = [
  {
    vendor: netrex,
    document: { host: 'system2.netrex.cz', client_id: 'c1', client_secret: 's1' },
    token: /^https:\/\/system2\.netrex\.cz\/oauth2\/token\?.*refresh_token=theirs/,
    alive: { data: { cameraList: [] } },
    check: 'https://system2.netrex.cz/api/graphql.php',
    base: 'https://system2.netrex.cz',
  },
  {
    vendor: describedVendor('zenith', {
      ...zenith,
      grant: 'authorization_code',
      authorizationEndpoint: 'https://{tenant}.zenith.example/oauth2/authorize',
      liveness: 'https://{tenant}.zenith.example/me',
    }),
    document: { tenant: 'hq', client_id: 'c1', client_secret: 's1' },
    token: /^https:\/\/hq\.zenith\.example\/oauth2\/token$/,
    alive: {},
    check: 'https://hq.zenith.example/me',
    base: 'https://hq.zenith.example/api',
  },
] as const

describe.each(REAL)('an import at $vendor.title', ({ vendor, document, token, alive, check, base }) => {
  const connection = { vendor, name: 'main' }
  const machine = (...script: Step[]) => {
    const fake = vendorAnswering(...script)
    const w = world({ http: fake.http })
    w.secrets.replace(`${vendor.id}/main`, document)
    return { fake, process: w.process }
  }

  it('of a refresh token sends it to the token endpoint', async () => {
    const { fake, process } = machine(json({ access_token: 'AT1', token_type: 'Bearer', expires_in: 3600 }))
    await importGrant(connection, refresh('theirs'), process())
    expect(fake.requests.map(({ url }) => url)).toEqual([expect.stringMatching(token)])
    const vended = await vend({ connection, minTtlSeconds: 0 }, process())
    expect([vended.source, vended.token.accessToken.value.reveal()]).toEqual(['cache', 'AT1'])
  })

  it('of an access token shows it to the API, and callers have what they need beside it', async () => {
    const { fake, process } = machine(json(alive))
    await importGrant(connection, access('theirs'), process())
    const [request] = fake.requests
    expect([request?.url, request?.headers.get('authorization')]).toEqual([check, 'Bearer theirs'])
    const vended = await vend({ connection, minTtlSeconds: 0 }, process())
    expect(vended.token.accessToken.context.api_base_url).toBe(base)
  })

  it.each([
    ['refresh token', refresh('theirs-canary'), json({ error: 'invalid_grant', hint: 'theirs-canary' }, 400)],
    ['access token', access('theirs-canary'), json({ hint: 'theirs-canary' }, 401)],
  ])('of a %s that is refused repeats nothing of it', async (_, imported, answer) => {
    const { process } = machine(answer)
    const error = await failureOf(importGrant(connection, imported, process()))
    expect(error).toMatchObject({ code: 'grant_rejected' })
    expectNoTrace(error, 'theirs-canary')
  })
})

it('an access token is not imported where callers need what came with it', () => {
  const { vendor } = REAL[1]
  const description = { ...Object(vendor.description), answer: { context: { instance_url: 'instance' } } }
  expect(describedVendor('zenith', description).authorization?.importToken).toBeUndefined()
})
