import { paginateListSubscriptions, paginateListTopics, SNSClient, type Subscription } from '@aws-sdk/client-sns'
import { type Finding, ok, unseen, wrong } from './finding.ts'

/** As CloudFormation names it: `Vendomat-AlertsTopic2CD2F8EF-0123456789ab`. */
const TOPIC = /:[\w-]*AlertsTopic[0-9A-F]{8}[\w-]*$/
const PENDING = 'PendingConfirmation'

/** Checks that somebody gets the notices and alarms, as far as the person may see the topics of the account. */
export async function* noticeChecks(region: string): AsyncGenerator<Finding> {
  try {
    const client = new SNSClient({ region, maxAttempts: 2 })
    const topics: string[] = []
    for await (const page of paginateListTopics({ client }, {}))
      topics.push(...(page.Topics ?? []).flatMap(({ TopicArn = '' }) => (TOPIC.test(TopicArn) ? [TopicArn] : [])))
    const subscriptions: Subscription[] = []
    for await (const page of paginateListSubscriptions({ client }, {}))
      subscriptions.push(...(page.Subscriptions ?? []))
    if (topics.length === 0)
      yield unseen(
        'notices',
        `there is no topic of a machine in ${region}`,
        'is this the account that it is deployed in?',
      )
    for (const topic of topics)
      yield subscribed(
        topic,
        subscriptions.filter(({ TopicArn }) => TopicArn === topic),
      )
  } catch (error) {
    const kind = error instanceof Error ? error.name : 'unknown'
    yield unseen('notices', `the topics cannot be listed (${kind})`, 'allow sns:ListTopics and sns:ListSubscriptions')
  }
}

function subscribed(topic: string, subscriptions: readonly Subscription[]): Finding {
  const name = topic.split(':').at(-1)
  const confirmed = subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn !== PENDING)
  const subscribe = 'set alertEmail in bin/app.ts and deploy, or subscribe to the topic'
  if (subscriptions.length === 0) return wrong('notices', `nobody is subscribed to ${name}`, subscribe)
  if (confirmed.length === 0)
    return wrong('notices', `no subscription of ${name} is confirmed`, 'open the link in the mail that SNS has sent')
  return ok('notices', `${name} has ${confirmed.length} confirmed of ${subscriptions.length} subscriptions`)
}
