import { createHash } from 'node:crypto'

const STYLE =
  ':root{color-scheme:light dark}body{margin:20vh auto;max-width:28rem;padding:0 1.25rem;' +
  'font:1.0625rem/1.55 system-ui,sans-serif;text-align:center}'

/** The page's own style by its hash: besides it nothing may load, run, be sent or be framed. */
export const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

const page = (title: string, said: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Vendomat</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<p>${said}</p>
</html>
`

export const CONNECTED = page('Connected', 'The account is connected. You can close this tab.')
export const NOT_CONNECTED = page(
  'Not connected',
  'The account was not connected this way. Close this tab, and ask for a new link if you still want to connect it.',
)
