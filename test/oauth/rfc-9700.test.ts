import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What RFC 9700 wants of a client, and the test that holds it here; the beginning of its title stands in that file. */
const DEMANDS: readonly (readonly [section: string, demand: string, file: string, title: string])[] = [
  [
    '2.1',
    'the redirect URI of a request is that of its code',
    'test/oauth/grants.test.ts',
    'is sent with the address it came to',
  ],
  ['2.1', 'nobody else chooses the redirect URI', 'test/oauth/authorization.test.ts', 'is never another %s'],
  [
    '2.1',
    'no answer is taken for another: one state, used once',
    'test/consent/consent.test.ts',
    'is exchanged once, however often it is finished',
  ],
  [
    '2.1',
    'a server may say who it is in its answer',
    'test/oauth/metadata.test.ts',
    'do not announce the issuer in answers with %j',
  ],
  [
    '2.1.1',
    'PKCE, by S256 and with another verifier each time',
    'test/oauth/authorization.test.ts',
    'names the method of its challenge',
  ],
  [
    '2.1.1',
    'PKCE, by S256 and with another verifier each time',
    'test/oauth/authorization.test.ts',
    'is another each time',
  ],
  ['2.1.2', 'no implicit grant', 'test/oauth/rfc-9700.test.ts', 'asks for a code and for nothing else'],
  [
    '2.2.1',
    'what a token is bound to is not passed over',
    'test/oauth/token-answer.test.ts',
    'is refused where the token itself says that it is bound',
  ],
  [
    '2.2.2',
    'a refresh token that was rotated is not sent again',
    'test/oauth/oidc-provider.test.ts',
    'gives a new one each time; an old one that is used again ends the grant',
  ],
  [
    '2.3',
    'a token for one resource (RFC 8707)',
    'test/oauth/grants.test.ts',
    'comes beside its parameters (RFC 8707 has `resource` so)',
  ],
  ['2.4', 'no password grant', 'test/oauth/grants.test.ts', 'is never a password grant (RFC 9700 section 2.4)'],
  ['2.5', 'asymmetric client authentication', 'test/oauth/standards-oidc-provider.test.ts', 'is known by an assertion'],
  ['2.6', 'metadata, of the issuer that was asked for', 'test/oauth/metadata.test.ts', 'are of another issuer: %j'],
  ['2.6', 'TLS on all the way', 'test/oauth/token-endpoint.test.ts', 'makes no call to %s'],
  [
    '4.3',
    'no secret in a URL, unless a vendor documents nothing else',
    'test/oauth/rfc-9700.test.ts',
    'puts secrets into a query for one vendor alone',
  ],
  [
    '4.5',
    'a code that is injected is worth nothing',
    'test/oauth/oidc-provider.test.ts',
    'is worth nothing with the verifier of another',
  ],
  ['4.12', 'no redirect is followed with a secret', 'test/oauth/token-endpoint.test.ts', 'does not follow a redirect'],
]

const ROOT = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const sources = readdirSync(join(ROOT, 'functions'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('simulator.ts') && !file.startsWith('simulation/'))
  .map((file) => join('functions', file))

describe('RFC 9700', () => {
  it.each(DEMANDS)('section %s: %s', (_section, _demand, file, title) => {
    expect(read(file)).toContain(title)
  })

  it('asks for a code and for nothing else', () => {
    const types = sources.flatMap((file) =>
      [...read(file).matchAll(/response_type: '([^']+)'/g)].map(([, type]) => type),
    )
    expect(types).toEqual(['code'])
  })

  it('puts secrets into a query for one vendor alone', () => {
    const users = sources.filter((file) => /send: 'query'/.test(read(file)))
    expect(users.map((file) => file.split('/')[1])).toEqual(users.map(() => 'netrex'))
    expect(users.length).toBeGreaterThan(0)
  })
})
