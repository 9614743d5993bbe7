import { hasSingleUse, type TokenPolicy } from './kit/token.ts'

/** The environment of a vendor's function, spelled once: set by the stack, read by functions/lambda. Names, never secrets. */
export const ENV = {
  table: 'VENDOMAT_TABLE',
  envelopeKey: 'VENDOMAT_ENVELOPE_KEY',
  topic: 'VENDOMAT_TOPIC',
  /** Of notices in the schema that chat channels render, where the deployment has one. */
  chatTopic: 'VENDOMAT_CHAT_TOPIC',
  /** Which of several deployments in one account and region this is. Left out where there is one. */
  stage: 'VENDOMAT_STAGE',
  /** Name of the stack, so that who has several knows which one writes. */
  stack: 'VENDOMAT_STACK',
  /** Where people read the runbook, without the `#`. */
  runbook: 'VENDOMAT_RUNBOOK',
  /** Comma-separated domains an operator has approved beside the vendor's own. */
  allowedHosts: 'VENDOMAT_ALLOWED_HOSTS',
  /** Comma-separated private networks that the vendor may be in, in CIDR notation. */
  allowedNetworks: 'VENDOMAT_ALLOWED_NETWORKS',
  /** After how many days without a caller tokens are not renewed ahead of need any more. */
  restAfterDays: 'VENDOMAT_REST_AFTER_DAYS',
  /** Address of the hosted callback's API, where the deployment has one. */
  callbackUrl: 'VENDOMAT_CALLBACK_URL',
  /** Of the hosted callback alone: the names of the functions that exchange codes, by vendor id, as JSON. */
  exchangeFunctions: 'VENDOMAT_EXCHANGE_FUNCTIONS',
  /** What a vendor without code of its own is made of, as JSON. */
  description: 'VENDOMAT_DESCRIPTION',
  /** Local runs only: sends vendor calls to simulators. Refused inside Lambda. */
  simulatorUrl: 'VENDOMAT_SIMULATOR_URL',
} as const

/**
 * Seconds that an invocation may use of a vendor's function. A call has a caller, whom the gateway gives up after 29 s; a
 * renewal with a single-use refresh token gets more of that. A task has none, and gets the time-out of the function: a sweep
 * is done after a minute and a half at most, and a daily check goes on for as long as it is given; but should sweeps hang,
 * no more than five do at once.
 */
export const INVOCATION_SECONDS = { call: 20, callSingleUse: 28, task: 5 * 60 } as const

/** The seconds that a call of the API may take, or the exchange of a code, for which somebody waits as well. */
export const callSeconds = ({ tokens }: { readonly tokens: TokenPolicy }): number =>
  hasSingleUse(tokens) ? INVOCATION_SECONDS.callSingleUse : INVOCATION_SECONDS.call

/**
 * What a stage may be called. Not `callback` at its end: the API of `dev-callback` would have the name of dev's hosted
 * callback, and its metrics.
 */
export const STAGE = /^(?!(.*-)?callback$)[a-z]([a-z0-9-]{0,14}[a-z0-9])?$/

/** What tells a deployment from others in its account and region. */
export interface Names {
  /** `vendomat-dev`: its API, whom its events come from, and what its secrets begin with: `vendomat-dev/accelo/hq`. */
  readonly service: string
  /** `Vendomat-dev`: its metrics, and its stack. */
  readonly namespace: string
}

export const namesOf = (stage: string | undefined): Names => {
  const suffix = stage ? `-${stage}` : ''
  return { service: `vendomat${suffix}`, namespace: `Vendomat${suffix}` }
}
