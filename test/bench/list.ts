/**
 * A list of 10,000 connections, page by page, by the bundle as it is deployed, in a process of its own: how long a page takes
 * and how much memory the process ever had. Once with fresh tokens, where rows say enough, and once with static tokens,
 * where each secret has to be looked at.
 *
 * The process has the limits of its heap that Lambda gives one of the stack's memory size. Without them V8 goes by the memory
 * of the machine: on one of 24 GiB, Node 24 lets the young generation grow to 128 MiB before it collects. So most of the 240 to
 * 265 MiB that the list of static tokens then takes is garbage of the SDK's calls; after a collection 15 MiB are in use, beside
 * 50 of Node's own file. Four secrets side by side in the place of sixteen make 250 of it, the limits 150 to 175 (2026-11).
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BatchWriteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { dynamoRegistry } from '../../functions/aws/dynamo-registry.ts'
import { dynamoTokens } from '../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../functions/aws/envelope.ts'
import { ENV, namesOf } from '../../functions/environment.ts'
import { keyOf } from '../../functions/kit/connection.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { bundleFunction } from '../../lib/vendor-code.ts'
import { localAws } from '../support/local-aws.ts'
import type { BenchResult } from './result.ts'

const CONNECTIONS = 10_000
const RUNNER = fileURLToPath(new URL('../../lib/local/function-process.cjs', import.meta.url))
const TOKEN_BYTES = 2000

/** In MB, as lib/vendor-function.ts has it. */
const MEMORY_SIZE = 512
/**
 * As Lambda starts Node: a tenth of the memory for the two halves of the young generation, the rest for the old one
 * (/var/runtime/bootstrap of nodejs24.x, in "Deep Dive into AWS Lambda (3): Official Node.js Runtime Analysis", 2026-02,
 * https://dev.to/wonderfulsoap/deep-dive-into-aws-lambda-3-official-nodejs-runtime-analysis-43je; of nodejs20.x, 2023-11,
 * https://gist.github.com/davidjb/432ea4e1c89f399ec412270539fe126f). V8 makes 32 MiB of a half of 17 to 32.
 */
const LAMBDA_LIMITS = [
  `--max-semi-space-size=${Math.floor(Math.floor(MEMORY_SIZE / 10) / 2)}`,
  `--max-old-space-size=${MEMORY_SIZE - Math.floor(MEMORY_SIZE / 10)}`,
]

type Aws = Awaited<ReturnType<typeof localAws>>
const nameOf = (i: number): string => `site-${String(i).padStart(5, '0')}`

export async function run(): Promise<BenchResult> {
  const aws = await localAws()
  const table = await aws.createTable()
  const folder = mkdtempSync(join(tmpdir(), 'vendomat-list-'))
  try {
    const rows: BenchResult['rows'][number][] = []
    for (const vendor of [vendors.accelo, vendors.iobeya]) {
      await fill(vendor, aws, table)
      const what = vendor === vendors.iobeya ? 'static tokens, each secret looked at' : 'fresh tokens, no secret read'
      rows.push(...rowsOf(`${CONNECTIONS} connections, ${what}`, await measure(vendor, { aws, table, folder })))
    }
    return { name: 'list', rows }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await aws.close()
  }
}

interface Measured {
  /** Of each page after the first, which also loads the function. */
  readonly pageMs: readonly number[]
  readonly firstMs: number
  readonly pageBytes: number
  readonly peakMiB: number
  /** Of all pages and the start. */
  readonly cpuMs: number
}

function rowsOf(what: string, { pageMs, firstMs, pageBytes, peakMiB, cpuMs }: Measured): BenchResult['rows'] {
  const sorted = pageMs.toSorted((a, b) => a - b)
  return [
    { case: `${what}: slowest page`, value: sorted.at(-1) ?? Number.NaN, unit: 'ms', goal: { most: 1000 } },
    { case: `${what}: median page`, value: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, unit: 'ms' },
    { case: `${what}: first page of a new process`, value: firstMs, unit: 'ms', goal: { most: 1000 } },
    { case: `${what}: all pages`, value: firstMs + pageMs.reduce((sum, ms) => sum + ms, 0), unit: 'ms' },
    { case: `${what}: CPU of the function for a page`, value: cpuMs / (pageMs.length + 1), unit: 'ms' },
    { case: `${what}: most memory`, value: peakMiB, unit: 'MiB', goal: { most: 256 } },
    { case: `${what}: largest page`, value: pageBytes / 1024, unit: 'KB', goal: { most: 1024 } },
  ]
}

async function measure(
  vendor: Vendor,
  { aws, table, folder }: { readonly aws: Aws; readonly table: string; readonly folder: string },
): Promise<Measured> {
  const outputDir = join(folder, vendor.id)
  bundleFunction(`${vendor.id}/handler`, outputDir)
  const child = fork(RUNNER, [`bench-${vendor.id}`, join(outputDir, 'index.cjs')], {
    execArgv: LAMBDA_LIMITS,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'local' },
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ENDPOINT_URL: aws.url,
      [ENV.table]: table,
      [ENV.envelopeKey]: aws.keyId,
    },
  })
  try {
    const startedAt = performance.now()
    await new Promise((ready, fail) => child.once('message', ready).once('exit', fail))
    const times: number[] = []
    let [count, pageBytes, next]: [number, number, string | undefined] = [0, 0, undefined]
    do {
      const from = times.length === 0 ? startedAt : performance.now()
      const page: Page = await askForPage(child, vendor, next)
      times.push(performance.now() - from)
      const { connections, next: then } = JSON.parse(page.body)
      if (connections.some(({ state }: { readonly state: string }) => state !== 'ok')) throw new Error('not all are ok')
      count += connections.length
      pageBytes = Math.max(pageBytes, page.body.length)
      next = then
    } while (next !== undefined)
    if (count !== CONNECTIONS) throw new Error(`${CONNECTIONS} are there, ${count} were listed`)
    const [firstMs = Number.NaN, ...pageMs] = times
    const pid = child.pid ?? 0
    return { pageMs, firstMs, pageBytes, peakMiB: peakMiB(pid), cpuMs: cpuMs(pid) }
  } finally {
    child.kill('SIGKILL')
  }
}

