import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { type Display, Interrupted, type Person, type Shell } from './command.ts'
import { http } from './http.ts'

/** The process's own terminal or pipes, in the time of a machine that may be ahead of real time. */
export function terminalShell(environment: Shell['environment'], aheadSeconds = 0): Shell {
  const { stdin, stderr } = process
  return {
    environment,
    http,
    out: (line) => console.log(line),
    say: (line) => console.error(line),
    // Back to the first column, and nothing behind it.
    ...(stderr.isTTY && { progress: (line) => void stderr.write(`\r${line}\u001b[K`) }),
    ...(stdin.isTTY && stderr.isTTY && { person: personAtTerminal }),
    stdin: () => text(stdin),
    display: displayOf(environment),
    openBrowser,
    runProgram: (command, more) => runProgram(command, { ...environment, ...more }),
    now: () => new Date(Date.now() + aheadSeconds * 1000),
    sleep: (seconds, signal) => pause(seconds * 1000, undefined, signal && { signal }).catch(() => {}),
    untilInterrupted: (over) => {
      const interrupted = new AbortController()
      const abort = () => interrupted.abort()
      process.once('SIGINT', abort)
      over?.addEventListener('abort', () => process.off('SIGINT', abort), { once: true })
      return interrupted.signal
    },
  }
}

function displayOf({ NO_COLOR, TERM }: Shell['environment']): Display {
  const { isTTY, columns } = process.stdout
  if (!isTTY) return {}
  return { columns, ...(!NO_COLOR && TERM !== 'dumb' && { colour: true }) }
}

const personAtTerminal: Person = {
  ask: (question, signal) => readLine(question, process.stderr, signal),
  async askSecret(question) {
    process.stderr.write(question)
    try {
      return await readLine('', new Writable({ write: (_chunk, _encoding, done) => done() }))
    } finally {
      process.stderr.write('\n')
    }
  },
}

/** readline echoes what is typed to `output` alone: it switches the terminal's own echo off. */
async function readLine(question: string, output: NodeJS.WritableStream, signal?: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  try {
    return await new Promise((resolve, reject) => {
      lines.once('close', () => reject(new Interrupted()))
      lines.question(question, { ...(signal && { signal }) }).then(resolve, reject)
    })
  } catch (error) {
    // The question ends without an answer, so what comes next needs a new line.
    output.write('\n')
    throw error
  } finally {
    lines.close()
  }
}

/** Started without a shell, which would interpret characters of the address. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

function openBrowser(url: URL): void {
  const [command, ...parameters] = OPENERS[process.platform] ?? ['xdg-open']
  const opener = spawn(command, [...parameters, url.href], { stdio: 'ignore', detached: true })
  opener.on('error', () => {})
  opener.unref()
}

/** A signal to end goes to the program as well, and its end is ours. Rejects when it cannot be run. */
function runProgram([program, ...parameters]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: 'inherit', env })
    const passOn = (signal: NodeJS.Signals) => void child.kill(signal)
    for (const signal of ENDING) process.on(signal, passOn)
    child.on('close', () => {
      for (const signal of ENDING) process.off(signal, passOn)
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
