import { Secret } from '../../functions/kit/secret.ts'
import { secondsAfter } from '../../functions/kit/time.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import type { answerCallback, CallbackEvent } from '../../functions/lambda/callback.ts'
import { fakeVendor } from './world.ts'

export const CALLBACK_URL = 'https://callback.example/v1'
export const CODE = 'canary-code'
export const ADA = 'arn:aws:iam::000000000000:role/ada'

export type Asked = Readonly<Record<string, readonly string[]>>

export interface Details {
  readonly method?: string
  readonly resource?: string
  readonly vendor?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export const BEGIN = { resource: '/oauth/{vendor}/begin' }

/** A call as the gateway hands it over. */
export function callbackCall(query: Asked, { vendor = '', ...details }: Details): CallbackEvent {
  const { method = 'GET', resource = '/oauth/{vendor}/callback', headers = {} } = details
  return {
    httpMethod: method,
    resource,
    pathParameters: vendor === '' ? null : { vendor },
    headers: { ...headers },
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    multiValueQueryStringParameters: Object.fromEntries(
      Object.entries(query).map(([name, values]) => [name, [...values]]),
    ),
  }
}

type Answer = Awaited<ReturnType<typeof answerCallback>>

/** Where the browser is sent, without the support id, which is another each time. */
export const placeOf = ({ headers }: Answer): string => String(headers?.location).replace(/&id=[0-9a-f]{12}$/, '')

/** All that a browser is answered, but for the support id. */
export const seenOf = (answer: Answer) => ({ ...answer, headers: { ...answer.headers, location: placeOf(answer) } })

/** A vendor that wants consent, and the codes that it was sent. What it is asked to do instead, it does. */
export function consentingVendor(id = 'acme') {
  const exchanged: { code: string; redirectUri: string }[] = []
  const server: { page: string; endpoint: string; issuer?: string | undefined; fails: boolean } = {
    page: `https://${id}.example/auth`,
    endpoint: `https://${id}.example/token`,
    fails: false,
  }
  const vendor: Vendor = {
    ...fakeVendor({ id, policy: { singleUseRefreshToken: true } }).vendor,
    authorization: {
      url: async (_, { redirectUri = '', state }) =>
        new URL(`${server.page}?scope=a%20b&state=${state}&redirect_uri=${encodeURIComponent(redirectUri)}`),
      tokenEndpoint: async () => new URL(server.endpoint),
      issuer: async () => server.issuer,
      exchange: async (_, { code, redirectUri }, { now }) => {
        exchanged.push({ code: code.reveal(), redirectUri })
        if (server.fails) throw new Error('the vendor is gone')
        const accessToken = { value: new Secret('canary-token'), issuedAt: now(), context: {} }
        return {
          accessToken: { ...accessToken, expiresAt: secondsAfter(now(), 3600) },
          refreshToken: new Secret('canary-refresh'),
        }
      },
    },
  }
  return { vendor, exchanged, server }
}
