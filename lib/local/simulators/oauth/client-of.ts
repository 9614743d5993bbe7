import { jsonObject, type VendorCall } from '../../../../functions/simulation/vendor-simulator.ts'

export type Parameters = Readonly<Partial<Record<string, string>>>

/** The client that a request says it is of, in whichever way: vendors that share a host are told apart by it. */
export function clientOf({ query, headers, body }: VendorCall): unknown {
  const sent: Readonly<Record<string, unknown>> = jsonObject(body) ?? Object.fromEntries(new URLSearchParams(body))
  const [, basic = ''] = /^Basic (.+)$/i.exec(headers.authorization ?? '') ?? []
  const [user = ''] = Buffer.from(basic, 'base64').toString().split(':')
  const [, claims = ''] = String(sent.client_assertion ?? sent.assertion ?? '').split('.')
  const { iss } = jsonObject(Buffer.from(claims, 'base64url').toString()) ?? {}
  return query.get('client_id') ?? sent.client_id ?? (user || iss)
}
