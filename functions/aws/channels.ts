import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { PublishCommand, type PublishCommandInput, SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns'
import type { NoticeEvent } from '../notices/event.ts'

export type ChannelSettings = SNSClientConfig & EventBridgeClientConfig

export interface SentEvent extends NoticeEvent {
  /** Whom it says it comes from. */
  readonly source: string
}

/** SNS and EventBridge, which publish.ts loads when there is a notice to send. */
export function openChannels(settings: ChannelSettings) {
  const sns = new SNSClient(settings)
  const bus = new EventBridgeClient(settings)
  return {
    async publish(message: PublishCommandInput): Promise<void> {
      await sns.send(new PublishCommand(message))
    },

    /** To the account's default bus. */
    async putEvent({ source, detailType, detail }: SentEvent): Promise<void> {
      const entry = { Source: source, DetailType: detailType, Detail: JSON.stringify(detail) }
      const { FailedEntryCount, Entries } = await bus.send(new PutEventsCommand({ Entries: [entry] }))
      // PutEvents succeeds even when it refuses an entry, and reports on each.
      if (FailedEntryCount)
        throw Object.assign(new Error('the event bus refused it'), { name: Entries?.[0]?.ErrorCode ?? 'FailedEntry' })
    },
  }
}
