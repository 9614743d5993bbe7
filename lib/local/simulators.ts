import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { answer, type SimulatedVendor, type VendorAnswer } from '../../functions/simulation/vendor-simulator.ts'
import type { ClockControl } from './clock-control.ts'
import { type Loopback, listenOnLoopback, readBody } from './loopback.ts'
import { simulatedVendors } from './simulated-vendors.ts'
import { control, counted, problem, underControl } from './simulators/control.ts'
import { deliver } from './simulators/delivery.ts'

/** With what a person changes something at `/_control`: no page can send it to another origin without asking (Fetch, CORS). */
const CONTROL_HEADER = 'x-vendomat'
const withoutHeader = problem(403, `Send the header ${CONTROL_HEADER}: 1 along, which no form can.`)

interface SimulatorOptions {
  readonly port: number
  readonly now?: () => Date
  /** Answers `/_control/clock`. @default there is no clock to move */
  readonly clock?: ClockControl
  /** By id. @default those that have a simulator in their folder */
  readonly vendors?: ReadonlyMap<string, SimulatedVendor>
}

/**
 * The vendors on one loopback address. A call to `https://HOST/PATH` comes in as `/HOST/PATH`; `/_control` lists the
 * vendors, `/_control/{vendor}` counts their calls and makes them fail on request, and `/_control/clock` moves the time.
 */
export async function startSimulators(options: SimulatorOptions): Promise<Loopback> {
  const { port, now = () => new Date(), clock, vendors: given = await simulatedVendors() } = options
  const vendors = new Map([...given].map(([id, { simulator }]) => [id, underControl(simulator())]))
  const names = [...vendors.keys()]

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await readBody(request)).toString()
    const [method, url] = [request.method ?? '', request.url ?? '/']
    const [, first = '', second = ''] = url.split(/[/?]/)
    // Vendors use the machine's time, also in `Date`.
    response.setHeader('Date', now().toUTCString())
    if (first === '_control' && method !== 'GET' && !request.headers[CONTROL_HEADER])
      return send(withoutHeader, response)
    if (first === '_control' && second === 'clock' && clock) return send(await clock(method, body), response)
    if (first === '_control') return send(administer(method, second, body), response)
    if (first === '_trap') return send(trap(second), response)

    const host = first.toLowerCase()
    const { pathname, searchParams: query } = new URL(`http://vendor${url.slice(first.length + 1)}`)
    const call = { method, host, path: pathname, query, headers: request.headers, body, now: now() }
    const answering = [...vendors.values()].filter(({ simulator }) => simulator.answersFor(host))
    const vendor = answering.find(({ simulator }) => simulator.knows?.(call)) ?? answering[0]
    if (!vendor) return send(problem(404, `No vendor answers for ${host}; there are ${names.join(', ')}.`), response)
    // A client that follows the redirect of a fault comes to this address, where it is counted.
    const given = await counted(vendor, call, `http://${request.headers.host}/_trap/${vendor.simulator.vendor}`)
    if (given.delayMs > 0) await delay(given.delayMs, response)
    deliver(given, response)
  }

  function administer(method: string, name: string, body: string): VendorAnswer {
    const vendor = vendors.get(name)
    if (vendor) return control(vendor, method, body)
    if (name === '' && method === 'GET') return answer(200, { vendors: names })
    return problem(404, `There is no simulated vendor '${name}'; there are ${names.join(', ')}.`)
  }

  function trap(name: string): VendorAnswer {
    const vendor = vendors.get(name)
    if (vendor) vendor.trap += 1
    return answer(200, {})
  }

  return listenOnLoopback(port, (request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
}

const send = (given: VendorAnswer, response: ServerResponse) => deliver({ delivery: 'whole', answer: given }, response)

/** Rejects when the client leaves first, as it does when the server closes. */
async function delay(ms: number, response: ServerResponse): Promise<void> {
  const left = new AbortController()
  response.once('close', () => left.abort())
  await wait(ms, undefined, { signal: left.signal })
}
