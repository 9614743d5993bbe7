/* All that the API does beside vending, in one place: a vend from the table loads none of it. */
export { beginConsent, beginHostedConsent, CONSENT_SECONDS, finishConsent } from '../consent/consent.ts'
export { ACKNOWLEDGEMENT, AUTHORIZATION, KEEP_WARM, OWNER, REFRESH, STATUS, TRIAL } from './bodies.ts'
export { checkNow, setKeepWarm, setOwner, setStatus, takeAcknowledgement } from './commands.ts'
export { list, show } from './connections.ts'
export { describe } from './describe.ts'
export { remove } from './remove.ts'
export { revoke } from './revoke.ts'
export { tryVersion } from './trial.ts'
