import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import {
  type MessageAttributeValue,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
  type SNSClientConfig,
} from '@aws-sdk/client-sns'
import { EVENT_SOURCE } from '../environment.ts'
import { chatOf } from '../notices/chat.ts'
import { eventOf, type NoticeEvent } from '../notices/event.ts'
import { type Notice, severityOf } from '../notices/kinds.ts'
import { mailOf } from '../notices/mail.ts'
import { oneLine, type Place } from '../notices/words.ts'

export type Channel = 'mail' | 'event' | 'chat'

export interface NotifierOptions {
  /** Settings of both AWS clients. */
  readonly client: SNSClientConfig & EventBridgeClientConfig
  /** Topic of the mails. @default no mail is sent */
  readonly topic?: string | undefined
  /** Topic that chat channels listen to. @default no chat message is sent */
  readonly chatTopic?: string | undefined
  readonly place: Place
  readonly onFault: (channel: Channel, error: unknown) => void
}

/**
 * Notifies people by mail and chat, and programs by an event, all at once: a channel that fails does not delay another.
 * Never rejects. Returns whether the mail was sent, or the event where there is no topic for mails.
 */
export function notifier({ client, topic, chatTopic, place, onFault }: NotifierOptions) {
  const channels = lazyChannels(client)

  async function mail(notice: Notice, TopicArn: string): Promise<void> {
    const { subject, body } = mailOf(notice, place)
    const message = { Subject: subject, Message: body, MessageAttributes: attributesOf(notice) }
    await channels().publish({ TopicArn, ...message })
  }

  async function event(notice: Notice): Promise<void> {
    await channels().putEvent(eventOf(notice, place))
  }

  async function chat(notice: Notice, TopicArn: string): Promise<void> {
    await channels().publish({ TopicArn, Message: JSON.stringify(chatOf(notice, place)) })
  }

  const attempt = (channel: Channel, sending: Promise<void>): Promise<boolean> =>
    sending.then(
      () => true,
      (error: unknown) => {
        onFault(channel, error)
        return false
      },
    )

  return async (notice: Notice): Promise<boolean> => {
    const [mailed, published] = await Promise.all([
      topic ? attempt('mail', mail(notice, topic)) : undefined,
      attempt('event', event(notice)),
      chatTopic ? attempt('chat', chat(notice, chatTopic)) : undefined,
    ])
    return mailed ?? published
  }
}

/**
 * The clients are made by the first notice: few processes ever send one. Their code is loaded at the start even so.
 * 2026-11: with `import()` a bundle started 8 ms later instead of 1 ms and was 51 KB larger, since esbuild wraps each
 * module that both sides share and then neither joins nor shakes it.
 */
function lazyChannels(settings: NotifierOptions['client']) {
  let channels: ReturnType<typeof openChannels> | undefined
  return () => {
    channels ??= openChannels(settings)
    return channels
  }
}

function openChannels(settings: NotifierOptions['client']) {
  const sns = new SNSClient(settings)
  const bus = new EventBridgeClient(settings)
  return {
    async publish(message: PublishCommandInput): Promise<void> {
      await sns.send(new PublishCommand(message))
    },

    /** To the account's default bus. */
    async putEvent({ detailType, detail }: NoticeEvent): Promise<void> {
      const entry = { Source: EVENT_SOURCE, DetailType: detailType, Detail: JSON.stringify(detail) }
      const { FailedEntryCount, Entries } = await bus.send(new PutEventsCommand({ Entries: [entry] }))
      // PutEvents succeeds even when it refuses an entry, and reports on each.
      if (FailedEntryCount)
        throw Object.assign(new Error('the event bus refused it'), { name: Entries?.[0]?.ErrorCode ?? 'FailedEntry' })
    },
  }
}

/** What subscribers may filter by. SNS refuses an empty value, and with it the mail. */
function attributesOf(notice: Notice): Record<string, MessageAttributeValue> {
  const { vendor, kind } = notice
  const owner = 'owner' in notice && notice.owner !== undefined ? oneLine(notice.owner) : ''
  return Object.fromEntries(
    Object.entries({ severity: severityOf(notice), vendor, kind, owner })
      .filter(([, value]) => value !== '')
      .map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  )
}
