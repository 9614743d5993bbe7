import type { VendingEvent } from '../../functions/api/audit.ts'

/** Whether a line says what became of its call: not that it was requested, nor what was obtained for it on the way. */
export const isLast = ({ op, outcome }: Pick<VendingEvent, 'op' | 'outcome'>): boolean =>
  op !== 'obtain' && op !== 'rotate' && outcome !== 'requested'
