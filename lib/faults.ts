import { inspect } from 'node:util'
import * as z from 'zod'
import { didYouMean } from './did-you-mean.ts'
import { looksSecret } from './secret-like.ts'

/** `throttle.rate: 0 is …` */
export const lineOf = (issue: z.core.$ZodIssue): string => `  ${z.core.toDotPath(issue.path)}: ${messageOf(issue)}`

/** Of a key that does not fit zod gives the fault one level down. */
export const messageOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0] : issue)?.message ?? issue.message

export type Raw = Pick<z.core.$ZodRawIssue, 'input' | 'path'>

/** The value and what is wrong with it. */
export const fault =
  (words: string) =>
  ({ input }: Raw): string =>
    `${shown(input)} ${words}`

/** A value as people read it, if there is no secret in it. */
function shown(value: unknown): string {
  const text = inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 1, maxStringLength: 80 })
  if (looksSecret(text)) return 'what stands there'
  // inspect leaves these as they are, and some turn the words behind them round.
  return text.replaceAll(/\p{Cf}/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)
}

export const that = <T = unknown>(holds: (value: unknown) => boolean, words: string) =>
  z.custom<T>(holds, { error: fault(words) })

export const fits =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value)

type Members = Readonly<Record<string, z.ZodType>>

/** An object with these members and no other. */
export function strict(members: Members) {
  const names = Object.keys(members)
  const unknown = ({ path = [] }: Raw) => `there is no such name${didYouMean(String(path.at(-1)), names)}`
  return z
    .object(members, { error: fault(`is no object with ${names.join(', ')}`) })
    .catchall(z.custom(() => false, { error: unknown }))
}

export const optional = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).map(([name, schema]) => [name, z.optional(schema)]))

/** What a value has to be that says by itself what it has to be. */
export const by = <T>(schemaOf: (given: unknown) => z.ZodType) =>
  z.custom<T>().superRefine((given, context) => {
    for (const issue of schemaOf(given).safeParse(given).error?.issues ?? [])
      context.addIssue({ code: 'custom', path: issue.path, message: messageOf(issue) })
  })

export const oneOf = (...values: readonly string[]) =>
  z.custom((value) => values.some((one) => one === value), {
    error: (raw) => `${fault(`is none of ${values.join(', ')}`)(raw)}${didYouMean(String(raw.input), values)}`,
  })

export const listOf = (member: z.ZodType, like: string) =>
  z
    .array(member, { error: fault(`is no list like ['${like}']`) })
    .min(1, { error: `is empty: name one, like '${like}'` })

export const yesOrNo = that((value) => typeof value === 'boolean', 'is neither true nor false')

interface Whole {
  readonly least: number
  readonly most?: number
}

export const isWhole = (value: unknown, { least, most = Number.POSITIVE_INFINITY }: Whole): boolean =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most

export const whole = ({ say, ...range }: Whole & { readonly say: string }) =>
  that(
    (value) => isWhole(value, range),
    `is no whole number from ${range.least} ${range.most === undefined ? 'on' : `to ${range.most}`}: ${say}`,
  )
