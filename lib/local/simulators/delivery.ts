import type { ServerResponse } from 'node:http'
import type { Outcome } from './faults.ts'

/** Sends an outcome, whole or broken on purpose. It stops when the client leaves. */
export function deliver(outcome: Outcome, response: ServerResponse): void {
  if (!('answer' in outcome)) {
    if (outcome.delivery === 'reset') response.socket?.resetAndDestroy()
    return
  }
  const { status, headers, body } = outcome.answer
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length, ...headers })
  if (outcome.delivery === 'drip') drip(bytes, response)
  else if (outcome.delivery === 'truncated') {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroySoon())
  } else response.end(bytes)
}

/** One byte a second: never idle, and too slow to finish in time. */
function drip(bytes: Buffer, response: ServerResponse): void {
  let sent = 0
  const next = () => {
    response.write(bytes.subarray(sent, sent + 1))
    sent += 1
    if (sent >= bytes.length) response.end()
  }
  next()
  const timer = setInterval(next, 1000)
  response.once('close', () => clearInterval(timer))
}
