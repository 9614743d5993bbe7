import type { DynamoDBClient, QueryCommandInput, ServiceInputTypes } from '@aws-sdk/client-dynamodb'

/** Sends every write twice and answers the second time: what the SDK does when the first answer is lost. */
export function sendingTwice(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'UpdateItemCommand') await next(args).catch(() => {})
        return next(args)
      },
    { step: 'initialize' },
  )
  return client
}

/** Ends every page of an index after two items, as DynamoDB does after 1 MB. */
export function withShortPages(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next) => async (args) => next({ ...args, input: isIndexQuery(args.input) ? shortened(args.input) : args.input }),
    { step: 'initialize' },
  )
  return client
}

const isIndexQuery = (input: ServiceInputTypes): input is QueryCommandInput => 'IndexName' in input
const shortened = (input: QueryCommandInput): QueryCommandInput => ({ ...input, Limit: Math.min(input.Limit ?? 2, 2) })
