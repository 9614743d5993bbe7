/** What came of one check. */
export interface Finding {
  /** 'clock', 'accelo list' */
  readonly check: string
  /** 'warning': it holds, but perhaps not as meant. 'unseen': it could not be looked at, which is no fault. */
  readonly result: 'ok' | 'warning' | 'wrong' | 'unseen'
  readonly found: string
  /** What to do about it. */
  readonly next_step?: string
}

export const ok = (check: string, found: string): Finding => ({ check, result: 'ok', found })

const toDo =
  (result: Finding['result']) =>
  (check: string, found: string, next_step: string): Finding => ({ check, result, found, next_step })

export const warning = toDo('warning')
export const wrong = toDo('wrong')
export const unseen = toDo('unseen')
