/** The AWS services of a measurement, in a process of their own, with a token for each connection: forked, and killed. */

import { randomBytes } from 'node:crypto'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { GenerateDataKeyCommand } from '@aws-sdk/client-kms'
import { CompactEncrypt } from 'jose'
import { dynamoTokens } from '../../../functions/aws/dynamo-tokens.ts'
import { kmsEnvelope } from '../../../functions/aws/envelope.ts'
import { ENV } from '../../../functions/environment.ts'
import { Secret } from '../../../functions/kit/secret.ts'
import type { Vendor } from '../../../functions/kit/vendor.ts'
import { vendors } from '../../../functions/vendors.ts'
import { describedVendors } from '../../../lib/descriptions.ts'
import { localAws } from '../../support/local-aws.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const policy = { storage: 'table', maxLifeSeconds: DAY_MS / 1000 } as const
const connections = Number(process.argv[2] ?? 1)

const aws = await localAws()
const table = await aws.createTable()
const now = () => new Date()
const envelope = kmsEnvelope(aws.kms, aws.keyId, now)
const tokens = dynamoTokens({ client: aws.dynamo, table, envelope, onUnsealable: () => {} })
const naiveKey = randomBytes(32)
const described = describedVendors({ vendors: ['zoom'] })
for (let i = 0; i < connections; i += 1) {
  for (const vendor of [vendors.accelo, ...described]) await seedOurs(vendor, `hq-${i}`)
  await seedNaive(`hq-${i}`)
}
process.send?.({
  AWS_ENDPOINT_URL: aws.url,
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDLOCAL',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SESSION_TOKEN: 'session'.repeat(60),
  AWS_LAMBDA_FUNCTION_NAME: 'vendomat-accelo',
  VENDOMAT_TABLE: table,
  VENDOMAT_ENVELOPE_KEY: aws.keyId,
  [ENV.description]: JSON.stringify(described[0]?.description),
  NAIVE_KEY: naiveKey.toString('base64'),
})

/** 2 KB, as a vendor's JWT may be. */
function token(): Secret {
  return new Secret(randomBytes(1536).toString('base64url'))
}

/** As a vend leaves it behind: state and token. */
async function seedOurs(vendor: Vendor, name: string): Promise<void> {
  const connection = { vendor, name }
  const at = now()
  const { state } = await tokens.read(connection)
  const terms = { policy, now: at, until: new Date(at.getTime() + 15_000) }
  const lease = await tokens.acquire(connection, state, terms)
  if (!lease) throw new Error('no lease')
  const success = { credentialVersion: 'v1', usualSeconds: 0.2, at, used: true as const }
  await tokens.record(lease, { success })
  await tokens.put(lease, {
    policy: 'table',
    accessToken: {
      value: token(),
      issuedAt: at,
      expiresAt: new Date(at.getTime() + DAY_MS),
      scope: 'read(all)',
      context: { api_base_url: 'https://acme.api.accelo.com/api/v0', deployment: 'acme' },
    },
    refreshAt: new Date(at.getTime() + 0.8 * DAY_MS),
    fence: lease.fence,
    epoch: lease.epoch,
    credentialVersion: 'v1',
  })
}

/** The same facts as the naive handler keeps them: sealed under a data key, whose cipher text lies beside it. */
async function seedNaive(name: string): Promise<void> {
  const EncryptionContext = { app: 'naive', connection: name }
  const key = await aws.kms.send(
    new GenerateDataKeyCommand({ KeyId: aws.keyId, KeySpec: 'AES_256', EncryptionContext }),
  )
  if (!key.Plaintext || !key.CiphertextBlob) throw new Error('no data key')
  const value = token().reveal()
  const seal = (dataKey: Uint8Array) =>
    new CompactEncrypt(new TextEncoder().encode(value))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(dataKey)
  const at = Date.now()
  const pk = { S: `naive#${name}` }
  await aws.dynamo.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        ...{
          pk,
          sk: { S: 'TOKEN' },
          sealed: { S: await seal(key.Plaintext) },
          sealedLocally: { S: await seal(naiveKey) },
        },
        ...{ edk: { B: key.CiphertextBlob }, issuedAt: { N: `${at}` }, expiresAt: { N: `${at + DAY_MS}` } },
        ...{ scope: { S: 'read(all)' }, fingerprint: { S: 'f'.repeat(16) }, fence: { N: '1' }, epoch: { N: '0' } },
        context: { S: JSON.stringify({ api_base_url: 'https://acme.api.accelo.com/api/v0', deployment: 'acme' }) },
      },
    }),
  )
  await aws.dynamo.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        ...{ pk, sk: { S: 'STATE' }, status: { S: 'active' }, fence: { N: '1' }, epoch: { N: '0' } },
        ...{ usedAt: { N: `${at}` }, succeededAt: { N: `${at}` }, provenVersion: { S: 'v1' } },
      },
    }),
  )
}
