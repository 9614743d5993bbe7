// In the browser: a page that has all ways a page may take, and reports what it could read of each answer.
const SECONDS_EACH = 2
const element = (name, attributes) => {
  const made = Object.assign(document.createElement(name), attributes)
  document.body.append(made)
  return made
}
const frame = () => {
  const name = `frame-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`
  return [name, element('iframe', { name })]
}
const loaded = (made) =>
  new Promise((resolve) => {
    made.onload = () => resolve(undefined)
    made.onerror = () => resolve(undefined)
  })
/** Of a frame the page may read nothing unless it is of its own origin. */
const textOf = async (made) => {
  await loaded(made)
  try {
    return made.contentDocument.body.textContent
  } catch {
    return undefined
  }
}
const read = async (url, init) => (await fetch(url, init)).text()
const header = { 'x-vendomat': '1', authorization: 'AWS4-HMAC-SHA256 Credential=a/20261120/eu-west-1/sns/aws4_request' }

function post(url, body, enctype, target) {
  const form = element('form', { method: 'post', action: url, enctype, target })
  const parts = enctype === 'application/x-www-form-urlencoded' ? [...new URLSearchParams(body)] : [[body, '']]
  for (const [name, value] of parts)
    form.append(Object.assign(document.createElement('input'), { name, value, type: 'hidden' }))
  form.submit()
}
const framed = (enctype) => (url, body) => {
  const [name, made] = frame()
  post(url, body, enctype, name)
  return textOf(made)
}

/** Each resolves with the text that it could read. */
const WAYS = {
  'fetch GET': (url) => read(url),
  'fetch GET no-cors': (url) => read(url, { mode: 'no-cors' }),
  'fetch POST': (url, body) => read(url, { method: 'POST', body }),
  'fetch POST no-cors': (url, body) => read(url, { method: 'POST', mode: 'no-cors', body }),
  'fetch POST no-cors form': (url, body) =>
    read(url, { method: 'POST', mode: 'no-cors', body: new URLSearchParams(body) }),
  'fetch POST with headers': (url, body, more) => read(url, { method: 'POST', body, headers: { ...header, ...more } }),
  'fetch DELETE': (url) => read(url, { method: 'DELETE', headers: header }),
  'fetch POST from a sandbox': (url, body) => {
    const script = `fetch(${JSON.stringify(url)}, { method: 'POST', mode: 'no-cors', body: ${JSON.stringify(body)} })`
    return loaded(element('iframe', { sandbox: 'allow-scripts', srcdoc: `<script>${script}</script>` }))
  },
  'fetch GET from a worker': (url) =>
    new Promise((resolve, reject) => {
      const source = `fetch(${JSON.stringify(url)}).then((a) => a.text()).then(postMessage, () => postMessage(null))`
      const worker = new Worker(URL.createObjectURL(new Blob([source])))
      worker.onmessage = ({ data }) => (data === null ? reject(new Error('no')) : resolve(data))
    }),
  'XMLHttpRequest POST': (url, body) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('POST', url)
      request.onload = () => resolve(request.responseText)
      request.onerror = reject
      request.send(body)
    }),
  beacon: async (url, body) => void navigator.sendBeacon(url, body),
  'form urlencoded': framed('application/x-www-form-urlencoded'),
  'form text': framed('text/plain'),
  'form multipart': framed('multipart/form-data'),
  image: (url) => loaded(element('img', { src: url })),
  script: (url) => loaded(element('script', { src: url })),
  style: (url) => loaded(element('link', { rel: 'stylesheet', href: url })),
  prefetch: (url) => loaded(element('link', { rel: 'prefetch', href: url })),
  video: (url) => loaded(element('video', { src: url })),
  frame: (url) => textOf(element('iframe', { src: url })),
  object: (url) => loaded(element('object', { data: url })),
  WebSocket: (url, body) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url.replace('http:', 'ws:'))
      socket.onopen = () => socket.send(body)
      socket.onmessage = ({ data }) => resolve(data)
      socket.onerror = reject
    }),
  EventSource: (url) =>
    new Promise((resolve, reject) => {
      const source = new EventSource(url)
      source.onmessage = ({ data }) => resolve(data)
      source.onerror = () => {
        source.close()
        reject(new Error('no'))
      }
    }),
  'window GET': async (url) => void open(url),
  'window POST': async (url, body) => void post(url, body, 'application/x-www-form-urlencoded', '_blank'),
}

const inTime = (promise) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, SECONDS_EACH * 1000, undefined))])

async function attempt({ server, url, body, headers, notBy = [] }, way) {
  if (notBy.includes(way)) return []
  const marked = url.replace('WAY', encodeURIComponent(way))
  const text = await inTime(WAYS[way](marked, body, headers)).catch(() => undefined)
  return [{ server, way, text }]
}

const { targets, report } = await (await fetch('/foreign/plan')).json()
const attempts = targets.flatMap((target) => Object.keys(WAYS).map((way) => attempt(target, way)))
const results = (await Promise.all(attempts)).flat()
await fetch(report, { method: 'POST', mode: 'no-cors', body: JSON.stringify({ ways: Object.keys(WAYS), results }) })
