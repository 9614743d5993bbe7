/* A process whose standard output nobody reads any more: says what came of an audit line that it writes. */
import { recordEvent } from '../../functions/lambda/log.ts'

process.once('message', () => {
  process.stdout.once('error', () => {})
  const by = { request_id: 'r1', caller: 'ada', connection: 'acme#hq' }
  try {
    recordEvent('acme', { op: 'vend', ...by, outcome: 'cache', ms: 1 })
    process.send?.('written')
  } catch (error) {
    process.send?.(error instanceof Error && 'code' in error ? error.code : 'thrown')
  }
  process.disconnect()
})
process.send?.('ready')
