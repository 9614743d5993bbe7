import { ANSWER_SECONDS } from '../client/signed-request.ts'
import type { Shell } from './command.ts'

/** What takes no longer needs no words. */
const QUIET_SECONDS = 2

interface Wait {
  readonly for: string
  readonly since: Date
}

/**
 * A shell that shows, at a terminal, which call has been waited for longer than two seconds, since when and for how long at
 * most: beside what the command itself shows, and taken away when the answer is there or something else is printed.
 */
export function showingWaits(shell: Shell): Shell {
  const { progress, now, sleep } = shell
  if (!progress) return shell
  const waits = new Set<Wait>()
  let shown = ''
  let own = ''

  function draw(): void {
    const wait = [...waits].find(({ since }) => secondsSince(since) >= QUIET_SECONDS)
    const words = wait && `waiting for ${wait.for}, ${secondsSince(wait.since)} of at most ${ANSWER_SECONDS} s`
    shown = [own, words].filter(Boolean).join('; ')
    progress?.(shown)
  }
  const secondsSince = (since: Date): number => Math.floor((now().getTime() - since.getTime()) / 1000)

  async function redraw({ since }: Wait, answered: AbortSignal): Promise<void> {
    await sleep(QUIET_SECONDS, answered)
    for (let second = QUIET_SECONDS; second <= ANSWER_SECONDS && !answered.aborted; second += 1) {
      if (secondsSince(since) >= QUIET_SECONDS) draw()
      await sleep(1, answered)
    }
  }

  function cleared(print: (line: string) => void): (line: string) => void {
    return (line) => {
      if (shown) progress?.('')
      shown = ''
      print(line)
    }
  }

  return {
    ...shell,
    progress: (line) => {
      own = line
      draw()
    },
    out: cleared(shell.out),
    say: cleared(shell.say),
    async http(input, init) {
      const wait = waitFor(new URL(input instanceof Request ? input.url : input), shell, now())
      const answered = new AbortController()
      waits.add(wait)
      void redraw(wait, answered.signal)
      try {
        return await shell.http(input, init)
      } finally {
        waits.delete(wait)
        answered.abort()
        if (shown !== own) draw()
      }
    },
  }
}

function waitFor({ origin, host }: URL, { environment: { VENDOMAT_URL: machine } }: Shell, since: Date): Wait {
  const isMachine = machine !== undefined && URL.canParse(machine) && new URL(machine).origin === origin
  return { for: isMachine ? 'the machine' : host, since }
}
