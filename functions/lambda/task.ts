import { checkAll, continueCheck } from '../keeper/check.ts'
import { renewDue } from '../keeper/sweep.ts'
import type { Vendor } from '../kit/vendor.ts'
import { recordChecks, recordSweep } from './log.ts'
import type { Machine } from './runtime.ts'

/** What the schedule sends, always the same: it names no connection, so who forges one has only renewed early. */
export interface ScheduledTask {
  readonly task: string
}

/** What the keeper does; loaded by the first call of the schedule. */
export async function runTask(vendor: Vendor, { task }: ScheduledTask, runtime: Machine) {
  switch (task) {
    case 'renew': {
      const sweep = await renewDue(vendor, runtime)
      recordSweep(vendor.id, sweep)
      recordChecks(vendor.id, await continueCheck(vendor, runtime))
      return sweep
    }
    case 'check': {
      const checks = await checkAll(vendor, runtime)
      recordChecks(vendor.id, checks)
      return checks
    }
    default:
      throw new Error('the schedule asked for a task that there is not')
  }
}
