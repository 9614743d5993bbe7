import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns'
import { acceloClients, acceloDeployment } from '../../functions/accelo/simulator.ts'
import { accessiaIntegration } from '../../functions/accessia/simulator.ts'
import { clearidKeyFiles } from '../../functions/clearid/simulator.ts'
import { issueIobeyaToken } from '../../functions/iobeya/simulator.ts'
import { netrexApplication, netrexUserToken } from '../../functions/netrex/simulator.ts'
import type { Deployment } from './deployment.ts'

interface ClientConfig {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface Seeded {
  readonly connections: readonly string[]
  /** What each `Ref` or `Fn::GetAtt` of the template stands for here, by logical id. */
  readonly resources: Readonly<Record<string, string>>
}

const TABLE = 'vendomat'

/** Makes what the stack would deploy and a person would fill in, through the SDK's own clients. */
export async function seed(deployment: Deployment, client: ClientConfig, now: Date): Promise<Seeded> {
  const secrets = new SecretsManagerClient(client)
  const documents = Object.entries(connections(now))
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

/** Credentials that the simulators know, one document per connection, in the shape each vendor's schema wants. */
const connections = (now: Date): Record<string, object> => ({
  'accelo/hq': accelo(acceloClients.hq, 'read(all),write(all)'),
  'accelo/readonly': accelo(acceloClients.ro, 'read(all)'),
  'accessia/main': {
    authentication_url: accessiaIntegration.authenticationUrl,
    integration_id: accessiaIntegration.integrationId,
    secret: accessiaIntegration.secret,
  },
  'clearid/demo': clearidKeyFiles.demo(),
  'clearid/secret': clearidKeyFiles.secret(),
  'iobeya/main': { token: issueIobeyaToken(300, now), api_url: 'https://acme.api.iobeya.com' },
  'netrex/site-a': {
    host: 'system2.netrex.cz',
    client_id: netrexApplication.clientId,
    client_secret: netrexApplication.clientSecret,
    scope: 'read,write',
  },
  'netrex/user-token': { host: 'system2.netrex.cz', user_token: netrexUserToken },
})

const accelo = ({ clientId, clientSecret }: { clientId: string; clientSecret: string }, scope: string) => ({
  deployment: acceloDeployment,
  client_id: clientId,
  client_secret: clientSecret,
  scope,
})
