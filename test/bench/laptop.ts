import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { acceloClients, acceloDeployment } from '../../functions/accelo/simulator.ts'
import { signedRequest } from '../../lib/client/signed-request.ts'

export type Asked =
  | { readonly kind: 'fail'; readonly table: number; readonly vendor: number }
  | { readonly kind: 'kill' | 'measure' | 'issued' | 'close' }

export interface Started {
  readonly kind: 'started'
  readonly environment: Readonly<Record<string, string>>
}

interface Measured {
  readonly kind: 'measured'
  /** Processes of the Accelo function, and the files that each has open. */
  readonly functions: readonly { readonly pid: number; readonly files: number | undefined }[]
  readonly handles: number
}

interface Issued {
  readonly kind: 'issued'
  /** Each token with its end, in milliseconds since 1970. */
  readonly tokens: readonly (readonly [string, number])[]
  readonly calls: number
}

export type Told = Started | Measured | Issued | { readonly kind: 'done' }

/** One answer of the gateway. */
export interface Answer {
  readonly status: number
  readonly ms: number
  readonly at: number
  readonly body: Readonly<Record<string, unknown>>
  readonly isProblem: boolean
}

/** The laptop's machine in another process, and signed calls of it. */
export async function laptop(vendors: 'endpoint' | 'simulators') {
  const child = fork(fileURLToPath(new URL('./laptop-process.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 2, 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...(vendors === 'simulators' && { SIMULATORS: 'yes' }) },
  })
  const { environment } = await heard<Started>(child)
  const {
    VENDOMAT_URL: url = '',
    VENDOMAT_SIMULATOR_URL: simulators = '',
    AWS_ENDPOINT_URL: endpoint = '',
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = environment
  const credentials = { accessKeyId, secretAccessKey }
  const signer = { region, credentials: async () => credentials, http: fetch }
  const secrets = new SecretsManagerClient({ endpoint, region, credentials })

  const ask = async <T extends Told>(what: Asked): Promise<T> => {
    const answer = heard<T>(child)
    child.send(what)
    return answer
  }
  return {
    simulators,
    fail: (share: { readonly table: number; readonly vendor: number }) => ask({ kind: 'fail', ...share }),
    kill: () => ask({ kind: 'kill' }),
    issued: () => ask<Issued>({ kind: 'issued' }),
    measure: async () => {
      const { functions, handles } = await ask<Measured>({ kind: 'measure' })
      return { handles, functions: functions.map((one) => ({ ...one, megabytes: megabytesOf(one.pid) })) }
    },

    connectAccelo: async (name: string): Promise<void> => {
      const { clientId, clientSecret } = acceloClients.hq
      const document = { deployment: acceloDeployment, client_id: clientId, client_secret: clientSecret }
      await secrets.send(
        new CreateSecretCommand({ Name: `vendomat/accelo/${name}`, SecretString: JSON.stringify(document) }),
      )
    },

    /** One vend through the gateway. Rejects when nobody answers. */
    vend: async (vendor: string, connection: string): Promise<Answer> => {
      const startedAt = performance.now()
      const response = await signedRequest('GET', new URL(`${url}/tokens/${vendor}/${connection}`), signer)
      const body = await response.text()
      return {
        status: response.status,
        ms: performance.now() - startedAt,
        at: Date.now(),
        body: JSON.parse(body),
        isProblem: response.headers.get('content-type') === 'application/problem+json',
      }
    },

    close: async () => {
      const over = once(child, 'exit')
      child.send({ kind: 'close' } satisfies Asked)
      await over
    },
  }
}

/** What it says next: it answers one question at a time. */
async function heard<T extends Told>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal: ended.signal }),
      once(child, 'exit', { signal: ended.signal }).then(() => {
        throw new Error("the laptop's machine ended")
      }),
    ])
    return message
  } finally {
    ended.abort()
  }
}

/** Resident, as `ps` says it on every Unix. */
const megabytesOf = (pid: number): number => {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' })) / 1024
  } catch {
    return Number.NaN
  }
}
