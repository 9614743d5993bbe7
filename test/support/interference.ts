import type { DynamoDBClient, QueryCommandInput, ServiceInputTypes } from '@aws-sdk/client-dynamodb'

/** Loses the first answer to every write, so that the SDK sends it again. */
export function sendingTwice(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, { commandName }) => {
      let isLost = commandName === 'UpdateItemCommand'
      return async (args) => {
        if (!isLost) return next(args)
        isLost = false
        await next(args).catch(() => {})
        throw Object.assign(new Error('the answer is lost'), { name: 'TimeoutError' })
      }
    },
    { step: 'deserialize', priority: 'high' },
  )
  return client
}

/** Hands out what sends the last write again, late: what is on its way when its sender has long gone on. */
export function withLateWrites(client: DynamoDBClient) {
  let resend = async () => {}
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'UpdateItemCommand')
          resend = async () => {
            await next(args).catch(() => {})
          }
        return next(args)
      },
    { step: 'deserialize', priority: 'high' },
  )
  return { client, resend: () => resend() }
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