interface Page {
  readonly statusCode: number
  readonly body: string
}

/** As the gateway calls the function. */
function askForPage(child: ChildProcess, vendor: Vendor, next: string | undefined): Promise<Page> {
  const event = {
    ...{ resource: `/connections/${vendor.id}`, path: `/connections/${vendor.id}`, httpMethod: 'GET' },
    ...{ pathParameters: null, body: null },
    multiValueQueryStringParameters: next === undefined ? null : { next: [next] },
    requestContext: { requestId: 'r', identity: { userArn: 'arn:aws:iam::1:user/bench' } },
  }
  return new Promise((done, fail) => {
    const hear = (message: { readonly result?: Page; readonly failed?: true; readonly started?: true }) => {
      if (message.started) return
      child.off('message', hear)
      const { result } = message
      if (result?.statusCode === 200) done(result)
      else fail(new Error(`a page was answered with ${result?.statusCode}: ${result?.body}`))
    }
    child.on('message', hear)
    child.send({ event, requestId: 'r', timeoutSeconds: 20, aheadMs: 0 })
  })
}

/** The most memory that a process ever had; where the system does not keep that, what it has now. */
function peakMiB(pid: number): number {
  if (process.platform !== 'linux') return Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** In hundredths of a second on all Linux machines (proc(5), utime and stime); elsewhere it is not measured. */
function cpuMs(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Makes one connection as the engine does, and copies its rows under the other names. */
async function fill(vendor: Vendor, aws: Aws, table: string): Promise<void> {
  const options = { client: aws.dynamo, table }
  const now = new Date()
  const tokens = dynamoTokens({
    ...options,
    envelope: kmsEnvelope(aws.kms, aws.keyId, () => now),
    onUnsealable: () => {},
  })
  const connection = { vendor, name: nameOf(0) }
  const success = { credentialVersion: 'v1', at: now, used: true } as const
  await dynamoRegistry(options).register(connection, { sweepAt: now, owner: 'erp@acme.example' })
  if (vendor.isStatic || vendor.tokens.storage !== 'table') await tokens.record({ connection, epoch: 0 }, { success })
  else {
    const { state } = await tokens.read(connection)
    const until = secondsAfter(now, 15)
    const lease = await tokens.acquire(connection, state, { policy: vendor.tokens, now, until })
    if (!lease) throw new Error('no lease')
    await tokens.record(lease, { success })
    const value = new Secret('t'.repeat(TOKEN_BYTES))
    const accessToken = {
      value,
      issuedAt: now,
      expiresAt: secondsAfter(now, 24 * 3600),
      context: { deployment: 'acme' },
    }
    const { fence, epoch } = lease
    const held = { accessToken, refreshAt: secondsAfter(now, 19 * 3600), fence, epoch, credentialVersion: 'v1' }
    await tokens.put(lease, { policy: 'table', ...held })
  }
  const kinds = vendor.isStatic ? ['STATE'] : ['STATE', 'TOKEN']
  const items = await Promise.all(kinds.map((sk) => itemOf(keyOf(connection), sk)))
  const copies = Array.from({ length: CONNECTIONS - 1 }, (_, i) =>
    items.map((item) => ({ ...item, pk: { S: keyOf({ vendor, name: nameOf(i + 1) }) } })),
  ).flat()
  await inTurns(Math.ceil(copies.length / 25), async (i) => {
    const Requests = copies.slice(i * 25, (i + 1) * 25).map((Item) => ({ PutRequest: { Item } }))
    const { UnprocessedItems = {} } = await aws.dynamo.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: Requests } }),
    )
    if (Object.keys(UnprocessedItems).length > 0) throw new Error('the table took not all rows')
  })
  if (!vendor.isStatic) return
  const SecretString = JSON.stringify({
    token: `e30.${Buffer.from(JSON.stringify({ exp: 4_000_000_000 })).toString('base64url')}.${'s'.repeat(TOKEN_BYTES)}`,
    api_url: 'https://acme.api.iobeya.com',
  })
  await inTurns(CONNECTIONS, async (i) => {
    const Name = `${namesOf(undefined).service}/${vendor.id}/${nameOf(i)}`
    await aws.secrets.send(new CreateSecretCommand({ Name, SecretString }))
  })

  async function itemOf(pk: string, sk: string) {
    const { Item } = await aws.dynamo.send(
      new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } } }),
    )
    if (!Item) throw new Error(`there is no ${sk} of ${pk}`)
    return Item
  }
}

/** Some side by side. */
async function inTurns(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let begun = 0
  const worker = async () => {
    while (begun < count) {
      begun += 1
      await work(begun - 1)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}
