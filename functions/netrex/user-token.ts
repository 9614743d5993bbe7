import { NEVER } from '../kit/time.ts'
import type { Issued } from '../kit/vendor.ts'
import { staticToken } from '../oauth/static-token.ts'
import type { UserToken } from './credentials.ts'
import { contextOf } from './host.ts'

/** NetRex documents no lifetime of a user token, so none is assumed: without a date from a person it has no end. */
export const issuedUserToken = ({ user_token: token, expires_on: endsOn }: UserToken, host: URL, now: Date): Issued =>
  staticToken({
    token,
    endsOn,
    endsOtherwise: NEVER,
    context: contextOf(host),
    now,
  })
