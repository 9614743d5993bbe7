/** What came of one check. 'unseen': it could not be looked at, which is no fault. */
export interface Finding {
  /** 'clock', 'accelo list' */
  readonly check: string
  readonly result: 'ok' | 'wrong' | 'unseen'
  readonly found: string
  /** What to do about it. */
  readonly next_step?: string
}

export const ok = (check: string, found: string): Finding => ({ check, result: 'ok', found })

export const wrong = (check: string, found: string, next_step: string): Finding => ({
  ...{ check, result: 'wrong', found, next_step },
})

export const unseen = (check: string, found: string, next_step: string): Finding => ({
  ...{ check, result: 'unseen', found, next_step },
})
