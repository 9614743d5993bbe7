import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import type { SimulatedVendor } from '../../functions/simulation/vendor-simulator.ts'
import type { Deployment } from './deployment.ts'

interface ClientConfig {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

interface Seeding {
  readonly deployment: Deployment
  readonly vendors: ReadonlyMap<string, SimulatedVendor>
  readonly client: ClientConfig
  readonly now: Date
}

export interface Seeded {
  readonly connections: readonly string[]
  /** What each `Ref` or `Fn::GetAtt` of the template stands for here, by logical id. */
  readonly resources: Readonly<Record<string, string>>
}

const TABLE = 'vendomat'

/** Makes what the stack would deploy and a person would fill in, through the SDK's own clients. */
export async function seed({ deployment, vendors, client, now }: Seeding): Promise<Seeded> {
  const secrets = new SecretsManagerClient(client)
  const documents = credentials(vendors, now)
  const mail = new SNSClient(client)
  const topicIds = Object.keys(deployment.resources).filter((id) => deployment.resources[id] === 'AWS::SNS::Topic')
  const [topics, key] = await Promise.all([
    Promise.all(topicIds.map(async (id) => [id, await mail.send(new CreateTopicCommand({ Name: id }))] as const)),
    new KMSClient(client).send(new CreateKeyCommand({ Description: 'vendomat envelope key' })),
    new DynamoDBClient(client).send(new CreateTableCommand({ ...deployment.table, TableName: TABLE })),
    ...documents.map(([name, document]) =>
      secrets.send(
        new CreateSecretCommand({ Name: `${deployment.secretPrefix}/${name}`, SecretString: JSON.stringify(document) }),
      ),
    ),
  ])
  const standIns: Readonly<Record<string, string | undefined>> = {
    'AWS::DynamoDB::Table': TABLE,
    'AWS::KMS::Key': key.KeyMetadata?.Arn,
  }
  const resources = [
    ...topics.map(([id, { TopicArn }]) => [id, TopicArn]),
    ...Object.entries(deployment.resources).map(([id, type]) => [id, standIns[type]]),
  ].filter(([, standIn]) => standIn !== undefined)
  return { connections: documents.map(([name]) => name), resources: Object.fromEntries(resources) }
}

/** One document per connection: what the simulators know. */
function credentials(vendors: Seeding['vendors'], now: Date): [string, object][] {
  return [...vendors].flatMap(([vendor, { connections }]) =>
    Object.entries(connections(now)).map(([name, document]): [string, object] => [`${vendor}/${name}`, document]),
  )
}
