import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { tableClock } from '../kit/time.ts'

type Clock = Pick<ReturnType<typeof tableClock>, 'learn'>

/** Called when a request is sent; what it returns is told the `Date` of the answer. */
export type Timing = () => (date: unknown) => void

/** Lets the clock learn from answers of the table. `local` is the time that the clock starts from, not the clock's own. */
export const tableTiming =
  ({ learn }: Clock, local: () => Date): Timing =>
  () => {
    const sentAt = local()
    return (header) => {
      const date = dateOf(header)
      if (date) learn({ date, sentAt, receivedAt: local() })
    }
  }

/** The same from every answer to the SDK's client, refusals and those of attempts that the SDK repeats included. */
export function followTable(client: DynamoDBClient, clock: Clock, local: () => Date): void {
  const timing = tableTiming(clock, local)
  client.middlewareStack.add(
    (next) => async (args) => {
      const answered = timing()
      const output = await next(args)
      answered(headersOf(output.response)?.date)
      return output
    },
    // The step of each single attempt; what has a low priority is the nearest to the wire, before errors are made of answers.
    { step: 'deserialize', priority: 'low' },
  )
}

/** IMF-fixdate, the one form that a server may send: `Sat, 21 Nov 2026 12:00:00 GMT` (RFC 9110 section 5.6.7). */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

function dateOf(header: unknown): Date | undefined {
  if (typeof header !== 'string' || !IMF_FIXDATE.test(header)) return undefined
  const date = new Date(header)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The SDK does not say what it has from its transport. */
function headersOf(response: unknown): { readonly date?: unknown } | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const { headers } = response
  return typeof headers === 'object' && headers !== null ? headers : undefined
}
