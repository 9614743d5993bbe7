import { createHash } from 'node:crypto'
import { callbackPage, type Outcome } from '../../../lib/cli/callback-page.ts'

const outcomes: Outcome[] = ['connected', 'denied', 'expired', 'invalid', 'failed']

describe.each(outcomes)('the page for "%s"', (outcome) => {
  const { headers, body } = callbackPage(outcome)

  it('may load nothing but its own style, which the policy names by its hash', () => {
    const style = /<style>([^<]*)<\/style>/.exec(body)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    expect(style).not.toBe('')
  })

  it('has no script, no form and nothing from elsewhere', () => {
    expect(body).not.toMatch(/<(script|form|img|iframe|link|a)\b|\bon[a-z]+=|\bstyle=|https?:|url\(/i)
  })

  it('is not stored and gives its address to nobody', () => {
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  })

  it('says what happened and what to do next, also on a phone', () => {
    expect(body).toMatch(/<h1>[^<]+<\/h1>\n<p>[^<]+<\/p>\n<p class="next">[^<]+<\/p>/)
    expect(body).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(body).toContain('<html lang="en">')
  })
})

it('the pages differ', () => {
  expect(new Set(outcomes.map((outcome) => callbackPage(outcome).body)).size).toBe(outcomes.length)
})
