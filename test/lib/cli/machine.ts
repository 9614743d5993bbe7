import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { answer } from '../../../functions/api/app.ts'
import { operationOf } from '../../../functions/api/routes.ts'
import { secretsManagerCredentials } from '../../../functions/aws/credentials.ts'
import { newMemory } from '../../../functions/core/memory.ts'
import type { Vendor } from '../../../functions/kit/vendor.ts'
import { vendors } from '../../../functions/vendors.ts'
import { world } from '../../support/world.ts'

interface Outside {
  /** The vendors. */
  readonly http: typeof fetch
  readonly now: () => Date
  readonly secretPrefix: string
  /** That it has beside ours. */
  readonly described: Readonly<Record<string, Vendor>>
}

/**
 * What the machine answers to a description and a trial, by its own code: with secrets of the account on loopback and rows of its
 * own. As the gateway does, it knows no path of another vendor. Undefined for any other call.
 */
export async function machineAnswer(method: string, path: string, body: string, outside: Outside) {
  const [, area = '', id = '', connection, more] = path.split('/')
  const resource = ['', area, id, ...(connection ? ['{connection}'] : []), ...(more ? [more] : [])].join('/')
  const operation = operationOf(method, resource, id)
  if (operation !== 'describe' && operation !== 'tryVersion') return undefined
  const ids: Readonly<Record<string, Vendor>> = { ...vendors, ...outside.described }
  const vendor = Object.hasOwn(ids, id) ? ids[id] : undefined
  if (!vendor) return new Response('{"message":"Missing Authentication Token"}', { status: 403 })
  const client = new SecretsManagerClient({ region: 'eu-west-1' })
  const { now, http, secretPrefix: prefix } = outside
  const credentials = secretsManagerCredentials(client, { prefix, memory: newMemory(), now })
  const runtime = world({ credentials, http, now, secretPrefix: prefix }).process()
  const request = { operation, requestId: 'r1', caller: 'arn:aws:iam::111122223333:user/ada', query: {}, body }
  const { status, headers, body: text } = await answer(vendor, { ...request, connection }, runtime, () => {})
  client.destroy()
  return new Response(text, { status, headers })
}
