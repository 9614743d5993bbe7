import * as z from 'zod/mini'

const shape = z.looseObject({
  time: z.iso.datetime(),
  op: z.string(),
  request_id: z.string(),
  caller: z.string(),
  connection: z.string(),
  outcome: z.string(),
  fingerprint: z.optional(z.string()),
})

/** A line of the machine's log that says who did what (functions/api/audit.ts). A newer machine may say more. */
export type AuditLine = z.output<typeof shape>

/** Which lines: all that are given have to fit. */
export interface Wanted {
  readonly fingerprint?: string | undefined
  /** `accelo/hq` */
  readonly connection?: string | undefined
  /** A part of the ARN. */
  readonly caller?: string | undefined
  readonly since: Date
}

/** Pieces of text that a line which is wanted has in it, as it was written. */
export const textsOf = ({ fingerprint, connection, caller }: Wanted): readonly string[] => [
  '"caller":"',
  ...(fingerprint === undefined ? [] : [`"fingerprint":"${fingerprint}"`]),
  ...(connection === undefined ? [] : [`"connection":"${connection.replace('/', '#')}"`]),
  ...(caller === undefined ? [] : [caller]),
]

/** The line if it is one of the audit and wanted. */
export function wantedLine(text: string, wanted: Wanted): AuditLine | undefined {
  if (!textsOf(wanted).every((part) => text.includes(part))) return undefined
  const { data: line } = shape.safeParse(parsed(text))
  if (!line?.caller.includes(wanted.caller ?? '')) return undefined
  return new Date(line.time) >= wanted.since ? line : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
