/** What one piece of work asks of the services that bill by the call. */
export interface Calls {
  /** Of the table, strongly consistent reads of up to 4 KB being one and others a half. */
  readonly readUnits: number
  /** Of the table and its index, each up to 1 KB. */
  readonly writeUnits: number
  /** Of the key service, for data keys. */
  readonly keyCalls: number
  readonly secretCalls: number
}

/**
 * What the machine does, as test/lib/cost/counted.test.ts counts it over the real adapters: that test fails when one of
 * these is not true any more. With access tokens of 1,000 characters.
 */
export const COUNTED = {
  /** A vend from the table by a process that has opened a token of this connection within the hour. */
  tableVend: { readUnits: 1, writeUnits: 0, keyCalls: 0, secretCalls: 0 },
  /** A vend from the table by a process that has not. */
  quietVend: { readUnits: 1, writeUnits: 0, keyCalls: 1, secretCalls: 0 },
  /** A sweep that finds nothing due, and no check to go on with. */
  emptySweep: { readUnits: 1.5, writeUnits: 0, keyCalls: 0, secretCalls: 0 },
  /** What each renewal adds to the sweep that finds it due. */
  renewal: { readUnits: 2, writeUnits: 6, keyCalls: 1, secretCalls: 1 },
  /** What each connection adds to the daily check. */
  check: { readUnits: 0.5, writeUnits: 0, keyCalls: 0, secretCalls: 1 },
  /** How long a process serves its copy, and keeps a data key that it has opened. */
  seconds: { copy: 5, openKey: 3600 },
  /** What a hit writes to the function's log, and a sweep that finds nothing. */
  logBytes: { hit: 300, sweep: 330 },
  /** For so many metrics the function of one vendor has data in a month without failures. */
  metrics: 12,
  /** What the synthesised template has, with the five vendors. */
  stack: {
    ...{ keys: 3, dashboards: 1, alarmMetrics: 45, schedules: 10, topics: 1, queues: 1, vendors: 5 },
    memoryMegabytes: 512,
  },
  /** How long the template has logs kept. */
  logDays: { functions: 90, gateway: 400 },
} as const satisfies Readonly<Record<string, Calls | number | Readonly<Record<string, number>>>>
