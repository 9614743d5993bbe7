/**
 * The baseline: what one writes in an afternoon with the packages that the functions have. Every client is imported and
 * made at the start, a table hit is one Query, and the token is a JWE of jose under a data key from KMS. With `NAIVE_KEY`
 * in the environment it calls no KMS.
 */
import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import middy from '@middy/core'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { CompactEncrypt, compactDecrypt, decodeJwt } from 'jose'

const { VENDOMAT_TABLE: table = '', VENDOMAT_ENVELOPE_KEY: keyId = '', NAIVE_KEY: naiveKey } = process.env
const logger = new Logger({ serviceName: 'naive' })
const metrics = new Metrics({ namespace: 'Naive', serviceName: 'naive' })
const dynamo = new DynamoDBClient({})
const kms = new KMSClient({})
const secrets = new SecretsManagerClient({})
const dataKeys = new Map<string, Uint8Array>()

async function vend(event: APIGatewayProxyEvent) {
  const name = event.pathParameters?.connection ?? ''
  const held = (await fromTable(name)) ?? (await fromVendor(name))
  logger.info('vended', { connection: name, source: held.source })
  metrics.addMetric('Vends', MetricUnit.Count, 1)
  const expires_in = Math.floor((held.expiresAt - Date.now()) / 1000)
  const body = { access_token: held.token, token_type: 'Bearer', expires_in, scope: held.scope, context: held.context }
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return { statusCode: 200, headers, body: JSON.stringify(body) }
}

async function fromTable(name: string) {
  const { Items = [] } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `naive#${name}` } },
    }),
  )
  const state = Items.find(({ sk }) => sk?.S === 'STATE')
  const item = Items.find(({ sk }) => sk?.S === 'TOKEN')
  if (state?.status?.S !== 'active' || !item || Number(item.expiresAt?.N) < Date.now() + 60_000) return undefined
  const sealed = naiveKey ? item.sealedLocally?.S : item.sealed?.S
  const { plaintext } = await compactDecrypt(sealed ?? '', await dataKeyOf(name, item.edk?.B))
  return {
    source: 'table',
    token: new TextDecoder().decode(plaintext),
    expiresAt: Number(item.expiresAt?.N),
    scope: item.scope?.S,
    context: JSON.parse(item.context?.S ?? '{}'),
  }
}

async function dataKeyOf(name: string, edk: Uint8Array | undefined): Promise<Uint8Array> {
  const known = naiveKey ? Buffer.from(naiveKey, 'base64') : dataKeys.get(name)
  if (known) return known
  const EncryptionContext = { app: 'naive', connection: name }
  const { Plaintext } = await kms.send(new DecryptCommand({ KeyId: keyId, CiphertextBlob: edk, EncryptionContext }))
  if (!Plaintext) throw new Error('no data key')
  dataKeys.set(name, Plaintext)
  return Plaintext
}

async function fromVendor(name: string) {
  const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId: `vendomat/accelo/${name}` }))
  const { deployment, client_id, client_secret, scope } = JSON.parse(SecretString)
  const answer = await fetch(`https://${deployment}.api.accelo.com/oauth2/v0/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  })
  const { access_token: token, expires_in } = JSON.parse(await answer.text())
  const expiresAt = Math.min(
    Date.now() + Number(expires_in) * 1000,
    (decodeJwt(token).exp ?? Number.POSITIVE_INFINITY) * 1000,
  )
  const EncryptionContext = { app: 'naive', connection: name }
  const key = await kms.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext }))
  if (!key.Plaintext || !key.CiphertextBlob) throw new Error('no data key')
  const sealed = await new CompactEncrypt(new TextEncoder().encode(token))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key.Plaintext)
  const context = { deployment }
  await dynamo.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        ...{ pk: { S: `naive#${name}` }, sk: { S: 'TOKEN' }, sealed: { S: sealed }, edk: { B: key.CiphertextBlob } },
        ...{ expiresAt: { N: `${expiresAt}` }, scope: { S: scope }, context: { S: JSON.stringify(context) } },
      },
    }),
  )
  return { source: 'vendor', token, expiresAt, scope, context }
}

export const handler = middy(vend).use(injectLambdaContext(logger)).use(logMetrics(metrics))
