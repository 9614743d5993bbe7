/**
 * One process that refreshes a grant and dies at a named point of it, as if the power had failed. The clock is ahead by
 * OFFSET_SECONDS, so that tokens of a moment ago have ended.
 */

import type { TokenStore } from '../../functions/core/store.ts'
import { vend } from '../../functions/core/vend.ts'
import { lambdaRuntime } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'

/** The points, in the order of a refresh. */
export const POINTS = ['leased', 'noted', 'sent', 'answered', 'recorded', 'put'] as const
export type Point = (typeof POINTS)[number]

const AFTER: Readonly<Partial<Record<keyof TokenStore, Point>>> = {
  acquire: 'leased',
  noteSend: 'noted',
  record: 'recorded',
  put: 'put',
}

const { KILL_AT, CONNECTION = '', OFFSET_SECONDS } = process.env

const dieAt = (point: Point | undefined) => {
  if (point === KILL_AT) process.kill(process.pid, 'SIGKILL')
}

const runtime = lambdaRuntime(vendors.netrex, process.env)
const tokens = new Proxy(runtime.tokens, {
  get: (target, name: keyof TokenStore, receiver) => {
    const method: unknown = Reflect.get(target, name, receiver)
    if (typeof method !== 'function' || !AFTER[name]) return method
    return async (...parameters: unknown[]) => {
      const result: unknown = await method.apply(target, parameters)
      dieAt(AFTER[name])
      return result
    }
  },
})
/** 'sent': the vendor has acted and its answer is on the way. 'answered': it has arrived whole. */
const http: typeof fetch = async (...call) => {
  const answer = await runtime.http(...call)
  dieAt('sent')
  const body = await answer.text()
  dieAt('answered')
  return new Response(body, answer)
}
const now = () => new Date(Date.now() + Number(OFFSET_SECONDS) * 1000)

const connection = { vendor: vendors.netrex, name: CONNECTION }
vend({ connection, minTtlSeconds: 0 }, { ...runtime, tokens, http, now }).then(
  ({ source }) => process.stdout.write(source),
  (error: { code?: string }) => process.stdout.write(String(error.code)),
)
