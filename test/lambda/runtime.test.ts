import { jest } from '@jest/globals'
import { viaSimulator } from '../../functions/aws/simulator.ts'
import { lambdaRuntime } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'
import { listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import { expiring } from '../support/notices.ts'

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

describe('the notices of a function', () => {
  const before = { ...process.env }
  afterEach(() => {
    process.env = { ...before }
  })

  /** Tells one notice to AWS services that answer nothing of use; what was sent to them, and what was logged. */
  async function told(more: Readonly<Record<string, string>>) {
    const sent: string[] = []
    const logged: string[] = []
    const server = await listenOnLoopback(0, (request, response) => {
      readBody(request).then((body) => {
        sent.push(decodeURIComponent(`${body}`.replaceAll('+', ' ')))
        response.writeHead(400).end()
      })
    })
    const local = { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: 'AKIDLOCAL', AWS_SECRET_ACCESS_KEY: 'canary-key' }
    Object.assign(process.env, local, { AWS_REGION: 'eu-west-1' })
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        logged.push(String(text))
        return true
      }),
    )
    try {
      const heard = await lambdaRuntime(vendors.iobeya, { ...environment, ...more }).notify(expiring)
      return { heard, sent: sent.join('\n'), logged: logged.join('').split('\n').filter(Boolean) }
    } finally {
      for (const spy of spies) spy.mockRestore()
      await server.close()
    }
  }

  it('name the stack and the region, and point to its README', async () => {
    const { sent } = await told({
      VENDOMAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:mail',
      VENDOMAT_CHAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:chat',
      VENDOMAT_STACK: 'vendomat-prod',
      VENDOMAT_RUNBOOK: 'https://git.example/README.md',
    })
    expect(sent).toContain('Runbook: https://git.example/README.md#credentials-end\nStack vendomat-prod, eu-west-1')
    expect(sent).toContain('TopicArn=arn:aws:sns:eu-west-1:111122223333:chat')
    expect(sent).toContain('"Source":"vendomat"')
  })

  it('point to the README of the repository where no other is named', async () => {
    const { sent } = await told({ VENDOMAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:mail', VENDOMAT_RUNBOOK: '' })
    expect(sent).toContain('Runbook: README.md#credentials-end\neu-west-1')
  })

  it('that cannot be sent are logged, one line for each channel, by the name of the fault alone', async () => {
    const { heard, logged } = await told({ VENDOMAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:mail' })
    expect(heard).toBe(false)
    expect(logged.map((line) => JSON.parse(line)).sort((a, b) => a.channel.localeCompare(b.channel))).toEqual(
      ['event', 'mail'].map((channel) => ({
        level: 'ERROR',
        time: expect.any(String),
        error: 'a notice could not be sent',
        channel,
        cause: expect.any(String),
      })),
    )
    expect(logged.join()).not.toMatch(/canary|AKIDLOCAL/)
  })
})
