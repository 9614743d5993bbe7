import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { buildSync } from 'esbuild'
import { acceloClients, acceloDeployment } from '../../functions/accelo/simulator.ts'
import { beginConsent, finishConsent } from '../../functions/consent/consent.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { lambdaRuntime, type Machine } from '../../functions/lambda/runtime.ts'
import { netrexApplication } from '../../functions/netrex/simulator.ts'
import { vendors } from '../../functions/vendors.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { control as controlOf } from '../support/control.ts'
import { localAws } from '../support/local-aws.ts'
import type { Order, Report } from './caller.ts'

/** One table, one set of simulated vendors, and as many real processes of the machine as a test wants. */
export async function machine() {
  const aws = await localAws()
  const simulators = await startSimulators({ port: 0 })
  const folder = mkdtempSync(join(tmpdir(), 'processes-'))
  const environment: Record<string, string> = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDLOCAL',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: aws.url,
    VENDOMAT_TABLE: await aws.createTable(),
    VENDOMAT_ENVELOPE_KEY: aws.keyId,
    VENDOMAT_SIMULATOR_URL: simulators.url,
    NODE_NO_WARNINGS: '1',
  }
  // For the clients of this process too.
  Object.assign(process.env, environment)
  const children: ChildProcess[] = []

  const createSecret = (name: string, document: object) =>
    aws.secrets.send(new CreateSecretCommand({ Name: `vendomat/${name}`, SecretString: JSON.stringify(document) }))

  /** What a process of the machine is made of, here in this one, its clock ahead by so many seconds. */
  const runtime = (vendor: keyof typeof vendors, ahead = 0): Machine => ({
    ...lambdaRuntime(vendors[vendor], environment),
    now: () => new Date(Date.now() + ahead * 1000),
  })

  /** A program of this folder as one file, as functions are deployed: a process of it starts in a moment. */
  const build = (name: 'caller' | 'refresher' | 'sweeper'): string => {
    const entryPoints = [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))]
    const outfile = join(folder, `${name}.cjs`)
    buildSync({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' })
    return outfile
  }

  return {
    environment,
    /** How often each operation of AWS was called, by all processes. */
    calls: aws.calls,
    runtime,
    build,

    control: async (vendor: string, method: string, body?: object) => {
      const answer = await controlOf(simulators.url, vendor, method, body)
      return JSON.parse(await answer.text())
    },

    createAccelo: (connection: string) => {
      const { clientId, clientSecret } = acceloClients.hq
      return createSecret(`accelo/${connection}`, {
        deployment: acceloDeployment,
        client_id: clientId,
        client_secret: clientSecret,
      })
    },

    /** A NetRex connection that a person has just consented to. */
    connectNetrex: async (connection: string): Promise<void> => {
      const { clientId, clientSecret } = netrexApplication
      const document = { host: 'system2.netrex.cz', client_id: clientId, client_secret: clientSecret, scope: 'read' }
      await createSecret(`netrex/${connection}`, document)
      const place = { vendor: vendors.netrex, name: connection }
      const begun = await beginConsent(
        place,
        { redirectUri: netrexApplication.redirectUri, begunBy: 'ada' },
        runtime('netrex'),
      )
      const { host, pathname, search } = new URL(begun.authorizationUrl)
      const page = await fetch(`${simulators.url}/${host}${pathname}${search}&decision=allow`, { redirect: 'manual' })
      const code = new URL(page.headers.get('location') ?? '').searchParams.get('code') ?? ''
      await finishConsent(place, { state: begun.state, code: new Secret(code) }, runtime('netrex'))
    },

    /** Starts processes of one vendor's function and waits until they are ready. */
    start: async (program: string, count: number, vendor: string, ahead = 0): Promise<ChildProcess[]> => {
      const env = { ...environment, VENDOR: vendor, OFFSET_SECONDS: String(ahead) }
      const started = Array.from({ length: count }, () => fork(program, { env }))
      children.push(...started)
      await Promise.all(started.map((child) => once(child, 'message')))
      return started
    },

    close: async () => {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all([aws.close(), simulators.close()])
      rmSync(folder, { recursive: true })
    },
  }
}

/** Gives all processes the order at once and waits for their reports. */
export async function tell(processes: readonly ChildProcess[], order: Order): Promise<Report[]> {
  const reports = processes.map(async (child): Promise<Report> => (await once(child, 'message'))[0])
  for (const child of processes) child.send(order)
  return Promise.all(reports)
}

/** How often each fingerprint was vended by all of them together. */
export const counts = (reports: readonly Report[]): number[] => {
  const sum: Record<string, number> = {}
  for (const [fingerprint, { count }] of reports.flatMap(Object.entries<Report[string]>)) {
    sum[fingerprint] = (sum[fingerprint] ?? 0) + count
  }
  return Object.values(sum)
}
