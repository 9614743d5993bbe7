import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { casesNamed } from '../model/scenarios.ts'
import { EQUIVALENT, MUTANTS } from './list.ts'
import { mutated } from './mutant.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const all = [...MUTANTS, ...EQUIVALENT]

it.each(all.map((mutant) => [mutant.name, mutant] as const))('the guard is still there: %s', (_name, mutant) => {
  const text = readFileSync(join(ROOT, mutant.file), 'utf8')
  expect(mutated(text, mutant)).not.toBe(text)
})

it('the list names each mutant once, and only tests and cases of the model that there are', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  const missing = MUTANTS.flatMap(({ tests }) => tests).filter((file) => !existsSync(join(ROOT, file)))
  const unknown = MUTANTS.flatMap(({ model }) => (model && casesNamed(model.only).length === 0 ? [model.only] : []))
  expect([...missing, ...unknown]).toEqual([])
})

it('a text that stands nowhere, or twice, is an error', () => {
  const mutant = { name: 'x', file: 'y.ts', was: 'a', becomes: 'b' }
  expect(mutated('1 a 2', mutant)).toBe('1 b 2')
  for (const text of ['1 2', '1 a 2 a']) expect(() => mutated(text, mutant)).toThrow('not once')
})
