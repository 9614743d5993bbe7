import { NEVER } from '../core/token.ts'
import type { Issued } from '../core/vendor.ts'
import { storedToken } from '../oauth/stored-token.ts'
import type { UserToken } from './credentials.ts'
import { contextOf } from './host.ts'
import { ROTATION } from './rotation.ts'

// The life of a user token is not documented, so none is made up: without a date from a person it has no end.
export const stored = ({ user_token: token, expires_on: endsOn }: UserToken, host: URL, now: Date): Issued =>
  storedToken({
    token,
    endsOn,
    endsOtherwise: NEVER,
    context: contextOf(host),
    rotation: ROTATION,
    now,
  })
