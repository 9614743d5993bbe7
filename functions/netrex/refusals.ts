import { type Judgement, RFC_6749, type TokenShape } from '../oauth/token-answer.ts'

// NetRex knowledge base, "OAuth2 authorization", 2026-11: {"error": free text} means an invalid request or a system
// error. The page names no status.

const CONNECT = 'a person has to connect the account again'
const APPLICATION = 'check the id and secret of the OAuth2 application in NetRex, under </> API'

/** A refusal with 400, 401 or 403 counts from the second in a row, one with a 2xx from the third. */
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

/** Whatever was wrong, the code may be spent: a person has to start again. */
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

/** A revocation carries no client credentials, so no answer is about them. */
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

/** NetRex documents no refusal without `error`: a 401 or 403 without one comes from something in between. */
const withoutError = (status: number): Judgement | undefined =>
  status === 401 || status === 403 ? { code: 'vendor_malformed' } : undefined
