import { terminal } from '../../lib/local/terminal.ts'

/** Two streams, and everything that was written to both in its order. */
function streams(isTTY: boolean, columns = 80) {
  const written: string[] = []
  const stream = (name: string) => ({
    isTTY,
    columns,
    write: (text: string | Uint8Array) => written.push(`${name} ${text}`) > 0,
  })
  return { written, out: stream('out'), err: stream('err') }
}

describe('at a terminal', () => {
  it('progress is one line that changes, on stderr, and is gone at the end', () => {
    const { written, out, err } = streams(true)
    const { progress } = terminal(out, err)
    progress?.('1 of 5')
    progress?.('2 of 5')
    progress?.('2 of 5')
    progress?.('')
    expect(written).toEqual(['err \r1 of 5\u001b[K', 'err \r2 of 5\u001b[K', 'err \r\u001b[K'])
  })

  it('a line that stays does not run into it', () => {
    const { written, out, err } = streams(true)
    const { say, progress } = terminal(out, err)
    say('before')
    progress?.('half')
    say('notice')
    progress?.('')
    say('after')
    expect(written).toEqual([
      'out before\n',
      'err \rhalf\u001b[K',
      'err \r\u001b[K',
      'out notice\n',
      'err \rhalf\u001b[K',
      'err \r\u001b[K',
      'out after\n',
    ])
  })

  it('progress is cut where the line would break', () => {
    const { written, out, err } = streams(true, 10)
    terminal(out, err).progress?.('0123456789')
    expect(written).toEqual(['err \r012345678\u001b[K'])
  })
})

it('where nobody looks on there are lines and no progress', () => {
  const { written, out, err } = streams(false)
  const { say, progress } = terminal(out, err)
  say('a line')
  expect(progress).toBeUndefined()
  expect(written).toEqual(['out a line\n'])
})
