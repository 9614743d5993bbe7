import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type JsonObject, jsonObject } from '../../functions/simulation/vendor-simulator.ts'
import { type AwsService, operation, refusal } from './aws-service.ts'

/** One event, as a rule's target would get it. */
export interface BusEvent {
  readonly id: string
  readonly time: Date
  readonly source: string
  readonly detailType: string
  readonly detail: JsonObject
}

const entry = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  Resources: z.array(z.string()).default([]),
  /** Seconds. */
  Time: z.number().optional(),
  EventBusName: z.string().min(1).optional(),
})
type Entry = z.output<typeof entry>

type Outcome = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string }

const MOST_BYTES = 256 * 1024
const TIME_BYTES = 14

/**
 * Source: Amazon EventBridge API Reference, PutEvents. There are no rules: an event goes to `publish` only. A refused
 * event is reported in an answer of 200, beside those that were taken.
 */
export function eventBus(now: () => Date, publish: (event: BusEvent) => void): AwsService {
  function put({ Source, DetailType, Detail, Time }: Entry): Outcome {
    if (!Source) return missing('Source')
    if (!DetailType) return missing('DetailType')
    if (!Detail) return missing('Detail')
    if (Source.startsWith('aws.')) return refused('NotAuthorizedForSourceException', 'Not authorized for the source.')
    // AWS takes a longer one, answers an EventId and delivers nothing; here that would go unnoticed.
    if (DetailType.length > 128) return invalid('DetailType', 'DetailType must be at most 128 characters.')
    const detail = jsonObject(Detail)
    if (!detail) return refused('MalformedDetail', 'Detail is malformed.')
    const id = randomUUID()
    const time = Time === undefined ? now() : new Date(Time * 1000)
    publish({ id, time, source: Source, detailType: DetailType, detail })
    return { EventId: id }
  }

  return {
    PutEvents: operation(z.object({ Entries: z.array(entry).min(1).max(10) }), ({ Entries: entries }) => {
      const bytes = entries.reduce((sum, one) => sum + sizeOf(one), 0)
      if (bytes > MOST_BYTES) {
        throw refusal('ValidationException', 'Total size of the entries in the request is over the limit.')
      }
      const Entries = entries.map(put)
      return { FailedEntryCount: Entries.filter((outcome) => 'ErrorCode' in outcome).length, Entries }
    }),

    ListRules: operation(z.object({ EventBusName: z.string().default('default') }), ({ EventBusName }) => {
      if (/^(default|arn:.*:event-bus\/default)$/.test(EventBusName)) return { Rules: [] }
      throw refusal('ResourceNotFoundException', `Event bus ${EventBusName} does not exist.`)
    }),
  }
}

/** Source: Amazon EventBridge User Guide, "Calculating PutEvents event entry size". */
function sizeOf({ Source = '', DetailType = '', Detail = '', Resources, Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : TIME_BYTES)
}

const refused = (ErrorCode: string, ErrorMessage: string): Outcome => ({ ErrorCode, ErrorMessage })
const invalid = (name: string, reason: string): Outcome =>
  refused('InvalidArgument', `Parameter ${name} is not valid. Reason: ${reason}`)
const missing = (name: string): Outcome => invalid(name, `${name} is a required argument.`)
