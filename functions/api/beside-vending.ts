/* All that the API does beside vending, in one place: a vend from the table loads none of it. */
export { beginConsent, beginHostedConsent, CONSENT_SECONDS, finishConsent } from '../consent/consent.ts'
export { AUTHORIZATION, CHANGE, REFRESH } from './bodies.ts'
export { change, list, show } from './connections.ts'
export { remove } from './remove.ts'
export { revoke } from './revoke.ts'
