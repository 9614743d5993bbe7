/**
 * The laptop's machine in a process of its own (laptop.ts), with a table that can be told to fail. Its vendor is a token
 * endpoint that counts, or with SIMULATORS the simulators that `npm start` has.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { Agent, request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAwsEndpoints } from '../../lib/local/aws-endpoints.ts'
import { type Loopback, listenOnLoopback } from '../../lib/local/loopback.ts'
import { startMachine } from '../../lib/local/machine.ts'
import type { Asked, Started, Told } from './laptop.ts'
import { tokenEndpoint } from './token-endpoint.ts'

/** Of the vendor's tokens: short, so that they are renewed while the load is on. */
const LIFE_SECONDS = 40
const VENDOR_MS = 100

let failing = 0
const home = mkdtempSync(join(tmpdir(), 'laptop-'))
const vendor = process.env.SIMULATORS ? undefined : await tokenEndpoint()
if (vendor) Object.assign(vendor.answers, { lifeSeconds: LIFE_SECONDS, ms: () => VENDOR_MS })
const aws = await startAwsEndpoints({ port: 0, region: 'eu-west-1', accountId: '000000000000' })
const table = await failingTable(aws.url)
const machine = await startMachine({
  port: 0,
  home,
  environment: { ...process.env, AWS_ENDPOINT_URL: table.url, ...(vendor && { VENDOMAT_SIMULATOR_URL: vendor.url }) },
  say: () => {},
})
const pool = machine.functions.get('vendomat-accelo')

process.on('message', async (asked: Asked) => {
  if (asked.kind === 'fail') {
    failing = asked.table
    if (vendor) vendor.answers.failing = asked.vendor
    tell({ kind: 'done' })
  }
  if (asked.kind === 'kill') {
    const [first] = pool?.pids() ?? []
    if (first !== undefined) process.kill(first, 'SIGKILL')
    tell({ kind: 'done' })
  }
  if (asked.kind === 'measure') {
    const functions = (pool?.pids() ?? []).map((pid) => ({ pid, files: filesOf(pid) }))
    tell({ kind: 'measured', functions, handles: process.getActiveResourcesInfo().length })
  }
  if (asked.kind === 'issued')
    tell({ kind: 'issued', tokens: [...(vendor?.issued ?? [])], calls: vendor?.calls() ?? 0 })
  if (asked.kind === 'close') await close()
})
process.once('disconnect', close)
tell({ kind: 'started', environment: machine.environment } satisfies Started)

async function close(): Promise<never> {
  await Promise.all([machine.close(), aws.close(), table.close(), vendor?.close()])
  rmSync(home, { recursive: true, force: true })
  process.exit(0)
}

function tell(what: Told): void {
  process.send?.(what)
}

/** Undefined where the system does not say. */
function filesOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return undefined
  }
}

/** The AWS endpoints, but for a share of what is asked of the table, which fails as DynamoDB does. */
function failingTable(url: string): Promise<Loopback> {
  const agent = new Agent({ keepAlive: true })
  const { host } = new URL(url)
  return listenOnLoopback(0, (request, response) => {
    const isTable = request.headers['x-amz-target']?.toString().startsWith('DynamoDB_')
    if (isTable && Math.random() < failing) {
      request.resume()
      response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' })
      response.end('{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"a fault"}')
      return
    }
    const { method, headers, url: path = '/' } = request
    // The endpoints answer to their own name only.
    const onward = send(new URL(path, url), { method, headers: { ...headers, host }, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.once('error', () => response.destroy())
    request.pipe(onward)
  })
}
