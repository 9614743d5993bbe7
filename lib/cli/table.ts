import type { Display } from './command.ts'

/** Text of a cell, and how it is drawn where colour can be seen. */
export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

const GAP = '  '
/** A narrower last column can hardly be read. */
const NARROWEST = 24

/**
 * Returns lines of aligned columns. The last column is wrapped into what is left of the display. Control characters are
 * removed: a name that somebody typed must not control somebody else's terminal.
 */
export function renderTable(head: readonly string[], rows: readonly (readonly Cell[])[], display: Display): string[] {
  const all = [head.map((text): Cell => ({ text })), ...rows].map((row) =>
    row.map(({ text, ...cell }) => ({ ...cell, text: plain(text) })),
  )
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.text.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0)
  const room = Math.max(NARROWEST, (display.columns ?? Number.POSITIVE_INFINITY) - before)
  return all.flatMap((row) => {
    const [first = '', ...more] = wrap(row.at(-1)?.text ?? '', room)
    const cells = row.slice(0, -1).map(({ text, paint }, column) => {
      const padded = text.padEnd(widths[column] ?? 0)
      return display.colour && paint ? paint(padded) : padded
    })
    return [[...cells, first].join(GAP).trimEnd(), ...more.map((line) => ' '.repeat(before) + line)]
  })
}

const plain = (text: string): string => text.replaceAll(/\p{C}+/gu, ' ')

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
