import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutated } from '../mutants/mutant.ts'
import { withPromises } from './document.ts'
import { gathered, mutantOf } from './gathered.ts'
import type { SecurityPromise } from './promise.ts'
import { faultsOf } from './verdict.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const promises = await gathered()

describe('the promises', () => {
  it('have an id each, of small letters and hyphens', () => {
    const ids = promises.map(({ id }) => id)
    expect(ids.filter((id) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id))).toEqual([])
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  it('are told in phrases that begin small, or with a name, and have no full stop', () => {
    const phrases = promises.flatMap(({ id, asset, threat, stoppedBy }) =>
      [asset, threat, stoppedBy].map((phrase) => ({ id, phrase })),
    )
    // A name has a second capital, a hyphen or a digit in its first word: ClearID, API, SigV4.
    const begins = /^([^A-Z]|[A-Z]\w*[A-Z0-9]|A |An |The |[A-Z][a-z]+-)/
    expect(phrases.filter(({ phrase }) => !begins.test(phrase) || /\.$|\s\s|\n|^\s|^$/.test(phrase))).toEqual([])
  })

  it.each(promises.map((promise) => [promise.id, promise] as const))(
    '%s names tests that there are, and a guard that stands',
    (_id, { tests, ...promise }) => {
      expect(tests.length).toBeGreaterThan(0)
      const missing = tests.filter(({ file, title }) => !existsSync(join(ROOT, file)) || !standsIn(file, title))
      expect(missing).toEqual([])
      const mutant = mutantOf({ tests, ...promise })
      const text = read(mutant.file)
      expect(mutated(text, mutant)).not.toBe(text)
    },
  )

  it('would be missed: a title that is in no file is none', () => {
    expect(standsIn('test/mutants/list.test.ts', 'the guard is still there: of a hamster that sleeps')).toBe(false)
    expect(standsIn('test/mutants/list.test.ts', 'the guard is still there: ')).toBe(true)
  })

  it('stand in functions/SECURITY.md as they are: npm run security -- --readme writes them', () => {
    const document = read('functions/SECURITY.md')
    expect(document).toBe(withPromises(document, promises))
  })
})

/**
 * A full title is that of its group, its own, and what a table fills in: pieces that all stand in the file, or in what it
 * imports of the tests. Whether there is such a test, `npm run security` sees.
 */
function standsIn(file: string, title: string): boolean {
  const imports = [...read(file).matchAll(/from '(\.[^']+\.ts)'/g)].map(([, path = '']) => join(dirname(file), path))
  const source = [file, ...imports.filter((path) => path.startsWith('test/'))].map(read).join('\n')
  return title.length >= 8 && piecesIn(source.replaceAll(/\\(['"`])/g, '$1'), title) <= MOST_PIECES
}

const MOST_PIECES = 4

/** Of how many pieces of the source a title is made, each as long as there is one. */
function piecesIn(source: string, title: string): number {
  if (title === '') return 0
  const lengths = Array.from({ length: title.length }, (_, index) => title.length - index)
  const length = lengths.find((each) => source.includes(title.slice(0, each)))
  return length === undefined ? Number.POSITIVE_INFINITY : 1 + piecesIn(source, title.slice(length))
}

describe('whether a promise is kept', () => {
  const test = { file: 'test/a.test.ts', title: 'refuses ' }
  const promise: SecurityPromise = {
    ...{ id: 'x', asset: 'tokens', threat: 'who steals them', stoppedBy: 'a lock' },
    tests: [test],
    removal: { file: 'a.ts', was: 'a', becomes: 'b' },
  }
  const ran = (name: string, ...results: readonly (readonly [title: string, status: string])[]) => {
    const failed = ['\u001b[2mexpect(\u001b[22mreceived)\n\n    Received:  62\n    at Object.x (a.ts:1:2)\n']
    const assertionResults = results.map(([title, status]) => ({
      ...{ title, fullName: `it ${title}`, status },
      failureMessages: status === 'failed' ? failed : [],
    }))
    return { testResults: [{ name, assertionResults }] }
  }

  it('is so when all of its tests have passed', () => {
    expect(faultsOf(promise, ran('/tree/test/a.test.ts', ['refuses 1', 'passed'], ['refuses 2', 'passed']))).toEqual([])
  })

  it('is not when one of them failed, and says what was expected of it, in one line', () => {
    const faults = faultsOf(promise, ran('/tree/test/a.test.ts', ['refuses 1', 'passed'], ['refuses 2', 'failed']))
    expect(faults).toEqual(['did not pass: test/a.test.ts: it refuses 2: expect(received) Received: 62'])
  })

  it.each([
    ['was passed over', ran('/tree/test/a.test.ts', ['refuses 1', 'pending'])],
    ['is there in another file only', ran('/tree/test/b.test.ts', ['refuses 1', 'passed'])],
    ['has another title', ran('/tree/test/a.test.ts', ['accepts 1', 'passed'])],
    ['is in a file that does not load', ran('/tree/test/a.test.ts')],
  ])('is not when its test %s', (_, report) => {
    expect(faultsOf(promise, report)).toEqual(['did not run: test/a.test.ts: refuses '])
  })

  it('may be told by the title of a group: then all that is in it counts', () => {
    const group = { ...promise, tests: [{ ...test, title: 'it refuses' }] }
    expect(faultsOf(group, ran('/tree/test/a.test.ts', ['refuses 1', 'passed'], ['refuses 2', 'failed']))).toEqual([
      'did not pass: test/a.test.ts: it refuses 2: expect(received) Received: 62',
    ])
  })
})

describe('the table in a document', () => {
  const marked = (inside: string) =>
    `# Security\n\n<!-- npm run security -- --readme writes from here -->${inside}<!-- to here -->\n\nThe end\n`
  const promise: SecurityPromise = {
    ...{ id: 'locked', asset: 'tokens', threat: 'a | b', stoppedBy: 'a lock' },
    tests: [{ file: 'test/core/a.test.ts', title: 'refuses' }],
    removal: { file: 'a.ts', was: 'a', becomes: 'b' },
  }

  it('takes the place of the one before, and of nothing else', () => {
    const written = withPromises(marked('what was there'), [promise])
    expect(written).toContain('### Tokens\n')
    expect(written).toContain('| `locked` | a \\| b | a lock | [core/a](../test/core/a.test.ts) |')
    expect([written.startsWith('# Security\n'), written.endsWith('\n\nThe end\n')]).toEqual([true, true])
    expect(written).not.toContain('what was there')
    expect(withPromises(written, [promise])).toBe(written)
  })

  it('is not written where there is no place for it', () => {
    expect(() => withPromises('# Security\n', [promise])).toThrow('lacks the marks')
  })
})
