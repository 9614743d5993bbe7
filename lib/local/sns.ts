import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Account, type AwsService, operation, type Refusal, refusal } from './aws-service.ts'

/** One published message, as a subscriber would get it. */
export interface Notice {
  readonly id: string
  readonly topicArn: string
  readonly subject?: string | undefined
  readonly message: string
  /** What subscribers may filter by: those that are text or a number. */
  readonly attributes: Readonly<Record<string, string>>
}

interface Subscription {
  readonly SubscriptionArn: string
  readonly Owner: string
  readonly Protocol: string
  readonly Endpoint: string
  readonly TopicArn: string
}

/** Source: Amazon SNS API Reference. Nothing is mailed: a published message goes to `publish` only. */
export function sns(account: Account, publish: (notice: Notice) => void): AwsService {
  const topics = new Set<string>()
  const subscriptions = new Map<string, Subscription>()

  function mustExist(topicArn: string) {
    if (!topics.has(topicArn)) throw refusal('NotFound', 'Topic does not exist', 404)
  }

  return {
    CreateTopic: operation(z.object({ Name: z.string() }), ({ Name }) => {
      if (!/^[A-Za-z0-9_-]{1,256}$/.test(Name)) throw refusal('InvalidParameter', 'Invalid parameter: Topic Name')
      const TopicArn = `arn:aws:sns:${account.region}:${account.accountId}:${Name}`
      topics.add(TopicArn)
      return { TopicArn }
    }),

    ListTopics: operation(z.object({}), () => ({ Topics: [...topics].map((TopicArn) => ({ TopicArn })) })),

    Subscribe: operation(
      z.object({ TopicArn: z.string(), Protocol: z.string(), Endpoint: z.string() }),
      ({ TopicArn, Protocol, Endpoint }) => {
        mustExist(TopicArn)
        const subscriber = `${TopicArn} ${Protocol} ${Endpoint}`
        const SubscriptionArn = subscriptions.get(subscriber)?.SubscriptionArn ?? `${TopicArn}:${randomUUID()}`
        const Owner = account.accountId
        subscriptions.set(subscriber, { SubscriptionArn, Owner, Protocol, Endpoint, TopicArn })
        return { SubscriptionArn }
      },
    ),

    ListSubscriptions: operation(z.object({}), () => ({ Subscriptions: [...subscriptions.values()] })),

    ListSubscriptionsByTopic: operation(z.object({ TopicArn: z.string() }), (topic) => {
      mustExist(topic.TopicArn)
      return { Subscriptions: [...subscriptions.values()].filter(({ TopicArn }) => TopicArn === topic.TopicArn) }
    }),

    Publish: operation(
      z.looseObject({ TopicArn: z.string(), Message: z.string(), Subject: z.string().optional() }),
      ({ TopicArn, Message, Subject, ...more }) => {
        mustExist(TopicArn)
        if (Message === '') throw refusal('InvalidParameter', 'Invalid parameter: Empty message')
        if (Buffer.byteLength(Message) > 262_144)
          throw refusal('InvalidParameter', 'Invalid parameter: Message too long')
        // A subject is a mail header: printable ASCII in one line of at most 100 characters, or SNS refuses all of it.
        if (Subject !== undefined && !/^[!-~][ -~]{0,99}$/.test(Subject)) {
          throw refusal('InvalidParameter', 'Invalid parameter: Subject')
        }
        const attributes = attributesOf(more)
        const id = randomUUID()
        publish({ id, topicArn: TopicArn, subject: Subject, message: Message, attributes })
        return { MessageId: id }
      },
    ),
  }
}

/** In the query protocol a map is `MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.DataType=String…`. */
function attributesOf(input: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  for (let n = 1; `MessageAttributes.entry.${n}.Name` in input; n += 1) {
    const member = (path: string) => String(input[`MessageAttributes.entry.${n}.${path}`] ?? '')
    const [name, type] = [member('Name'), member('Value.DataType')]
    if (!/^(String|Number|Binary)(\.|$)/.test(type)) {
      const supported = 'the set of supported type prefixes is Binary, Number, and String'
      throw invalidAttribute(name, `has an invalid message attribute type, ${supported}.`)
    }
    const value = member(type.startsWith('Binary') ? 'Value.BinaryValue' : 'Value.StringValue')
    if (value === '') {
      throw invalidAttribute(
        name,
        `must contain non-empty message attribute value for message attribute type '${type}'.`,
      )
    }
    if (!type.startsWith('Binary')) attributes[name] = value
  }
  return attributes
}

const invalidAttribute = (name: string, what: string): Refusal =>
  refusal('ParameterValueInvalid', `The message attribute '${name}' ${what}`)
