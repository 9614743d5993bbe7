import type { Result } from './command.ts'

/** Something that a command would do. Names of members, never a value. */
export interface Step {
  readonly action: string
  /** In words. */
  readonly detail: string
  readonly [more: string]: string | number | boolean | readonly string[]
}

/** What a command would do, which did none of it. */
export const planOf = (
  about: { readonly vendor: string; readonly connection: string },
  steps: readonly Step[],
): Result => ({
  text: steps.map(({ detail }, index) => `${index + 1}. ${detail}`).join('\n'),
  json: { ...about, dry_run: true, steps },
})
