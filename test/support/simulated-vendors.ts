import { answer, type VendorAnswer, type VendorCall } from '../../functions/simulation/vendor-simulator.ts'
import { simulatedVendors as simulated } from '../../lib/local/simulated-vendors.ts'

const vendors = await simulated()

export interface SeenCall {
  readonly vendor: string
  readonly path: string
  readonly at: Date
}

/** All simulated vendors behind one `fetch` without a socket, on the test's clock. */
export function simulatedVendors(now: () => Date) {
  const simulators = [...vendors.values()].map(({ simulator }) => simulator())
  const calls: SeenCall[] = []
  let broken: ((call: VendorCall) => VendorAnswer | undefined) | undefined
  const http: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const { host, pathname: path, searchParams: query } = new URL(request.url)
    const simulator = simulators.find((each) => each.answersFor(host))
    if (!simulator) throw new TypeError(`nobody answers for ${host}`)
    const headers = Object.fromEntries(request.headers)
    const call = { method: request.method, host, path, query, headers, body: await request.text(), now: now() }
    calls.push({ vendor: simulator.vendor, path, at: call.now })
    const { status, headers: given, body } = broken?.(call) ?? (await simulator.respond(call))
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return new Response(text, { status, headers: { 'content-type': 'application/json', ...given } })
  }
  return {
    http,
    calls,
    /** As a person does in the vendor's own pages. */
    revoke: (vendor: string, token: string) => simulators.find((each) => each.vendor === vendor)?.revoke(token),
    /** From now on the vendors answer what `by` says, where it says something. */
    breakDown: (by: (call: VendorCall) => VendorAnswer | undefined) => {
      broken = by
    },
    mend: () => {
      broken = undefined
    },
  }
}

export const outage = (): VendorAnswer => answer(503, 'Service unavailable', { 'content-type': 'text/html' })
