import {
  answer,
  jsonObject,
  type VendorAnswer,
  type VendorCall,
  type VendorSimulator,
} from '../../../functions/simulation/vendor-simulator.ts'
import type { FaultName, ScriptedFault } from './fault-request.ts'

/** What goes over the wire, and how. */
export type Outcome =
  | { readonly delivery: 'whole' | 'drip' | 'truncated'; readonly answer: VendorAnswer }
  | { readonly delivery: 'hang' | 'reset' }

interface Scene {
  readonly fault: ScriptedFault
  readonly simulator: VendorSimulator
  readonly call: VendorCall
  readonly trapUrl: string
}

const whole = (answer: VendorAnswer): Outcome => ({ delivery: 'whole', answer })
const asUsual = async ({ simulator, call }: Scene) => simulator.respond(call)
const htmlPage = (status: number, title: string) =>
  whole(answer(status, `<!doctype html><title>${title}</title><h1>${title}</h1>`, { 'Content-Type': 'text/html' }))

const outcomes: Readonly<Record<FaultName, (scene: Scene) => Outcome | Promise<Outcome>>> = {
  'status-500': (scene) => failing(500, scene),
  'status-503': (scene) => failing(503, scene),
  'status-429': (scene) => failing(429, scene, 30),
  // The vendor does not see these two calls. It sees those of drip and truncated: only its answer is lost.
  hang: () => ({ delivery: 'hang' }),
  reset: () => ({ delivery: 'reset' }),
  drip: async (scene) => ({ delivery: 'drip', answer: await asUsual(scene) }),
  truncated: async (scene) => ({ delivery: 'truncated', answer: await asUsual(scene) }),
  html: () => htmlPage(200, 'Service unavailable'),
  'html-404': () => htmlPage(404, 'Not Found'),
  empty: () => whole(answer(200, '')),
  'error-in-200': ({ fault, simulator }) =>
    whole(answer(200, fault.value === undefined ? simulator.refusedClient.body : fault.value)),
  huge: async (scene) =>
    whole(answer(200, { ...membersOf(await asUsual(scene)), padding: 'x'.repeat(2 * 1024 * 1024) })),
  redirect: ({ trapUrl }) => whole(answer(302, '', { Location: trapUrl })),
  'invalid-client': ({ simulator }) => whole(simulator.refusedClient),
  'expires-in': async (scene) =>
    whole(await asUsual({ ...scene, call: { ...scene.call, lifetime: scene.fault.value } })),
  'no-token': async (scene) => {
    const { [scene.simulator.tokenMember ?? '']: _token, ...rest } = membersOf(await asUsual(scene))
    return whole(answer(200, rest))
  },
  delay: async (scene) => whole(await asUsual(scene)),
  // The answer of a vendor whose clock is wrong, as far as a client can see it.
  'date-skew': async (scene) => {
    const usual = await asUsual(scene)
    const date = new Date(scene.call.now.getTime() + Number(scene.fault.value) * 1000)
    return whole({ ...usual, headers: { ...usual.headers, Date: date.toUTCString() } })
  },
}

export const outcomeUnder = async (scene: Scene): Promise<Outcome> => outcomes[scene.fault.fault](scene)

function failing(status: number, { fault }: Scene, usualRetryAfter?: number): Outcome {
  const retryAfter = fault.retry_after ?? usualRetryAfter
  const body = { error: 'server_error', error_description: 'A scripted fault.' }
  return whole(answer(status, body, retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }))
}

const membersOf = ({ body }: VendorAnswer) => jsonObject(JSON.stringify(body)) ?? {}
