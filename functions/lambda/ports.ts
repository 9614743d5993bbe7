import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { clientConfig } from '../aws/client-config.ts'
import { secretsManagerCredentials } from '../aws/credentials.ts'
import { dynamoAllowance } from '../aws/dynamo-allowance.ts'
import { dynamoConsents } from '../aws/dynamo-consents.ts'
import { dynamoDirectory } from '../aws/dynamo-directory.ts'
import { dynamoLedger } from '../aws/dynamo-ledger.ts'
import { dynamoRegistry } from '../aws/dynamo-registry.ts'
import { dynamoRounds } from '../aws/dynamo-rounds.ts'
import { dynamoTable } from '../aws/dynamo-table.ts'
import { dynamoTokens } from '../aws/dynamo-tokens.ts'
import { egress } from '../aws/egress.ts'
import { kmsDataKeys } from '../aws/envelope.ts'
import type { Envelope } from '../aws/jwe-envelope.ts'
import { type NotifierOptions, notifier } from '../aws/publish.ts'
import { secretsManagerInventory } from '../aws/secret-names.ts'
import { followTable } from '../aws/table-clock.ts'
import type { Memory } from '../core/memory.ts'
import { addressCheck } from '../kit/networks.ts'
import type { tableClock } from '../kit/time.ts'
import { noticeListener } from '../notices/listen.ts'
import { countNotice, logger } from './log.ts'

export interface PortsOptions {
  readonly vendorId: string
  readonly table: string
  readonly keyId: string
  readonly envelope: Envelope
  readonly onUnsealable: (key: string) => void
  readonly memory: Memory
  readonly clock: ReturnType<typeof tableClock>
  readonly localNow: () => Date
  /** What the names of the secrets begin with, and whom events come from. */
  readonly service: string
  readonly notices: Pick<NotifierOptions, 'topic' | 'chatTopic' | 'place'>
  /** Private networks that the vendor may be in. */
  readonly allowedNetworks: readonly string[]
}

const CLIENT = clientConfig({ attempts: 3, seconds: 2 })
/** A caller may be waiting behind a notice too; one that is not sent now is sent later. */
const NOTICE_CLIENT = clientConfig({ attempts: 2, seconds: 1 })

/** All that a table hit has no use for: clients, and what is done with them. Loaded by the first need of it. */
export function openPorts({
  vendorId,
  keyId,
  envelope,
  onUnsealable,
  memory,
  clock,
  service,
  ...options
}: PortsOptions) {
  const client = new DynamoDBClient(CLIENT)
  followTable(client, clock, options.localNow)
  const table = { client, table: options.table }
  const secrets = new SecretsManagerClient(CLIENT)
  const { now } = clock
  const notify = notifier({
    ...options.notices,
    source: service,
    client: NOTICE_CLIENT,
    onFault: (channel, error) =>
      logger.error('', { error: 'a notice could not be sent', channel, cause: nameOf(error) }),
  })
  const credentials = secretsManagerCredentials(secrets, { prefix: service, memory, now })
  return {
    http: egress({ mayCall: addressCheck(options.allowedNetworks) }),
    query: dynamoTable(table).query,
    dataKeys: kmsDataKeys(new KMSClient(CLIENT), keyId),
    tokens: dynamoTokens({ ...table, envelope, onUnsealable, now }),
    registry: dynamoRegistry(table),
    directory: dynamoDirectory(table),
    rounds: dynamoRounds(table),
    allowance: dynamoAllowance(table),
    consents: dynamoConsents({ ...table, envelope, onUnsealable }),
    credentials,
    inventory: secretsManagerInventory(secrets, service),
    hearForNotices: noticeListener({
      ledger: dynamoLedger(table),
      notify,
      now,
      credentials,
      count: (sent) => countNotice(vendorId, sent),
      onFault: (error) => logger.error('', { error: 'a notice broke on our side', cause: nameOf(error) }),
    }),
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
