/** One process of the machine, as Lambda would run it, told by its parent what to vend, how often at once, and how long. */

import { setTimeout as pause } from 'node:timers/promises'
import { vend } from '../../functions/core/vend.ts'
import { lambdaRuntime } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'

export interface Order {
  readonly vendor: keyof typeof vendors
  readonly connection: string
  readonly callers: number
  readonly rejected?: string
  /** Goes on until then, in milliseconds since 1970, instead of once. */
  readonly until?: number
}

/** Fingerprint of each token vended, and when it was handed out last. */
export type Report = Readonly<Record<string, { readonly count: number; readonly last: number }>>

const { VENDOR = 'accelo', OFFSET_SECONDS = '0' } = process.env
// The parent names one of the registry.
const base = lambdaRuntime(vendors[VENDOR as keyof typeof vendors], process.env)
const runtime = { ...base, now: () => new Date(Date.now() + Number(OFFSET_SECONDS) * 1000) }

process.on('message', async ({ vendor, connection, callers, until = 0, ...order }: Order) => {
  const request = { connection: { vendor: vendors[vendor], name: connection }, minTtlSeconds: 0, ...order }
  const report: Record<string, { count: number; last: number }> = {}
  do {
    const vended = await Promise.all(Array.from({ length: callers }, () => vend(request, runtime)))
    for (const { token } of vended) {
      const { fingerprint } = token.accessToken.value
      report[fingerprint] = { count: (report[fingerprint]?.count ?? 0) + 1, last: Date.now() }
    }
    // As long as a quick caller takes: the processes of this machine share two cores with the table.
    await pause(2)
  } while (Date.now() < until)
  process.send?.(report)
})
process.send?.('ready')
