import { createHash, randomUUID } from 'node:crypto'
import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import { vend } from '../../functions/core/vend.ts'
import type { VendorDescription } from '../../functions/generic/description.ts'
import { describedVendor } from '../../functions/generic/vendor.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { failureOf, json } from '../support/fake-vendor.ts'
import { world } from '../support/world.ts'

const description: VendorDescription = {
  title: 'Zenith',
  hosts: ['zenith.example'],
  grant: 'authorization_code',
  clientAuthentication: 'client_secret_post',
  authorizationEndpoint: 'https://id.zenith.example/authorize',
  tokenEndpoint: 'https://id.zenith.example/token',
}
const ASKED = { redirectUri: 'http://127.0.0.1:8363/callback', begunBy: 'arn:ann' }

/**
 * An authorization server with two clients: a code is good once, for the client, the address and the verifier that it was
 * asked for with (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
 */
function server() {
  const codes = new Map<string, URLSearchParams>()
  const presented: string[] = []
  const http: typeof fetch = async (_, init) => {
    const form = new URLSearchParams(`${init?.body}`)
    const code = form.get('code') ?? ''
    presented.push(code)
    const asked = codes.get(code)
    codes.delete(code)
    const verifier = form.get('code_verifier')
    const challenge = verifier && createHash('sha256').update(verifier).digest('base64url')
    const isTheirs = ['client_id', 'redirect_uri'].every((name) => asked?.get(name) === form.get(name))
    if (!asked || !isTheirs || asked.get('code_challenge') !== challenge) return json({ error: 'invalid_grant' }, 400)
    return json({ access_token: `of-${code}`, token_type: 'Bearer', expires_in: 3600, refresh_token: `r-${code}` })
  }
  /** Somebody says yes at this page. */
  const yes = (page: string): Secret => {
    const code = randomUUID()
    codes.set(code, new URL(page).searchParams)
    return new Secret(code)
  }
  return { http, yes, presented }
}

describe('two described vendors at one authorization server', () => {
  const vendors = ['one', 'two'].map((id) => describedVendor(id, { ...description, title: id }))

  /** A consent of each, under way, as `same` client or as two. */
  async function underWay(clients: readonly [string, string]) {
    const { http, ...as } = server()
    const w = world({ http })
    const consents = await Promise.all(
      vendors.map(async (vendor, at) => {
        const connection = { vendor, name: 'hq' }
        w.secrets.replace(`${vendor.id}/hq`, { client_id: clients[at], client_secret: 's1' })
        const begun = await beginConsent(connection, ASKED, w.process())
        const finish = (code: Secret, state = begun.state) => finishConsent(connection, { state, code }, w.process())
        const token = () => vend({ connection, minTtlSeconds: 0 }, w.process())
        return { ...begun, finish, token }
      }),
    )
    const [one, two] = consents
    if (!one || !two) throw new Error('there are two')
    return { ...as, one, two }
  }

  it.each([
    ['two clients', ['c1', 'c2']],
    ['the same client', ['c1', 'c1']],
  ] as const)("have no use for each other's codes, as %s", async (_, clients) => {
    const { one, two, yes } = await underWay(clients)
    const code = yes(two.authorizationUrl)
    expect(await failureOf(one.finish(code))).toMatchObject({ code: 'grant_rejected' })
    expect(await failureOf(one.token())).toMatchObject({ code: 'not_connected' })
    // The state that the code came with is not that of the other either.
    expect(await failureOf(one.finish(yes(one.authorizationUrl), two.state))).toMatchObject({
      code: 'authorization_invalid',
    })
  })

  it('take a code once, and leave the other consent as it is', async () => {
    const { one, two, yes, presented } = await underWay(['c1', 'c2'])
    const code = yes(one.authorizationUrl)
    await one.finish(code)
    expect(await failureOf(one.finish(code))).toMatchObject({ code: 'authorization_invalid' })
    expect(await failureOf(two.finish(code))).toMatchObject({ code: 'grant_rejected' })
    expect(presented).toEqual([code.reveal(), code.reveal()])
    const token = await one.token()
    expect(token.token.accessToken.value.reveal()).toBe(`of-${code.reveal()}`)
  })
})
