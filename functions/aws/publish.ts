import type { MessageAttributeValue } from '@aws-sdk/client-sns'
import { chatOf } from '../notices/chat.ts'
import { eventOf } from '../notices/event.ts'
import { type Notice, severityOf } from '../notices/kinds.ts'
import { mailOf } from '../notices/mail.ts'
import { oneLine, type Place } from '../notices/words.ts'
import type { ChannelSettings, openChannels } from './channels.ts'

export type Channel = 'mail' | 'event' | 'chat'

export interface NotifierOptions {
  /** Settings of both AWS clients. */
  readonly client: ChannelSettings
  /** Topic of the mails. @default no mail is sent */
  readonly topic?: string | undefined
  /** Topic that chat channels listen to. @default no chat message is sent */
  readonly chatTopic?: string | undefined
  readonly place: Place
  /** Whom the events on the account's bus say they come from. */
  readonly source: string
  readonly onFault: (channel: Channel, error: unknown) => void
}

/**
 * Notifies people by mail and chat, and programs by an event, all at once: a channel that fails does not delay another.
 * Never rejects. Returns whether the mail was sent, or the event where there is no topic for mails.
 */
export function notifier({ client, topic, chatTopic, place, source, onFault }: NotifierOptions) {
  // The clients are loaded and made by the first notice: few processes ever send one.
  let open: ReturnType<typeof openChannels> | undefined
  const channels = async () => {
    const { openChannels } = await import('./channels.ts')
    open ??= openChannels(client)
    return open
  }

  async function mail(notice: Notice, TopicArn: string): Promise<void> {
    const { subject, body } = mailOf(notice, place)
    const message = { Subject: subject, Message: body, MessageAttributes: attributesOf(notice) }
    await (await channels()).publish({ TopicArn, ...message })
  }

  async function event(notice: Notice): Promise<void> {
    await (await channels()).putEvent({ source, ...eventOf(notice, place) })
  }

  async function chat(notice: Notice, TopicArn: string): Promise<void> {
    await (await channels()).publish({ TopicArn, Message: JSON.stringify(chatOf(notice, place)) })
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
