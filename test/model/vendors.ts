import * as z from 'zod/mini'
import { VendingError } from '../../functions/kit/errors.ts'
import { secret } from '../../functions/kit/schema.ts'
import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import {
  type Context,
  defineVendor,
  type Issued,
  type Vendor,
  type VendorDefinition,
} from '../../functions/kit/vendor.ts'
import { issuedFrom } from '../../functions/oauth/grants.ts'
import { member, RFC_6749, readAnswer, type TokenShape } from '../../functions/oauth/token-answer.ts'
import type { Answer } from '../../functions/oauth/whole-answer.ts'
import type { VendorKind } from './plan.ts'
import { GRANT_SECONDS } from './server.ts'

/** What goes over the wire of the model. */
export interface WireRequest {
  readonly grant: 'client' | 'refresh' | 'code' | 'liveness' | 'revoke'
  readonly account: string
  readonly password?: string
  readonly refreshToken?: string
  readonly code?: string
  readonly token?: string
}

export interface WireAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly retryAfterSeconds?: number
}

/** How a value of this file reaches its server: the engine hands it on as `context.http`. */
export type Wire = (request: WireRequest, signal: AbortSignal) => Promise<WireAnswer>

/** Asks the server. Every failure of the network is the one that `wholeAnswer` makes of it. */
async function ask(request: WireRequest, context: Context): Promise<Answer> {
  // The model's runtime hands a Wire in as `http`, and only the vendors of this file use it.
  const wire = context.http as unknown as Wire
  try {
    const { status, body, retryAfterSeconds } = await wire(request, context.signal)
    return {
      status,
      contentType: 'application/json',
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      text: new Secret(JSON.stringify(body)),
    }
  } catch (error) {
    if (error instanceof VendingError) throw error
    throw new VendingError('vendor_unavailable', 'the vendor did not answer in time')
  }
}

const SHAPE: TokenShape = {
  ...RFC_6749,
  judge: (error) => (error === 'doubtful' ? { code: 'grant_doubtful', strikes: 3 } : undefined),
}

async function obtain(request: WireRequest, context: Context): Promise<Issued> {
  const sentAt = context.now()
  const answer = await ask(request, context)
  const issued = issuedFrom(answer, { shape: SHAPE, sentAt }, context)
  const left = member(readAnswer(answer, SHAPE), 'refresh_token_expires_in')
  return { ...issued, ...(typeof left === 'number' && { grantEndsAt: secondsAfter(sentAt, left) }) }
}

const credentials = z.object({ account: z.string(), password: secret })
type Login = z.output<typeof credentials>

const rotation = { credential: 'password', before: ['Make a new password.'], after: [] }

const facts = (id: string) => ({ id, title: 'Model', hosts: ['model.example'], rotation, credentials })

const login = ({ account, password }: Login) => ({ account, password: password.reveal() })

const revocation = (ends: 'token' | 'grant'): NonNullable<VendorDefinition<Login>['revocation']> => ({
  ends,
  revoke: async (document, token, context) => {
    readAnswer(await ask({ grant: 'revoke', ...login(document), token: token.reveal() }, context))
  },
})

const LONGEST_LIFE = 24 * 3600

/** Client credentials, cached in the table. */
const table = defineVendor({
  ...facts('table'),
  tokens: { storage: 'table', maxLifeSeconds: LONGEST_LIFE },
  revocation: revocation('token'),
  issue: (document, _refreshToken, context) => obtain({ grant: 'client', ...login(document) }, context),
})

/** A person consents; every use of the refresh token gives another, and a used one that comes again ends the grant. */
const rotating = defineVendor({
  ...facts('rotating'),
  tokens: {
    storage: 'table',
    maxLifeSeconds: LONGEST_LIFE,
    singleUseRefreshToken: true,
    grant: { maxSeconds: GRANT_SECONDS.most },
  },
  revocation: revocation('grant'),
  issue: (document, refreshToken, context) => {
    if (!refreshToken) throw new VendingError('not_connected', 'nobody has connected this account yet')
    return obtain({ grant: 'refresh', ...login(document), refreshToken: refreshToken.reveal() }, context)
  },
  authorization: {
    url: async ({ account }, { state, redirectUri = 'http://127.0.0.1:1/' }) =>
      new URL(`https://model.example/auth?account=${account}&state=${state}&redirect_uri=${redirectUri}`),
    tokenEndpoint: async () => new URL('https://model.example/token'),
    exchange: (document, { code }, context) =>
      obtain({ grant: 'code', ...login(document), code: code.reveal() }, context),
  },
})

/** A refresh token that may be used again and again, and the password when it is refused or missing. */
const lenient = defineVendor({
  ...facts('lenient'),
  tokens: { storage: 'table', maxLifeSeconds: LONGEST_LIFE },
  revocation: revocation('token'),
  issue: (document, refreshToken, context) =>
    refreshToken
      ? obtain({ grant: 'refresh', ...login(document), refreshToken: refreshToken.reveal() }, context)
      : obtain({ grant: 'client', ...login(document) }, context),
})

/** Its tokens stay in memory. */
const memory = defineVendor({
  ...facts('memory'),
  tokens: { storage: 'memory', maxLifeSeconds: LONGEST_LIFE, refreshAfter: 0.5 },
  issue: (document, _refreshToken, context) => obtain({ grant: 'client', ...login(document) }, context),
})

/** The password is the token. */
const fixed = defineVendor({
  ...facts('static'),
  tokens: { storage: 'table', maxLifeSeconds: 366 * 24 * 3600 },
  isStatic: () => true,
  issue: async ({ password }, _refreshToken, context) => {
    const at = context.now().getTime()
    const days = 24 * 3600 * 1000
    return {
      accessToken: {
        value: password,
        issuedAt: new Date(at - 100 * days),
        expiresAt: new Date(at + 200 * days),
        context: {},
      },
    }
  },
  liveness: async ({ account }, { value }, context) => {
    const { status } = await ask({ grant: 'liveness', account, token: value.reveal() }, context)
    if (status === 200) return 'alive'
    if (status === 401) return 'refused'
    throw new VendingError('vendor_unavailable', 'the vendor does not say whether it takes the token')
  },
})

export const VENDORS: Readonly<Record<VendorKind, Vendor>> = { table, rotating, lenient, memory, static: fixed }
