import { rounded } from './figures.ts'
import { goalText, measured, type Row, valueText, verdictOn } from './report.ts'
import type { BenchResult } from './result.ts'

const WIDTH = 1240
const LINE = 22
const LABELS = 580
const BARS = 380
/** The scale: tenths of the goal to ten times the goal, in powers, the goal in the middle. What is beyond ends there. */
const DECADES = 1

/** Both colour schemes, so that the picture can be read where it is put. */
const STYLE = `
  svg { font: 12px system-ui, sans-serif; }
  .page { fill: #ffffff; } text { fill: #1f2328; } .faint { fill: #59636e; }
  .held { fill: #1a7f37; } .close { fill: #9a6700; } .missed { fill: #cf222e; }
  .goal, .range { stroke: #1f2328; } .grid { stroke: #d1d9e0; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #f0f6fc; } .faint { fill: #9198a1; }
    .held { fill: #3fb950; } .close { fill: #d29922; } .missed { fill: #f85149; }
    .goal, .range { stroke: #f0f6fc; } .grid { stroke: #3d444d; }
  }`

/** All rows that have a goal, each as a bar in shares of its goal: what ends left of the line holds. */
export function chart(results: readonly BenchResult[], caption: string): string {
  const parts: string[] = []
  let y = 64
  for (const { name, rows } of results) {
    const judged = rows.filter(({ goal }) => goal !== undefined)
    if (judged.length === 0) continue
    parts.push(text(16, y + 15, name, 'font-weight="600"'))
    y += LINE
    for (const row of judged) {
      parts.push(...bar(row, y))
      y += LINE
    }
    y += 8
  }
  const grid = [0.1, 0.2, 0.5, 1, 2, 5, 10].flatMap((share) => [
    `<line x1="${at(share)}" x2="${at(share)}" y1="56" y2="${y}" class="${share === 1 ? 'goal' : 'grid'}"/>`,
    text(at(share), 50, share === 1 ? 'goal' : `x ${share}`, 'class="faint" text-anchor="middle"'),
  ])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" width="${WIDTH}" height="${y + 12}" role="img" aria-label="${escaped(caption)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="100%" height="100%"/>`,
    text(16, 24, caption, 'font-weight="600" font-size="14"'),
    ...grid,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function bar(row: Row, y: number): string[] {
  const end = at(shareOf(measured(row), row))
  const { ratio } = row
  const ends = ratio && [at(shareOf(ratio.low, row)), at(shareOf(ratio.high, row))].sort((a, b) => a - b)
  const [from = 0, to = 0] = ends ?? []
  const figure = ratio ? `ratio ${rounded(ratio.median)}` : valueText(row)
  const verdict = verdictOn(row)
  return [
    text(LABELS - 12, y + 15, shortened(row.case), 'text-anchor="end"'),
    `<rect class="${verdict}" x="${LABELS}" y="${y + 5}" width="${Math.max(2, end - LABELS)}" height="12" rx="2"/>`,
    ...(ends ? [`<line class="range" x1="${from}" x2="${to}" y1="${y + 11}" y2="${y + 11}" stroke-width="2"/>`] : []),
    text(
      LABELS + BARS + 12,
      y + 15,
      `${figure}, ${goalText(row)}${verdict === 'held' ? '' : `: ${verdict}`}`,
      'class="faint"',
    ),
  ]
}

/** 1 is the goal, less is better, whichever way the goal looks. */
function shareOf(value: number, { goal: { most, least } = {} }: Row): number {
  if (most !== undefined) return value <= most && value === 0 ? 0 : value / most
  return least === undefined ? 0 : least / value
}

function at(share: number): number {
  const power = share <= 0 ? -DECADES : Math.log10(share)
  const within = Math.max(-DECADES, Math.min(DECADES, power))
  return Math.round(LABELS + ((within + DECADES) / (2 * DECADES)) * BARS)
}

const shortened = (label: string): string => (label.length > 80 ? `${label.slice(0, 79)}…` : label)

const text = (x: number, y: number, content: string, attributes = '') =>
  `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`

const escaped = (content: string): string =>
  content.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char)
