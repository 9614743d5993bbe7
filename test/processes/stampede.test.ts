import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import * as z from 'zod/mini'
import { acceloClients, acceloDeployment } from '../../lib/local/simulators/accelo.ts'
import { startSimulators } from '../../lib/local/simulators.ts'
import { localAws } from '../local-aws.ts'

const CALLER = fileURLToPath(new URL('./caller.ts', import.meta.url))

let aws: Awaited<ReturnType<typeof localAws>>
let simulators: Awaited<ReturnType<typeof startSimulators>>
let processes: ChildProcess[]

beforeAll(async () => {
  aws = await localAws()
  simulators = await startSimulators({ port: 0 })
  const table = await aws.createTable()
  const { clientId, clientSecret } = acceloClients.hq
  const document = { deployment: acceloDeployment, client_id: clientId, client_secret: clientSecret }
  await aws.secrets.send(
    new CreateSecretCommand({ Name: 'vendomat/accelo/hq', SecretString: JSON.stringify(document) }),
  )
  processes = Array.from({ length: 8 }, () =>
    fork(CALLER, {
      execArgv: ['--import', 'tsx'],
      env: {
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'AKIDLOCAL',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL: aws.url,
        VENDOMAT_TABLE: table,
        VENDOMAT_ENVELOPE_KEY: aws.keyId,
        VENDOMAT_SIMULATOR_URL: simulators.url,
        NODE_NO_WARNINGS: '1',
      },
    }),
  )
  await Promise.all(processes.map((process) => once(process, 'message')))
}, 60_000)

afterAll(async () => {
  for (const process of processes) process.kill('SIGKILL')
  await Promise.all([aws.close(), simulators.close()])
})

const control = async (method: string, body?: object) => {
  const init = { method, ...(body && { body: JSON.stringify(body) }) }
  const answer = await fetch(`${simulators.url}/_control/accelo`, init)
  return z.object({ calls: z.object({ total: z.number() }) }).parse(await answer.json())
}

it('C16 8 processes with 50 callers each and a cold key make one vendor call between them', async () => {
  await control('POST', { fault: 'delay', delay_ms: 300, times: -1 })
  const answers = processes.map((process) => once(process, 'message'))
  for (const process of processes) process.send(50)
  const results = (await Promise.all(answers)).map(([result]) => result)
  expect(results.map(({ answers }) => answers)).toEqual(Array(8).fill(50))
  expect(new Set(results.flatMap(({ tokens }) => tokens)).size).toBe(1)
  expect((await control('GET')).calls.total).toBe(1)
}, 30_000)
