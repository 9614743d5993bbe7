import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ANSWER = 'test/oauth/token-answer.test.ts'
const CONSENT = 'test/consent/consent.test.ts'
const ENDPOINT = 'test/oauth/token-endpoint.test.ts'
const GRANTS = 'test/oauth/grants.test.ts'
const PAGE = 'test/oauth/authorization.test.ts'
const PROVIDER = 'test/oauth/oidc-provider.test.ts'
const STANDARDS = 'test/oauth/standards-oidc-provider.test.ts'

/** What RFC 9700 wants of a client, and the test that holds it here; the beginning of its title stands in that file. */
const DEMANDS: readonly (readonly [section: string, demand: string, file: string, title: string])[] = [
  ['2.1', 'the redirect URI of a request is that of its code', GRANTS, 'is sent with the address it came to'],
  ['2.1', 'nobody else chooses the redirect URI', PAGE, 'is never another %s'],
  ['2.1', 'an answer is to one request, and is used once', CONSENT, 'is exchanged once, however often it is finished'],
  [
    '2.1',
    'an answer is of the server that was asked (RFC 9207)',
    CONSENT,
    'and that comes back from there is exchanged',
  ],
  ['2.1.1', 'PKCE by S256', PAGE, 'names the method of its challenge'],
  ['2.1.1', 'PKCE by S256', CONSENT, 'sends the challenge ahead, and the verifier with the code'],
  ['2.1.1', 'another verifier for each request', CONSENT, 'has a verifier of its own'],
  ['2.1.2', 'no implicit grant', 'test/oauth/rfc-9700.test.ts', 'asks for a code and for nothing else'],
  [
    '2.2.1',
    'what a token is bound to is not passed over',
    ANSWER,
    'is refused where the token itself says that it is bound',
  ],
  [
    '2.2.2',
    'refresh tokens that rotate',
    PROVIDER,
    'gives a new one each time; an old one that is used again ends the grant',
  ],
  ['2.3', 'a token for one resource (RFC 8707)', GRANTS, 'comes beside its parameters (RFC 8707 has `resource` so)'],
  ['2.4', 'no password grant', GRANTS, 'is never a password grant (RFC 9700 section 2.4)'],
  ['2.5', 'client authentication without a shared secret', STANDARDS, 'is known by an assertion'],
  ['2.6', 'metadata, of the issuer that was asked for', 'test/oauth/metadata.test.ts', 'are of another issuer: %j'],
  ['2.6', 'TLS on all the way', ENDPOINT, 'makes no call to %s'],
  ['4.3', 'no secret in a URL', 'test/oauth/rfc-9700.test.ts', 'puts secrets into a query for one vendor alone'],
  ['4.5', 'a code that is injected is worth nothing', PROVIDER, 'is worth nothing with the verifier of another'],
  ['4.12', 'no redirect is followed with a secret', ENDPOINT, 'does not follow a redirect'],
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
