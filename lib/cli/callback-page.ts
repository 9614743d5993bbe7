import { createHash } from 'node:crypto'

/** How a consent has ended. */
export type Outcome = 'connected' | 'denied' | 'expired' | 'invalid' | 'failed'

export interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Words {
  readonly status: number
  readonly tone: 'good' | 'wait' | 'bad'
  readonly title: string
  readonly said: string
  readonly next: string
}

const WORDS: Readonly<Record<Outcome, Words>> = {
  connected: {
    status: 200,
    tone: 'good',
    title: 'Connected',
    said: 'You gave your consent, and the account is connected.',
    next: 'Close this tab and go back to the terminal.',
  },
  denied: {
    status: 403,
    tone: 'wait',
    title: 'Not connected',
    said: 'Access was declined at the vendor. Nothing has changed.',
    next: 'If that was not what you meant, run the command again and accept.',
  },
  expired: {
    status: 410,
    tone: 'wait',
    title: 'This took too long',
    said: 'A consent has to come back within ten minutes, and counts once. Nothing has changed.',
    next: 'Go back to the terminal and run the command again.',
  },
  invalid: {
    status: 400,
    tone: 'bad',
    title: 'This link is not valid',
    said: 'It was not asked for here, or it was opened a second time. It has been ignored.',
    next: 'If you are connecting an account just now, go on in the tab that the terminal opened.',
  },
  failed: {
    status: 502,
    tone: 'bad',
    title: 'Not connected',
    said: 'You gave your consent, but the connection could not be completed.',
    next: 'Go back to the terminal: it says why, and what to do.',
  },
}

const MARKS = {
  good: '<path d="m7.5 12.5 3 3 6-6.5"/>',
  wait: '<path d="M12 7v5.5M12 16.2v.3"/>',
  bad: '<path d="m8.5 8.5 7 7m0-7-7 7"/>',
} as const

const STYLE = `
:root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--text:#1b1f24;--soft:#59626e;--line:#e2e5ea;--good:#1a7f4b;--wait:#9a6700;--bad:#c0362c}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1d2126;--text:#eceff3;--soft:#a3acb8;--line:#2f353d;--good:#4cc38a;--wait:#e2b340;--bad:#f2786d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.25rem;background:var(--ground);color:var(--text);font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:29rem;padding:2.5rem 2rem 2rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;text-align:center}
svg{width:3.75rem;height:3.75rem;fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.good svg{color:var(--good)}.wait svg{color:var(--wait)}.bad svg{color:var(--bad)}
h1{margin:1rem 0 .5rem;font-size:1.5rem;line-height:1.25;font-weight:650;text-wrap:balance}
p{margin:0;color:var(--soft);text-wrap:pretty}
.next{margin-top:1.5rem;padding-top:1.5rem;border-top:1px solid var(--line);color:var(--text)}
footer{margin-top:1.5rem;font-size:.875rem;color:var(--soft)}
`

/** The page has no scripts, forms or links: it may load nothing but its own style. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'cache-control': 'no-store',
  // The address of this page holds the code.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const

/** The page that the browser shows at the end. It repeats nothing of the request. */
export function callbackPage(outcome: Outcome): Page {
  const { status, tone, title, said, next } = WORDS[outcome]
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Vendomat</title>
<style>${STYLE}</style>
<main class="${tone}">
<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>${MARKS[tone]}</svg>
<h1>${title}</h1>
<p>${said}</p>
<p class="next">${next}</p>
<footer>Vendomat</footer>
</main>
</html>
`
  return { status, headers: HEADERS, body }
}
