/**
 * One process of a stampede (fleet.ts): obtains a token in one of several ways for so many callers at once, and says how
 * long each of them took. `engine` is the machine as it is deployed; the others are what services do without it.
 */

import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { OAuth2Client } from 'google-auth-library'
import * as openid from 'openid-client'
import { ClientCredentials } from 'simple-oauth2'
import { vend } from '../../functions/core/vend.ts'
import { lambdaRuntime } from '../../functions/lambda/runtime.ts'
import { vendors } from '../../functions/vendors.ts'
import type { Order, Way } from './fleet.ts'

const { VENDOMAT_SIMULATOR_URL = '', VENDOMAT_TABLE = '' } = process.env
const base = lambdaRuntime(vendors.accelo, process.env)
const table = new DynamoDBClient({})
const client = { id: 'app', secret: 'local-secret' }

async function engine({ connection, rejected, ahead = 0, persists }: Order): Promise<string> {
  const runtime = { ...base, now: () => new Date(Date.now() + ahead * 1000) }
  const request = {
    connection: { vendor: vendors.accelo, name: connection },
    minTtlSeconds: 0,
    ...(rejected !== undefined && { rejected }),
  }
  for (;;) {
    try {
      return (await vend(request, runtime)).token.accessToken.value.fingerprint
    } catch (error) {
      if (!persists || !['busy', 'store_unavailable'].includes(faultOf(error))) throw error
      await base.sleep(0.05)
    }
  }
}

/** Looks into the table, asks the vendor, writes what came: each caller for itself. */
async function withoutLease({ connection }: Order): Promise<string> {
  const Key = { pk: { S: `plain#${connection}` }, sk: { S: 'TOKEN' } }
  const { Item } = await table.send(new GetItemCommand({ TableName: VENDOMAT_TABLE, Key, ConsistentRead: true }))
  if (Item?.token?.S) return Item.token.S
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.id,
    client_secret: client.secret,
  })
  const answer = await fetch(`${VENDOMAT_SIMULATOR_URL}/token`, { method: 'POST', body })
  const { access_token: token } = JSON.parse(await answer.text())
  await table.send(new PutItemCommand({ TableName: VENDOMAT_TABLE, Item: { ...Key, token: { S: token } } }))
  return token
}

/** Each library as its users keep it: one client in each process, and the token beside it. */
function libraryClient(way: Way): () => Promise<string> {
  if (way === 'simple-oauth2') {
    const auth = { tokenHost: VENDOMAT_SIMULATOR_URL, tokenPath: '/token' }
    const credentials = new ClientCredentials({ client, auth })
    let held: Awaited<ReturnType<typeof credentials.getToken>> | undefined
    return async () => {
      if (!held || held.expired(60)) held = await credentials.getToken({})
      return `${held.token.access_token}`
    }
  }
  if (way === 'openid-client') {
    const server = { issuer: VENDOMAT_SIMULATOR_URL, token_endpoint: `${VENDOMAT_SIMULATOR_URL}/token` }
    const configuration = new openid.Configuration(server, client.id, client.secret)
    openid.allowInsecureRequests(configuration)
    let held: (openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers) | undefined
    return async () => {
      if (!held || (held.expiresIn() ?? 0) < 60) held = await openid.clientCredentialsGrant(configuration)
      return held.access_token
    }
  }
  const google = new OAuth2Client({
    ...{ clientId: client.id, clientSecret: client.secret },
    endpoints: { oauth2TokenUrl: `${VENDOMAT_SIMULATOR_URL}/token` },
  })
  google.setCredentials({ refresh_token: 'r' })
  return async () => `${(await google.getAccessToken()).token}`
}

const faultOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error ? `${error.code}` : error.name) : String(error)

process.on('message', async (order: Order) => {
  const library = order.way === 'engine' || order.way === 'no lease' ? undefined : libraryClient(order.way)
  const obtain = library ?? (() => (order.way === 'engine' ? engine(order) : withoutLease(order)))
  const report = await Promise.all(
    Array.from({ length: order.callers }, async () => {
      const startedAt = performance.now()
      const got = await obtain().then(
        (token) => ({ token }),
        (error: unknown) => ({ fault: faultOf(error) }),
      )
      return { ms: performance.now() - startedAt, ...got }
    }),
  )
  process.send?.(report)
})
process.send?.('ready')
