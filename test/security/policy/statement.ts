import * as z from 'zod'

const words = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat())
  .refine((values) => values.every((value) => !value.includes('${')), 'policy variables are not known here')
const values = z.union([words, z.boolean().transform((value) => [String(value)])])

/** A statement with its lists as lists. What is not here is not known: an element of another name throws. */
const STATEMENT = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Principal: z
      .union([z.literal('*'), z.strictObject({ AWS: words.optional(), Service: words.optional() })])
      .optional(),
    Action: words.optional(),
    NotAction: words.optional(),
    Resource: words.optional(),
    NotResource: words.optional(),
    Condition: z.record(z.string(), z.record(z.string(), values)).optional(),
  })
  .refine(
    ({ Action, NotAction }) => (Action === undefined) !== (NotAction === undefined),
    'one of Action and NotAction',
  )
  .refine(({ Resource, NotResource }) => !Resource || !NotResource, 'one of Resource and NotResource')

export type Statement = z.output<typeof STATEMENT>
export type StatementText = z.input<typeof STATEMENT>

export const statementOf = (text: unknown): Statement => STATEMENT.parse(text)

/** A statement and what it is attached to. */
export interface Attached {
  /** To whom or what, as an ARN: the role whose policy it is of, or the resource. */
  readonly on: string
  /** Whether it says what the role may do, or who may do something to the resource. */
  readonly kind: 'identity' | 'resource'
  /** Where it stands, for people. */
  readonly where: string
  readonly statement: Statement
}
