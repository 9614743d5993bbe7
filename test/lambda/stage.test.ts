import { jest } from '@jest/globals'
import { ENV } from '../../functions/environment.ts'
import { vendors } from '../../functions/vendors.ts'
import { localAws } from '../support/local-aws.ts'
import { machineTemplate } from '../support/machine-stack.ts'

// The log takes its names from the environment when it is loaded, as in Lambda.
process.env[ENV.stage] = 'dev'
const { countNotice, metrics } = await import('../../functions/lambda/log.ts')
const { lambdaRuntime } = await import('../../functions/lambda/runtime.ts')
const { answer } = await import('../../functions/api/app.ts')

let aws: Awaited<ReturnType<typeof localAws>>
beforeAll(async () => {
  aws = await localAws()
  Object.assign(process.env, { AWS_ENDPOINT_URL: aws.url, AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'l' })
  process.env.AWS_REGION = 'eu-west-1'
})
afterAll(async () => {
  for (const name of ['AWS_ENDPOINT_URL', ENV.stage]) delete process.env[name]
  await aws.close()
})

describe('a function of a stage', () => {
  it('reads the secrets of its stage, and names them to who asks for one that is not there', async () => {
    const environment = { [ENV.stage]: 'dev', [ENV.table]: await aws.createTable(), [ENV.envelopeKey]: aws.keyId }
    const machine = lambdaRuntime(vendors.iobeya, environment)
    const connection = { vendor: vendors.iobeya, name: 'main' }
    await expect(machine.credentials.read(connection, 0)).rejects.toThrow('there is no secret vendomat-dev/iobeya/main')
    const request = { operation: 'vend', requestId: 'r', caller: 'arn', connection: 'main', query: {} } as const
    const { status, body } = await answer(vendors.iobeya, request, machine, () => {})
    expect([status, JSON.parse(body).next_step]).toEqual([
      404,
      'check the name, or store credentials in the secret vendomat-dev/iobeya/main',
    ])
  })

  it('counts in the metrics that the alarms of its stack watch', () => {
    const lines: string[] = []
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
      lines.push(String(line))
      return true
    })
    countNotice('accelo', false)
    metrics.publishStoredMetrics()
    spy.mockRestore()
    const [{ _aws, service, vendor }] = lines.map((line) => JSON.parse(line))
    const counted = { Namespace: _aws.CloudWatchMetrics[0].Namespace, MetricName: 'NoticesLost' }
    const dimensions = { service, vendor }
    const watched = Object.values(machineTemplate({ stage: 'dev' }).findResources('AWS::CloudWatch::Alarm')).flatMap(
      ({ Properties }) => (Properties.Metrics ?? []).flatMap(metricOf),
    )
    expect(counted.Namespace).toBe('Vendomat-dev')
    expect(watched).toContainEqual({ ...counted, dimensions })
  })
})

interface Queried {
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string
      readonly MetricName: string
      readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[]
    }
  }
}

function metricOf({ MetricStat }: Queried) {
  if (!MetricStat) return []
  const { Namespace, MetricName, Dimensions } = MetricStat.Metric
  return [{ Namespace, MetricName, dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])) }]
}
