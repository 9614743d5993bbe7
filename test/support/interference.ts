import { Readable } from 'node:stream'
import type {
  BatchGetItemCommandInput,
  DynamoDBClient,
  QueryCommandInput,
  ServiceInputTypes,
} from '@aws-sdk/client-dynamodb'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { HttpResponse } from '@smithy/core/protocols'

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

/** Leaves all keys but the first ones of a batch unread, as DynamoDB does with those of a busy partition. */
export function leavingUnread(client: DynamoDBClient, atOnce: number): DynamoDBClient {
  client.middlewareStack.add(
    (next) => async (args) => {
      if (!('RequestItems' in args.input)) return next(args)
      // Of the commands that have this member ours is the one that reads.
      const { RequestItems = {} } = args.input as BatchGetItemCommandInput
      const [[table, asked] = ['', { Keys: [] }]] = Object.entries(RequestItems)
      const [now = [], later = []] = [asked.Keys?.slice(0, atOnce), asked.Keys?.slice(atOnce)]
      const input = { RequestItems: { [table]: { ...asked, Keys: atOnce > 0 ? now : later } } }
      const answer = await next({ ...args, input })
      // What the SDK makes of an answer has this member.
      const output = answer.output as { UnprocessedKeys?: BatchGetItemCommandInput['RequestItems'] }
      if (later.length > 0) output.UnprocessedKeys = { [table]: { ...asked, Keys: later } }
      return answer
    },
    { step: 'initialize' },
  )
  return client
}

/** Secrets Manager as it answers over the wire what it refuses. */
export const refusingSecrets = (type: string, Message: string): SecretsManagerClient =>
  new SecretsManagerClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({
        response: new HttpResponse({
          statusCode: 400,
          headers: { 'content-type': 'application/x-amz-json-1.1' },
          body: Readable.from([JSON.stringify({ __type: type, Message })]),
        }),
      }),
    },
  })
