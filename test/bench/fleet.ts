import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { machine } from '../processes/machine.ts'
import { tokenEndpoint } from './token-endpoint.ts'

/** `engine` is the machine as it is deployed; the others are what services do without it. */
export const WAYS = ['engine', 'no lease', 'simple-oauth2', 'openid-client', 'google-auth-library'] as const
export type Way = (typeof WAYS)[number]

export interface Order {
  readonly way: Way
  readonly connection: string
  readonly callers: number
  readonly rejected?: string
  /** The clock is ahead by so many seconds, so that tokens have ended. */
  readonly ahead?: number
  /** Calls again while the answer is that it can be called again. */
  readonly persists?: true
}

/** Of each caller: how long it took, and its token or why there was none. */
export type Report = readonly { readonly ms: number; readonly token?: string; readonly fault?: string }[]

/** A table, a vendor, and as many processes as a round needs: the machine's own, or of services without it. */
export async function fleet() {
  const m = await machine()
  const vendor = await tokenEndpoint()
  m.environment.VENDOMAT_SIMULATOR_URL = vendor.url
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'))
  const program = join(folder, 'fleet-process.cjs')
  buildSync({
    ...{ outfile: program, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' },
    entryPoints: [fileURLToPath(new URL('./fleet-process.ts', import.meta.url))],
  })
  const tableCalls = () =>
    Object.entries(m.calls()).reduce((sum, [name, n]) => sum + (name.startsWith('DynamoDB_') ? n : 0), 0)
  return {
    ...m,
    vendor,
    tableCalls,
    start: (count: number): Promise<ChildProcess[]> => m.start(program, count, 'accelo'),
    close: async () => {
      await Promise.all([m.close(), vendor.close()])
      rmSync(folder, { recursive: true })
    },
  }
}

/** Gives all processes the order at once. Those that die meanwhile report nothing. */
export async function order(processes: readonly ChildProcess[], what: Order): Promise<Report> {
  const reports = processes.map((child) => reportOf(child))
  for (const child of processes) child.send(what)
  return (await Promise.all(reports)).flat()
}

const reportOf = (child: ChildProcess): Promise<Report> =>
  new Promise((resolve) => {
    const end = (report: Report) => {
      child.off('message', heard)
      child.off('exit', died)
      resolve(report)
    }
    // The cast is safe: fleet-process.ts sends nothing else once it is ready.
    const heard = (message: unknown) => end(message as Report)
    const died = () => end([])
    child.once('message', heard)
    child.once('exit', died)
  })
