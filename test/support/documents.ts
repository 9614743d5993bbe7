import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

/** A file of the repository, by its path from the top. */
export const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')

export const root = fileURLToPath(ROOT)

/** The files of the repository that fit one of the patterns of git. */
export const tracked = (...patterns: readonly string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean)

/** What stands under a heading of the second level, up to the next one. */
export function sectionOf(document: string, heading: string): string {
  const [, section = ''] = `\n${document}`.split(`\n## ${heading}\n`)
  return section.split('\n## ')[0] ?? ''
}

/** The commands of a text, block by block and line by line. */
export function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].map(([, , block = '']) =>
    block.replaceAll('\\\n', ' '),
  )
  return blocks.flatMap((block) => block.split('\n').map((line) => line.trim())).filter(Boolean)
}

/** What a link calls a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
