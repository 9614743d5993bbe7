import { lambdaRuntime } from '../../functions/aws/runtime.ts'
import { viaSimulator } from '../../functions/aws/simulator.ts'
import { vendors } from '../../functions/vendors.ts'

const environment = { AWS_REGION: 'eu-west-1', VENDOMAT_TABLE: 'tokens', VENDOMAT_ENVELOPE_KEY: 'key' }

describe('a function', () => {
  it('starts with the names of its table and key', () => {
    expect(
      lambdaRuntime(vendors.accelo, { ...environment, VENDOMAT_ALLOWED_HOSTS: 'a.example,b.example' }).allowedHosts,
    ).toEqual(['a.example', 'b.example'])
  })

  it.each(['VENDOMAT_TABLE', 'VENDOMAT_ENVELOPE_KEY'])('does not start without %s', (name) => {
    expect(() => lambdaRuntime(vendors.accelo, { ...environment, [name]: undefined })).toThrow(name)
  })

  it('refuses simulated vendors inside Lambda and takes them outside', () => {
    const simulated = { ...environment, VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1:1' }
    expect(() => lambdaRuntime(vendors.accelo, { ...simulated, AWS_LAMBDA_FUNCTION_NAME: 'accelo' })).toThrow(
      'refused inside Lambda',
    )
    expect(() => lambdaRuntime(vendors.accelo, { ...simulated, LAMBDA_TASK_ROOT: '/var/task' })).toThrow(
      'refused inside Lambda',
    )
    expect(() => lambdaRuntime(vendors.accelo, simulated)).not.toThrow()
  })

  it('refuses to run with certificates unchecked', () => {
    expect(() => lambdaRuntime(vendors.accelo, { ...environment, NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toThrow(
      'NODE_TLS_REJECT_UNAUTHORIZED',
    )
  })
})

it('a call goes to the simulator under the name of the host it was meant for, with nothing else changed', async () => {
  const seen: unknown[] = []
  const http: typeof fetch = async (...call) => {
    seen.push(call)
    return new Response()
  }
  await viaSimulator(http, 'http://127.0.0.1:9')('https://acme.api.accelo.com/oauth2/v0/token?a=b', { method: 'POST' })
  expect(seen).toEqual([['http://127.0.0.1:9/acme.api.accelo.com/oauth2/v0/token?a=b', { method: 'POST' }]])
})
