/** Returns `; did you mean x?` for the one of `names` that was probably meant, or nothing. */
export function didYouMean(given: string, names: readonly string[]): string {
  const distances = names.map((name) => ({ name, edits: edits(given.toLowerCase(), name.toLowerCase()) }))
  const [nearest] = distances.sort((a, b) => a.edits - b.edits)
  return nearest && nearest.edits <= Math.max(2, given.length / 3) ? `; did you mean ${nearest.name}?` : ''
}

/** How many letters to put in, take out or change make one of the other (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...from].entries()) {
    const above = row
    row = [index + 1]
    for (const [column, other] of [...to].entries()) {
      const changed = (above[column] ?? 0) + (letter === other ? 0 : 1)
      row.push(Math.min(changed, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1))
    }
  }
  return row[to.length] ?? 0
}
