import { VendingError } from '../kit/errors.ts'

/** An AWS service of ours that did not do what it should: for callers one failure, whatever the reason. */
export const storeUnavailable = (what: string, cause: unknown): VendingError =>
  new VendingError('store_unavailable', `${what} of this machine does not answer`, { cause })
