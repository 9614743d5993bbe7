import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Secret } from '../../functions/kit/secret.ts'
import { figure } from '../support/figure.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Where the text of a secret is taken out, and for what. A new place needs a reason here, of the same kind. */
const CALLS: readonly (readonly [file: string, reason: string])[] = [
  ['functions/accessia/identity-jwt.ts', 'the key that signs a proof of ours for Accessia'],
  ['functions/api/app.ts', 'the token, to the caller'],
  ['functions/aws/dynamo-consents.ts', 'the code verifier of a consent, into its sealed record'],
  ['functions/aws/dynamo-consents.ts', 'the sealed record of a consent, to be read as JSON'],
  ['functions/aws/jwe-envelope.ts', 'a token, sealed for the table'],
  ['functions/consent/pkce.ts', 'the code verifier, whose hash goes to the vendor (RFC 7636 section 4.2)'],
  ['functions/lambda/callback.ts', 'the code of a consent, to the one function that exchanges it'],
  ['functions/oauth/client-auth.ts', 'the client secret, to the vendor in a header (RFC 6749 section 2.3.1)'],
  ['functions/oauth/jwt.ts', 'when a JWT of the vendor ends, which stands in it'],
  ['functions/oauth/live-check.ts', 'a static token, to its own API in a header (RFC 6750 section 2.1)'],
  ['functions/oauth/parameters.ts', 'what a form, a query or a document for the vendor says'],
  ['functions/oauth/token-answer.ts', 'what the vendor answered, to be read as JSON'],
  ['lib/cli/consent.ts', 'the code of a consent, to the machine'],
  ['lib/cli/import.ts', 'a token that a team has already, to the machine'],
  ['lib/cli/scaffold/authorization-code.ts', "the text of a new vendor's test, which compares"],
  ['lib/cli/scaffold/static-token.ts', "the text of a new vendor's test, which compares"],
  ['lib/client/token-source.ts', "the token, to the vendor's API in a header"],
  ['lib/client/token-source.ts', 'the token, to the program that asked for it'],
]

const sources = ['bin', 'functions', 'lib']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((file) => /\.(ts|cjs)$/.test(file) && !file.endsWith('.d.ts'))

/** Also `?.reveal`, `['reveal']`, `{ reveal }` and `reveal.call(…)`: whatever names the method, but for where it is made. */
const namesReveal = (text: string): readonly string[] =>
  text.split('\n').filter((line) => {
    const isComment = /^\s*(\/?\*|\/\/)/.test(line)
    return !isComment && !/^\s*(override )?reveal\(\): \w+ \{$/.test(line) && /\breveal\b/.test(line)
  })

describe('a secret', () => {
  it('is taken out in the places above and no other', () => {
    const found = sources.flatMap((file) => namesReveal(readFileSync(join(ROOT, file), 'utf8')).map(() => file))
    expect(found.toSorted()).toEqual(CALLS.map(([file]) => file))
    figure('secret-one-door', `${found.length} places, each with a reason`)
  })

  it.each([
    'value.reveal()',
    'value?.reveal()',
    "value['reveal']()",
    'const { reveal } = value',
    'Secret.prototype.reveal.call(value)',
    'return value . reveal ()',
    'values.map((value) => value.reveal())',
  ])('taken out as %j is found', (line) => {
    expect(namesReveal(`before\n  ${line}\nafter`)).toHaveLength(1)
  })

  it.each(['/** `reveal()` is the only door */', '// not reveal()', 'reveal(): string {', 'const revealed = 1'])(
    'is not taken out by %j',
    (line) => {
      expect(namesReveal(line)).toEqual([])
    },
  )

  it('shows itself in none of the ways in which values are written', () => {
    const value = 'canary-R4nd0m-v4lue'
    const secret = new Secret(value)
    const holder = { secret, list: [secret], map: new Map([['secret', secret]]) }
    const written = [
      ...[
        String(secret),
        `${secret}`,
        secret.toString(),
        `${[secret]}`,
        JSON.stringify(holder),
        JSON.stringify(secret),
      ],
      ...[inspect(secret), inspect(holder, { depth: 9, showHidden: true, getters: true, customInspect: false })],
      ...[
        inspect(Object.getOwnPropertyDescriptors(secret)),
        Object.entries(secret).join(),
        Object.values(secret).join(),
      ],
      ...[
        JSON.stringify(Object.assign({}, secret)),
        JSON.stringify({ ...secret }),
        JSON.stringify(structuredClone({ ...secret })),
      ],
      ...[
        new Error(`${secret}`).stack ?? '',
        new Error('', { cause: secret }).message,
        inspect(new Error('', { cause: secret })),
      ],
      ...[Buffer.from(`${secret}`).toString(), new URLSearchParams({ secret: `${secret}` }).toString()],
    ]
    expect(written.filter((text) => text.includes('R4nd0m'))).toEqual([])
    expect(Reflect.ownKeys(secret)).toEqual([])
    figure('secret-redacted', `${written.length} of ${written.length} ways of writing a value show none`)
  })
})
