import { z } from 'zod'
import { rotations } from '../../../functions/simulation/vendor-simulator.ts'

const queuedFaults = [
  'status-500',
  'status-503',
  'status-429',
  'hang',
  'drip',
  'reset',
  'truncated',
  'html',
  'html-404',
  'empty',
  'error-in-200',
  'huge',
  'redirect',
  'invalid-client',
  'expires-in',
  'no-token',
  'delay',
  'date-skew',
] as const

/** These act at once; the others wait in a queue for the next call. */
const immediateFaults = ['revoke-all', 'revoke', 'rotation'] as const

const scripted = z
  .strictObject({
    fault: z.enum(queuedFaults),
    /** -1 is until cleared. */
    times: z
      .int()
      .min(-1)
      .refine((times) => times !== 0)
      .default(1),
    /** Part of the path to strike, in place of the token endpoints. */
    path: z.string().min(1).optional(),
    retry_after: z.union([z.number(), z.string()]).optional(),
    value: z.unknown().optional(),
    delay_ms: z.number().min(0).optional(),
  })
  .refine(({ fault, value }) => fault !== 'expires-in' || value !== undefined)
  .refine(({ fault, value }) => fault !== 'date-skew' || typeof value === 'number')
  .refine(({ fault, delay_ms }) => fault !== 'delay' || delay_ms !== undefined)

export type ScriptedFault = z.output<typeof scripted>
export type FaultName = ScriptedFault['fault']

/** What is posted to `/_control/{vendor}`. */
export const faultRequest = z.union([
  z.strictObject({ fault: z.literal('revoke-all') }),
  z.strictObject({ fault: z.literal('revoke'), value: z.string() }),
  z.strictObject({ fault: z.literal('rotation'), value: z.enum(rotations) }),
  scripted,
])

export const faultHelp =
  `Send {"fault": one of ${[...queuedFaults, ...immediateFaults].join(', ')}} and, if wanted, ` +
  'times (1, 2… or -1), path, retry_after, value (needed by expires-in, revoke, date-skew in seconds, ' +
  `and rotation: ${rotations.join(', ')}), delay_ms (needed by delay).`
