/** What `npm start` says to who looks on. */
export interface Terminal {
  /** Says a line that stays. */
  say(line: string): void
  /** Shows how far some work is, in place of what it showed before; '' when it is done. Left out where nobody looks on. */
  progress?(line: string): void
}

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>

/** Lines go to `out`. Progress goes to `err`, and only if that is a terminal: no file and no pipe gets any of it. */
export function terminal(out: Stream, err: Stream): Terminal {
  if (!err.isTTY) return { say: (line) => void out.write(`${line}\n`) }
  let shown = ''
  // Back to the first column, and nothing behind it. A line that breaks could not be taken back.
  const draw = (line: string) => void err.write(`\r${line.slice(0, err.columns - 1)}\u001b[K`)
  return {
    say(line) {
      if (shown) draw('')
      out.write(`${line}\n`)
      if (shown) draw(shown)
    },
    progress(line) {
      if (line === shown) return
      shown = line
      draw(line)
    },
  }
}
