import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns'
import type { Notice } from '../core/notice.ts'
import { SECRET_PREFIX } from '../environment.ts'

/** Mails notices through the topic. The subject is not encrypted by SNS: it holds names and a number of days. */
export function snsNotify(client: SNSClient, topicArn: string, onFault: (error: unknown) => void) {
  return async (notice: Notice): Promise<void> => {
    const { subject, lines } = textOf(notice)
    const command = new PublishCommand({ TopicArn: topicArn, Subject: subject.slice(0, 99), Message: lines.join('\n') })
    await client.send(command).then(() => undefined, onFault)
  }
}

function textOf(notice: Notice): { subject: string; lines: string[] } {
  const { vendor, connection } = notice
  if (notice.kind === 'minting') {
    return {
      subject: `vendomat: ${vendor}/${connection} obtains many tokens`,
      lines: [
        `Connection ${connection} of ${vendor} has obtained ${notice.count} tokens this hour; two for each process are usual.`,
        'Look for callers that report good tokens as refused, or for processes that come and go.',
      ],
    }
  }
  const { daysLeft, expiresAt } = notice
  return {
    subject: `vendomat: the token of ${vendor}/${connection} ends in ${daysLeft} days`,
    lines: [
      `The ${vendor} token of connection ${connection} ends on ${expiresAt.toISOString()}, in ${daysLeft} days.`,
      'It cannot be renewed by machine: a person has to make a new one at the vendor',
      `and store it in the secret ${SECRET_PREFIX}/${vendor}/${connection}. The next call uses it.`,
    ],
  }
}
