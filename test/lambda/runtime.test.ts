import { jest } from '@jest/globals'
import { viaSimulator } from '../../functions/aws/via-simulator.ts'
import { newState } from '../../functions/core/store.ts'
import { callSeconds } from '../../functions/environment.ts'
import { rungAt } from '../../functions/keeper/ladder.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'
import { metrics } from '../../functions/lambda/log.ts'
import { during, lambdaRuntime } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'
import { listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import { trapOnLoopback } from '../support/trap.ts'

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

  it.each(['NODE_DEBUG', 'NODE_EXTRA_CA_CERTS', 'NODE_USE_ENV_PROXY', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'does not start inside Lambda with %s, which a laptop may have',
    (name) => {
      const given = { ...environment, [name]: 'x' }
      expect(() => lambdaRuntime(vendors.accelo, { ...given, AWS_LAMBDA_FUNCTION_NAME: 'accelo' })).toThrow(
        `${name} is refused inside Lambda`,
      )
      expect(() => lambdaRuntime(vendors.accelo, given)).not.toThrow()
    },
  )

  it('calls vendors on the internet alone: a name of this computer is refused, and nobody is connected to', async () => {
    const trap = await trapOnLoopback()
    try {
      const opened = { ...environment, VENDOMAT_ALLOWED_NETWORKS: '127.0.0.0/8,10.0.0.0/8' }
      for (const given of [environment, opened]) {
        const calling = lambdaRuntime(vendors.accelo, given).http(`https://localhost:${trap.port}`)
        await expect(calling).rejects.toMatchObject({ code: 'configuration' })
      }
      expect(trap.caught).toEqual([])
    } finally {
      trap.close()
    }
  })

  it('refuses to run with certificates unchecked', () => {
    expect(() => lambdaRuntime(vendors.accelo, { ...environment, NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toThrow(
      'NODE_TLS_REJECT_UNAUTHORIZED',
    )
  })
})

it('a vendor may be given what is left of a lease, which is no whole number of milliseconds', () => {
  const { deadline } = lambdaRuntime(vendors.accelo, environment)
  // As the engine reckons it: 13.123 s left of the lease, less 6 s to record what comes, are 7122.999999999999 ms.
  expect(deadline(13.123 - 6).aborted).toBe(false)
})

describe('an invocation', () => {
  /** What it has left of so many seconds, when so many have gone by, if it may take so many at most. */
  function left(seconds: number, gone: number, most?: number): number {
    let passed = 0
    const context = { getRemainingTimeInMillis: () => (seconds - passed) * 1000 }
    const { timeLeft } = during(lambdaRuntime(vendors.accelo, environment), context, most)
    passed = gone
    return timeLeft()
  }

  it('has the time that Lambda gives it', () => {
    expect([left(300, 0), left(300, 299), left(300, 301)]).toEqual([300, 1, -1])
  })

  it('has less where it may take less, counted from its start', () => {
    expect([left(300, 0, 20), left(300, 19, 20), left(300, 21, 20)]).toEqual([20, 1, -1])
  })

  it('has no more than Lambda gives it, whatever it may take', () => {
    expect([left(12, 0, 20), left(12, 11, 20)]).toEqual([12, 1])
  })

  it('that answers a call is over before the gateway gives up, a little later with single-use refresh tokens', () => {
    const seconds = Object.values(vendors).map((vendor) => [vendor.id, callSeconds(vendor)])
    expect(Object.fromEntries(seconds)).toEqual({ accelo: 20, accessia: 20, clearid: 20, iobeya: 20, netrex: 28 })
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
    metrics.clearMetrics()
  })

  /** What a function sends and logs when credentials end soon and no service but the table takes what it sends. */
  async function notified(more: Readonly<Record<string, string>>) {
    const sent: string[] = []
    const logged: string[] = []
    const server = await listenOnLoopback(0, (request, response) => {
      readBody(request).then((body) => {
        const isTable = String(request.headers['x-amz-target']).startsWith('DynamoDB')
        if (!isTable) sent.push(decodeURIComponent(`${body}`.replaceAll('+', ' ')))
        response.writeHead(isTable ? 200 : 400).end(isTable ? '{}' : '')
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
      const now = new Date()
      const ends = { since: secondsAfter(now, -365 * DAY_SECONDS), until: secondsAfter(now, 7 * DAY_SECONDS) }
      const step = rungAt(ends, now)
      await lambdaRuntime(vendors.iobeya, { ...environment, ...more }).observe({
        kind: 'credentials_end',
        connection: { vendor: vendors.iobeya, name: 'main' },
        state: newState,
        ends,
        daysLeft: 7,
        ...(step && { step }),
      })
      return { sent: sent.join('\n'), logged: logged.join('').split('\n').filter(Boolean) }
    } finally {
      for (const spy of spies) spy.mockRestore()
      await server.close()
    }
  }

  it('name the stack and the region, and point to its runbook', async () => {
    const { sent } = await notified({
      VENDOMAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:mail',
      VENDOMAT_CHAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:chat',
      VENDOMAT_STACK: 'vendomat-prod',
      VENDOMAT_RUNBOOK: 'https://git.example/RUNBOOK.md',
    })
    expect(sent).toContain('Runbook: https://git.example/RUNBOOK.md#credentials-end\nStack vendomat-prod, eu-west-1')
    expect(sent).toContain('TopicArn=arn:aws:sns:eu-west-1:111122223333:chat')
    expect(sent).toContain('"Source":"vendomat"')
  })

  it('point to the runbook of the repository where no other is named', async () => {
    const { sent } = await notified({ VENDOMAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:mail', VENDOMAT_RUNBOOK: '' })
    expect(sent).toContain('Runbook: lib/RUNBOOK.md#credentials-end\neu-west-1')
  })

  it('that cannot be sent are logged, one line for each channel, by the name of the fault alone', async () => {
    const { logged } = await notified({ VENDOMAT_TOPIC: 'arn:aws:sns:eu-west-1:111122223333:mail' })
    expect(metrics.serializeMetrics()).toMatchObject({ NoticesLost: 1, DaysToExpiry: 7 })
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
