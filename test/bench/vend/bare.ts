/** For comparison: the read alone, by the SDK's client, and nothing made of it. */
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import type { APIGatewayProxyEvent } from 'aws-lambda'

const dynamo = new DynamoDBClient({})

export async function handler({ pathParameters }: APIGatewayProxyEvent) {
  await dynamo.send(
    new QueryCommand({
      TableName: process.env.VENDOMAT_TABLE,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `naive#${pathParameters?.connection}` } },
    }),
  )
  return { statusCode: 200, body: '{}' }
}
