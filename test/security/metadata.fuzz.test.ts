import * as fc from 'fast-check'
import { VendingError } from '../../functions/kit/errors.ts'
import { type Metadata, metadataOf } from '../../functions/oauth/metadata.ts'
import { contextFor, json, text, vendorAnswering } from '../support/fake-vendor.ts'
import { figure } from '../support/figure.ts'
import { FUZZ_TIMEOUT_MS, fuzzRuns } from './fuzz-runs.ts'

const acme = { hosts: ['acme.example'], tokens: { storage: 'table', maxLifeSeconds: 3600 } } as const
const ISSUER = 'https://acme.example/tenant'

/** What stands before a host, hosts of all kinds, and what stands behind. */
const url = fc
  .tuple(
    fc.constantFrom('https://', 'http://', 'https:', '//', '', 'https://u:p@', 'https://acme.example@', 'javascript:'),
    fc.oneof(
      fc.constantFrom('acme.example', 'a.acme.example', 'ACME.example', 'evil.example', 'acme.example.evil.example'),
      fc.constantFrom('evilacme.example', '127.0.0.1', '[::1]', 'localhost', 'acme.example.', 'xn--a.acme.example', ''),
      fc.domain(),
    ),
    fc.constantFrom(
      '',
      '/',
      '/token',
      ':443/token',
      ':8443/token',
      '/a/../token',
      '/token?x=y',
      '/token#x',
      '\\@evil.example',
    ),
  )
  .map((parts) => parts.join(''))
const endpoint = fc.oneof({ weight: 4, arbitrary: url }, { weight: 1, arbitrary: fc.jsonValue() })
const issuer = fc.oneof(
  { weight: 6, arbitrary: fc.constant(ISSUER) },
  {
    weight: 1,
    arbitrary: fc.oneof(url, fc.constantFrom(`${ISSUER}/`, 'https://acme.example', 'HTTPS://acme.example/tenant')),
  },
)
const document = fc
  .record(
    {
      issuer,
      token_endpoint: endpoint,
      authorization_endpoint: endpoint,
      revocation_endpoint: endpoint,
      authorization_response_iss_parameter_supported: fc.jsonValue(),
    },
    { requiredKeys: ['issuer', 'token_endpoint'] },
  )
  .map((members) => JSON.stringify(members))
const answer = fc.oneof(
  { weight: 8, arbitrary: document.map((written) => () => text(written)) },
  { weight: 1, arbitrary: fc.json().map((written) => () => text(written)) },
  { weight: 1, arbitrary: fc.constantFrom(404, 301, 500, 429).map((status) => () => json({}, status)) },
)

const good = () => json({ issuer: ISSUER, token_endpoint: 'https://acme.example/token' })

async function metadataFrom(first: () => Response, second: () => Response): Promise<Metadata | VendingError> {
  try {
    return await metadataOf(ISSUER, contextFor(vendorAnswering(first(), second()), acme))
  } catch (error) {
    if (error instanceof VendingError) return error
    throw error
  }
}

it(
  'whatever an issuer answers, no endpoint is anywhere but on https at an allowed host, or it is a failure of the table',
  async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(answer, answer, async (first, second) => {
        const metadata = await metadataFrom(first, second)
        if (metadata instanceof VendingError) return
        taken += 1
        const { tokenEndpoint, authorizationEndpoint, revocationEndpoint } = metadata
        expect(metadata.issuer).toBe(ISSUER)
        for (const { protocol, host, username, search } of [
          tokenEndpoint,
          authorizationEndpoint ?? tokenEndpoint,
          revocationEndpoint ?? tokenEndpoint,
        ]) {
          expect([protocol, username, search]).toEqual(['https:', '', ''])
          expect(host).toMatch(/^([a-z0-9-]+\.)*acme\.example$/)
        }
      }),
      { numRuns: fuzzRuns, examples: [[good, good]] },
    )
    expect(taken).toBeGreaterThan(0)
    figure('metadata-hosts', `${fuzzRuns} issuers, ${taken} of them believed`)
  },
  FUZZ_TIMEOUT_MS,
)
