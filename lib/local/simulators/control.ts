import {
  answer,
  jsonObject,
  type VendorAnswer,
  type VendorCall,
  type VendorSimulator,
} from '../../../functions/simulation/vendor-simulator.ts'
import { faultHelp, faultRequest, type ScriptedFault } from './fault-request.ts'
import { type Outcome, outcomeUnder } from './faults.ts'

/** One vendor under control: its calls so far, the faults to come, and how many followed a redirect. */
export interface ControlledVendor {
  readonly simulator: VendorSimulator
  total: number
  byPath: Record<string, Record<string, number>>
  faults: ScriptedFault[]
  trap: number
}

export const underControl = (simulator: VendorSimulator): ControlledVendor => ({
  simulator,
  total: 0,
  byPath: {},
  faults: [],
  trap: 0,
})

/** The vendor's answer, or that of the first fault aimed at this path, counted under the status that is sent. */
export async function counted(
  vendor: ControlledVendor,
  call: VendorCall,
  trapUrl: string,
): Promise<Outcome & { delayMs: number }> {
  const { simulator } = vendor
  const fault = vendor.faults.find(({ path }) => (path ? call.path.includes(path) : simulator.isTokenPath(call.path)))
  if (fault) vendor.faults = vendor.faults.flatMap((queued) => (queued === fault ? usedOnce(fault) : [queued]))
  const outcome: Outcome = fault
    ? await outcomeUnder({ fault, simulator, call, trapUrl })
    : { delivery: 'whole', answer: await simulator.respond(call) }

  vendor.total += 1
  const name = `${call.method} ${call.path}`
  const status = 'answer' in outcome ? outcome.answer.status : 'none'
  vendor.byPath[name] = { ...vendor.byPath[name], [status]: (vendor.byPath[name]?.[status] ?? 0) + 1 }
  return { ...outcome, delayMs: fault?.delay_ms ?? 0 }
}

/** `GET` reads, `POST` adds a fault, `DELETE` removes all faults and counts. Each answers the state that follows. */
export function control(vendor: ControlledVendor, method: string, body: string): VendorAnswer {
  if (method === 'POST') return script(vendor, body)
  if (method === 'DELETE') {
    vendor.simulator.forget?.()
    Object.assign(vendor, underControl(vendor.simulator))
  } else if (method !== 'GET') return problem(405, 'Use GET, POST or DELETE here.')
  return view(vendor)
}

function script(vendor: ControlledVendor, body: string): VendorAnswer {
  const { simulator } = vendor
  const request = faultRequest.safeParse(jsonObject(body))
  if (!request.success) return problem(400, faultHelp)
  const { data } = request
  if (data.fault === 'revoke-all') simulator.revokeAll()
  else if (data.fault === 'revoke') simulator.revoke(data.value)
  else if (data.fault === 'rotation') {
    if (!simulator.rotate) return problem(400, `${simulator.vendor} has no refresh tokens that could rotate.`)
    simulator.rotate(data.value)
  } else if (!simulator.tokenMember && (data.fault === 'expires-in' || data.fault === 'no-token')) {
    return problem(400, `${simulator.vendor} answers no token that ${data.fault} could change.`)
  } else vendor.faults.push(data)
  return view(vendor)
}

const usedOnce = (fault: ScriptedFault): ScriptedFault[] => {
  if (fault.times === -1) return [fault]
  return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : []
}

const view = ({ simulator, total, byPath, faults, trap }: ControlledVendor) =>
  answer(200, { calls: { total, byPath }, faults, trap, ...simulator.seen?.() })

/** RFC 9457. */
export const problem = (status: number, detail: string) =>
  answer(
    status,
    { title: 'The simulator cannot do that', status, detail },
    { 'Content-Type': 'application/problem+json' },
  )
