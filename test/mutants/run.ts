import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { EQUIVALENT, MUTANTS } from './list.ts'
import { mutated } from './mutant.ts'
import { removeEach, report } from './removals.ts'

/*
 * npm run mutants
 * npm run mutants -- --only "acquire"
 *
 * Removes one guard at a time from a copy of the tree and says which test notices. Fails when none does.
 */
const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only))

if (chosen.length === 0) throw new Error(`no mutant has "${values.only}" in its name`)
// Throws before anything is run when the list does not fit the code.
for (const each of [...MUTANTS, ...EQUIVALENT])
  mutated(readFileSync(new URL(`../../${each.file}`, import.meta.url), 'utf8'), each)

report(
  await removeEach(chosen, EQUIVALENT),
  'mutants',
  EQUIVALENT.filter(({ name }) => name.includes(values.only)).map(({ name, proof }) => [name, `EQUIVALENT: ${proof}`]),
)
