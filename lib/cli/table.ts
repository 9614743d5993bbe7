import { styleText } from 'node:util'
import type { Display } from './command.ts'
import { wrap } from './wrap.ts'

/** Text of a cell, and how it is drawn where colour can be seen. */
export interface Cell {
  readonly text: string
  readonly paint?: 'red' | 'yellow' | 'green' | 'gray'
}

export interface Row {
  readonly cells: readonly Cell[]
  /** Each a line of its own below the cells. */
  readonly notes?: readonly Note[]
}

interface Note {
  readonly label: string
  readonly text: string
}

const GAP = '  '
/** Notes in a narrower room can hardly be read. */
const NARROWEST = 24
/** What a cell without a value shows. Below a row there is none of these. */
export const NOTHING = '-'

/**
 * Returns lines of aligned columns. The last columns, if they do not fit the display, are noted below their rows instead, and
 * notes are wrapped. Control characters are removed: a name that somebody typed must not control somebody else's terminal.
 */
export function renderTable(head: readonly string[], rows: readonly Row[], display: Display): string[] {
  const width = display.columns ?? Number.POSITIVE_INFINITY
  const body = rows.map(({ cells, ...row }) => ({
    ...row,
    cells: cells.map(({ text, ...cell }) => ({ ...cell, text: plain(text) })),
  }))
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map(({ cells }) => cells[column]?.text.length ?? 0)),
  )
  const shown = howManyFit(widths, width)
  const below = body.map(({ cells, notes = [] }) => [
    ...cells.flatMap(({ text }, column) =>
      column >= shown && text !== NOTHING ? [{ label: head[column]?.toLowerCase() ?? '', text }] : [],
    ),
    ...notes,
  ])
  const labels = Math.max(0, ...below.flat().map(({ label }) => label.length))
  const line = (cells: readonly Cell[]) =>
    cells
      .slice(0, shown)
      .map(({ text, paint }, column) => {
        const padded = text.padEnd(widths[column] ?? 0)
        return display.colour && paint ? styleText(paint, padded, { validateStream: false }) : padded
      })
      .join(GAP)
      .trimEnd()
  const drawn = ({ label, text }: Note) => {
    const start = `${GAP}${label.padEnd(labels)}${GAP}`
    const [first = '', ...more] = wrap(plain(text), Math.max(NARROWEST, width - start.length))
    return [start + first, ...more.map((rest) => ' '.repeat(start.length) + rest)]
  }
  return [
    line(head.map((text) => ({ text }))),
    ...body.flatMap(({ cells }, row) => [line(cells), ...(below[row] ?? []).flatMap(drawn)]),
  ]
}

/** The first column always does. */
function howManyFit([first = 0, ...more]: readonly number[], width: number): number {
  let used = first
  const over = more.findIndex((next) => {
    used += GAP.length + next
    return used > width
  })
  return over < 0 ? more.length + 1 : over + 1
}

const plain = (text: string): string => text.replaceAll(/\p{C}+/gu, ' ')
