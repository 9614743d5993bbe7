import { type Judgement, RFC_6749, type TokenShape } from '../oauth/token-answer.ts'

// vendors.md 4.4: {"error": free text} for an invalid request as for a fault of the system, with whatever status.

const CONNECT = 'run "npx vendomat connect netrex <connection>"'
const APPLICATION = 'check the id and secret of the OAuth2 application in NetRex, under </> API'

/** A refusal by status is believed the second time in a row, one that comes with a 200 the third time. */
export const REFRESH: TokenShape = {
  ...RFC_6749,
  judge: (error, status) => {
    if (error === undefined) return withoutError(status)
    if (error === 'invalid_grant' || error === 'invalid_client') return undefined
    if ([400, 401, 403].includes(status)) return { code: 'grant_doubtful', strikes: 2 }
    return status < 300 ? { code: 'grant_doubtful', strikes: 3 } : undefined
  },
  advice: {
    credential_rejected: APPLICATION,
    grant_doubtful: `it does not say whether the grant is over or the fault its own; if this goes on, ${CONNECT}`,
    grant_rejected: CONNECT,
  },
}

/** The code may be spent whatever was wrong, so a new one is the only way on. */
export const EXCHANGE: TokenShape = {
  ...RFC_6749,
  judge: (error, status) => {
    if (error === undefined) return withoutError(status)
    return error === 'invalid_client' ? undefined : { code: 'grant_rejected' }
  },
  advice: {
    credential_rejected: APPLICATION,
    grant_rejected: 'start again; the code may be spent',
  },
}

const END_BY_HAND = 'look in NetRex whether the access is still there, and end it there'

/** No client proves itself here, so nothing that comes back is about our credentials. */
export const REVOCATION: TokenShape = {
  ...RFC_6749,
  judge: (error, status) => {
    if (error === undefined) return withoutError(status)
    return status < 500 ? { code: 'vendor_malformed' } : { code: 'vendor_unavailable' }
  },
  advice: {
    vendor_malformed: `the end of the grant is not confirmed; ${END_BY_HAND}`,
    vendor_unavailable: 'the end of the grant is not confirmed',
  },
}

/** Nobody at NetRex speaks without `error`: a 401 or 403 that does is from something in between. */
const withoutError = (status: number): Judgement | undefined =>
  status === 401 || status === 403 ? { code: 'vendor_malformed' } : undefined
