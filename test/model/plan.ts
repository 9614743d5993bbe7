/** What kind of vendor a run is about: how its tokens are obtained and kept. */
export type VendorKind = 'table' | 'rotating' | 'lenient' | 'memory' | 'static'

/** What happens at one moment of a run. */
export interface Op {
  readonly id: number
  /** Milliseconds from the start of the run. */
  readonly at: number
  readonly kind: OpKind
  /** Which of the processes is asked. */
  readonly process: number
  readonly connection: string
  /** `min_ttl` of a vend, or for how many seconds a window of trouble is open. */
  readonly seconds?: number
  /** Of new credentials, and of a window in which half of what fails was applied. */
  readonly flavour?: 'good' | 'bad' | 'malformed' | 'applied'
  /** The run makes no sense without it: it is never dropped when a trace is made shorter. */
  readonly needed?: true
}

export type OpKind =
  | 'vend'
  | 'report'
  | 'sweep'
  | 'check'
  | 'consent'
  | 'finish'
  | 'revoke'
  | 'disable'
  | 'enable'
  | 'trial'
  | 'list'
  | 'show'
  // Not calls of the machine, but what happens around it.
  | 'new secret'
  | 'delete secret'
  | 'refuse all'
  | 'table down'
  | 'secrets down'
  | 'vendor down'

/** What goes wrong at one await of one invocation. */
export interface Fault {
  readonly op: number
  /** Hits the first await that it fits from this one on. */
  readonly index: number
  readonly kind: FaultKind
  /** 0 to 1: how long, or how late. */
  readonly amount: number
}

export type FaultKind =
  | 'kill before'
  | 'kill after'
  | 'freeze'
  | 'error before'
  | 'error after'
  | 'repeat'
  | 'throttled'
  | 'slow table'
  | 'vendor 5xx'
  | 'lost answer'
  | 'retry after'
  | 'slow vendor'
  | 'unusable'
  | 'tiny life'
  | 'doubtful'

export interface Plan {
  readonly seed: number
  readonly scenario: string
  readonly vendor: VendorKind
  readonly connections: readonly string[]
  /** Of every token that the vendor gives. */
  readonly lifeSeconds: number
  /** How long the vendor usually takes. */
  readonly vendorMs: number
  /** One way to the table and back takes at most so long. */
  readonly tableMs: number
  /** What each process's clock is off, in seconds. */
  readonly skews: readonly number[]
  /** Nothing goes wrong any more after it. */
  readonly quietAt: number
  /** At the end everybody is asked once more, and has to be served or told the truth. */
  readonly probes: boolean
  readonly ops: readonly Op[]
  readonly faults: readonly Fault[]
}
