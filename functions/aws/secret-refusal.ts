import { VendingError } from '../kit/errors.ts'
import { storeUnavailable } from './unavailable.ts'

interface Asked {
  /** As people read it: 'secret vendomat/accelo/hq'. */
  readonly what: string
  /** What the call takes, where the refusal does not say what was missing. */
  readonly permission: string
}

/** What it means that Secrets Manager did not do what we asked for. What is missing or denied does not mend itself: a person does. */
export function secretRefusal(error: unknown, { what, permission }: Asked): VendingError {
  const { name, message } = error instanceof Error ? error : new Error('unknown')
  const misconfigured = (detail: string) => new VendingError('configuration', detail, { cause: error })
  switch (name) {
    case 'ResourceNotFoundException':
      // One that has been made and never filled is found by its name, and has no current version.
      return /staging label/.test(message)
        ? misconfigured(`the ${what} has no value yet`)
        : new VendingError('unknown_connection', `there is no ${what}`)
    case 'InvalidRequestException':
      return /marked for deletion|was deleted/.test(message)
        ? new VendingError('unknown_connection', `the ${what} is scheduled for deletion`)
        : misconfigured(`the ${what} cannot be read in the state it is in`)
    case 'AccessDeniedException':
      return misconfigured(`the ${what} may not be read: ${lacking(message, permission)}`)
    case 'DecryptionFailure':
      return misconfigured(
        `the ${what} does not open: its key is disabled or deleted, or the function's role lacks kms:Decrypt on it`,
      )
    default:
      return storeUnavailable('the secret store', error)
  }
}

/** AWS names the action ("is not authorized to perform: secretsmanager:GetSecretValue on resource ..."), for keys only KMS. */
function lacking(message: string, permission: string): string {
  if (/\bKMS\b/.test(message)) return "the function's role lacks kms:Decrypt on its key, or a policy denies it"
  const action = /to perform: ([a-z-]+:\w+)/.exec(message)?.[1] ?? permission
  return `the function's role lacks ${action}, or a policy denies it`
}
