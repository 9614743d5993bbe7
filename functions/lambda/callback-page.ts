import { createHash } from 'node:crypto'

const STYLE =
  ':root{color-scheme:light dark}body{margin:20vh auto;max-width:28rem;padding:0 1.25rem;' +
  'font:1.0625rem/1.55 system-ui,sans-serif;text-align:center}'

/** The page's own style by its hash: besides it nothing may load, run, be sent or be framed. */
const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

/** Every answer to the internet has them; those of the gateway itself all but the policy. */
export const HEADERS = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'referrer-policy': 'no-referrer',
  'content-security-policy': `default-src 'none'; style-src ${STYLE_HASH}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-opener-policy': 'same-origin',
} as const

const TEXTS = {
  ok: { title: 'Connected', said: 'The account is connected. You can close this tab.' },
  no: {
    title: 'Not connected',
    said: 'The account was not connected this way. Close this tab, and ask for a new link if you still want to connect it.',
  },
} as const

/** What the log is searched by for why. It says nothing by itself. */
const SUPPORT_ID = /^[0-9a-f]{12}$/

/** The page at the end: one of two constants, and the support id if it looks like one of ours. */
export function endPage(end: keyof typeof TEXTS, supportId = ''): string {
  const { title, said } = TEXTS[end]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Vendomat</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<p>${said}</p>
${SUPPORT_ID.test(supportId) ? `<p><small>Support id: ${supportId}</small></p>\n` : ''}</html>
`
}
