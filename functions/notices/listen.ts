import type { Observation, Observe } from '../core/observation.ts'
import { isFailure } from '../kit/errors.ts'
import type { Vendor } from '../kit/vendor.ts'
import { aboutOf } from './about.ts'
import { connectionFailed, connectionWorked } from './connection-trouble.ts'
import { credentialsWork, lifeEnds } from './credential-end.ts'
import { type Outbox, send } from './once.ts'
import { sweepFailed, sweepWorked } from './sweep-trouble.ts'
import { checkVendor } from './vendor-trouble.ts'

export interface ListenerOptions extends Outbox {
  /** Hears what should not happen: neither a table that does not answer nor a notice that could not be sent. */
  readonly onFault?: ((error: unknown) => void) | undefined
}

/**
 * Notifies people of what they should know among what the engine, consent and the keeper observe. Waits until notices are
 * sent and never rejects: what could not be recorded or sent is tried again with a later observation of the same.
 */
export function noticeListener({ onFault, ...outbox }: ListenerOptions): Observe {
  const checks = sweepChecks(outbox)

  async function bestEffort(notifying: Promise<unknown>): Promise<void> {
    try {
      await notifying
    } catch (error) {
      if (!isFailure(error, 'store_unavailable')) onFault?.(error)
    }
  }

  return async (observation) => {
    if ('state' in observation && observation.state.status === 'disabled') return
    for (const step of stepsFor(observation)) await bestEffort(step())
  }

  /** One that fails keeps no other from being taken. */
  function stepsFor(observation: Observation): readonly (() => Promise<unknown>)[] {
    switch (observation.kind) {
      case 'failed':
        return [() => connectionFailed(observation, outbox)]
      case 'worked':
        return [() => connectionWorked(observation, outbox), () => credentialsWork(observation, outbox)]
      case 'credentials_end':
      case 'grant_ends':
        return [() => lifeEnds(observation, outbox)]
      case 'many_obtained': {
        const { connection, state, count } = observation
        return [() => send({ kind: 'many_obtained', ...aboutOf(connection, state), count }, outbox)]
      }
      case 'swept': {
        const { vendor, fault } = observation
        return [() => (fault === undefined ? checks.well(vendor) : checks.failed(vendor, fault))]
      }
      case 'vendor_called':
      case 'obtained':
      case 'waited':
        return []
    }
  }
}

/**
 * What a sweep is an occasion to check. There is one each minute for every vendor, and each reads the ledger once: a sweep
 * without a fault checks in turn whether sweeps have recovered and whether the vendor has.
 */
function sweepChecks(outbox: Outbox) {
  const turns = new Map<string, 'sweep' | 'vendor'>()
  return {
    async failed(vendor: Vendor, fault: string): Promise<void> {
      turns.set(vendor.id, 'sweep')
      await sweepFailed(vendor, fault, outbox)
    },

    async well(vendor: Vendor): Promise<void> {
      const turn = turns.get(vendor.id) ?? turnAt(outbox.now())
      turns.set(vendor.id, turn === 'sweep' ? 'vendor' : 'sweep')
      await (turn === 'sweep' ? sweepWorked(vendor, outbox) : checkVendor(vendor, outbox))
    },
  }
}

/** In a process that has heard no sweep yet: from one minute to the next it is the other's turn. */
const turnAt = (now: Date): 'sweep' | 'vendor' => (Math.floor(now.getTime() / 60_000) % 2 === 0 ? 'vendor' : 'sweep')
