import type { SecurityPromise } from './promise.ts'

const MARKS = ['<!-- npm run security -- --readme writes from here -->', '<!-- to here -->'] as const

/** The document with this table of promises between its marks. Throws where the marks are not there, in this order. */
export function withPromises(document: string, promises: readonly SecurityPromise[]): string {
  const [before, rest] = document.split(MARKS[0])
  const after = rest?.split(MARKS[1])[1]
  if (before === undefined || after === undefined) throw new Error(`the document lacks the marks ${MARKS.join(' ')}`)
  return [before, MARKS[0], tableOf(promises), MARKS[1], after].join('')
}

/** By asset, in the order of the first promise of each. */
function tableOf(promises: readonly SecurityPromise[]): string {
  const assets = [...new Set(promises.map(({ asset }) => asset))]
  const parts = assets.flatMap((asset) => [
    `### ${asset[0]?.toUpperCase()}${asset.slice(1)}`,
    '',
    '| promise | threat | what stops it | tests |',
    '|---|---|---|---|',
    ...promises.filter((promise) => promise.asset === asset).map(rowOf),
    '',
  ])
  return `\n\n${parts.join('\n')}\n`
}

function rowOf({ id, threat, stoppedBy, tests }: SecurityPromise): string {
  const files = [...new Set(tests.map(({ file }) => file))]
  const links = files.map((file) => `[${file.replace(/^test\/|\.test\.ts$/g, '')}](../${file})`)
  return `| \`${id}\` | ${cell(threat)} | ${cell(stoppedBy)} | ${links.join(', ')} |`
}

/** What would end the cell, or begin markup in it. */
const cell = (text: string): string => text.replaceAll(/[|<*_]/g, '\\$&')
