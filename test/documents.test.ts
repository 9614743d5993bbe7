import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GENERATED, written } from './documents/tables.ts'
import { anchorOf, read, root, tracked } from './support/documents.ts'

const documents = tracked('*.md')
const manifest: { scripts: Record<string, string> } = JSON.parse(read('package.json'))

/** Without what is shown as code, where `](` and `#` mean something else. */
const prose = (document: string) => document.replaceAll(/^( *)```.*?^\1```$/gms, '')
const anchorsOf = (path: string) =>
  [...prose(read(path)).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => anchorOf(text))

describe('a document', () => {
  it.each(Object.keys(GENERATED))('%s has the tables that the code has (npm run docs writes them)', async (path) => {
    expect(await written(path, read(path))).toBe(read(path))
  })

  it('without a place for a table is not written', async () => {
    await expect(written('lib/cli/README.md', '# The command line\n')).rejects.toThrow('has no lines')
  })

  it.each(documents)('%s links to files and headings that are there', (path) => {
    const links = [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const missing = links.filter((link) => {
      if (/^https:/.test(link)) return false
      const [file = '', anchor] = link.split('#')
      const target = file ? join(dirname(path), file) : path
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(missing).toEqual([])
  })

  it.each(documents)('%s names programs of npm, commands and files that are there', (path) => {
    const text = read(path)
    const programs = [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => name)
    expect(programs.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([])
    const files = [...text.matchAll(/`((?:bin|lib|functions|test)\/[\w./-]+\.\w+)`/g)].map(([, file = '']) => file)
    // acme is a vendor that somebody writes.
    expect(files.filter((file) => !file.includes('acme') && !existsSync(join(root, file)))).toEqual([])
  })

  it('has no two headings that a link could not tell apart', () => {
    for (const path of documents) expect(anchorsOf(path)).toEqual([...new Set(anchorsOf(path))])
  })

  it('is linked from the README, or from one that is', () => {
    const reached = new Set(['README.md'])
    for (const path of reached)
      for (const [, link = ''] of prose(read(path)).matchAll(/\]\(([^)#\s]+\.md)/g))
        if (!link.startsWith('https:')) reached.add(join(dirname(path), link))
    expect(documents.filter((path) => !reached.has(path))).toEqual([])
  })

  it('that is read first has at most 200 lines', () => {
    expect(read('README.md').split('\n').length - 1).toBeLessThanOrEqual(200)
  })
})

/** The heading that a sentence of the code sends people to: `lib/README.md, "Settings"` or `"Settings" in lib/README.md`. */
it('a heading that the code names is there', () => {
  const named = tracked('bin/*.ts', 'lib/*.ts', 'functions/*.ts').flatMap((file) =>
    [...read(file).matchAll(/([\w/]+\.md), "([^"]+)"|"([^"]+)" in ([\w/]+\.md)/g)].map((found) => ({
      path: found[1] ?? found[4] ?? '',
      heading: found[2] ?? found[3] ?? '',
    })),
  )
  expect(named.length).toBeGreaterThan(2)
  expect(named.filter(({ path, heading }) => !anchorsOf(path).includes(anchorOf(heading)))).toEqual([])
})
