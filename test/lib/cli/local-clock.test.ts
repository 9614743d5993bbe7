import { secondsAhead } from '../../../lib/cli/local-clock.ts'

const environment = { VENDOMAT_URL: 'http://127.0.0.1:8787/v1', VENDOMAT_SIMULATOR_URL: 'http://127.0.0.1:8789' }

/** Asks in a world where the simulators answer this. Returns what was called. */
async function ask(
  answer: () => Response | Promise<Response>,
  given: Record<string, string | undefined> = environment,
) {
  const calls: string[] = []
  const http: typeof fetch = async (input) => {
    calls.push(String(input))
    return answer()
  }
  return { ahead: await secondsAhead({ environment: given, http }), calls }
}

const month = () => Response.json({ now: '2026-12-20T12:00:00Z', ahead_seconds: 2_592_000 })

describe('the command line', () => {
  it('lives in the time of the machine on this laptop', async () => {
    const { ahead, calls } = await ask(month)
    expect(ahead).toBe(2_592_000)
    expect(calls).toEqual(['http://127.0.0.1:8789/_control/clock'])
  })

  it.each<[string, () => Response | Promise<Response>]>([
    ['have no clock', () => new Response('{"status":404}', { status: 404 })],
    ['answer no JSON', () => new Response('<html>')],
    ['answer a time before ours', () => Response.json({ ahead_seconds: -1 })],
    ['answer no number', () => Response.json({ ahead_seconds: '30' })],
    ['answer a number that is no time', () => Response.json({ ahead_seconds: 1e300 })],
    ['do not answer', () => Promise.reject(new TypeError('fetch failed'))],
  ])('lives in real time when the simulators %s', async (_title, answer) => {
    expect((await ask(answer)).ahead).toBe(0)
  })

  it.each([
    ['no simulators', { VENDOMAT_URL: environment.VENDOMAT_URL }],
    ['no machine', { VENDOMAT_SIMULATOR_URL: environment.VENDOMAT_SIMULATOR_URL }],
    ['a machine in the cloud', { ...environment, VENDOMAT_URL: 'https://x.execute-api.eu-west-1.amazonaws.com/v1' }],
    ['nonsense', { VENDOMAT_URL: 'here', VENDOMAT_SIMULATOR_URL: 'there' }],
  ])('asks nobody with %s in its environment', async (_title, given) => {
    expect(await ask(month, given)).toEqual({ ahead: 0, calls: [] })
  })
})
