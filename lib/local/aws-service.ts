import { z } from 'zod'

export interface Account {
  readonly region: string
  readonly accountId: string
}

/** The one who calls, as IAM would name them. */
export const callerArn = ({ accountId }: Account): string => `arn:aws:iam::${accountId}:user/laptop`

/** One service: its operations by name, each from parsed input to output. Refusals are thrown. */
export type AwsService = Readonly<Record<string, (input: unknown) => object>>

export interface Refusal extends Error {
  readonly errorType: string
  readonly status: number
}

/** An error that the service answers with. The router writes it in the wire form of the caller's protocol. */
export function refusal(errorType: string, message: string, status = 400): Refusal {
  return Object.assign(new Error(message), { errorType, status })
}

export const isRefusal = (error: unknown): error is Refusal => error instanceof Error && 'errorType' in error

/** Ties an operation to the shape of its input. Other members are ignored, as AWS ignores unknown ones. */
export function operation<Input extends z.ZodType>(shape: Input, run: (input: z.output<Input>) => object) {
  return (input: unknown): object => {
    const parsed = shape.safeParse(input)
    if (parsed.success) return run(parsed.data)
    throw refusal('ValidationException', `Failed to satisfy constraint: ${z.prettifyError(parsed.error)}`)
  }
}

/** The JSON protocols write a time as seconds. */
export const seconds = (time: Date) => time.getTime() / 1000
