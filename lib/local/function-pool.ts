import { type ChildProcess, fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface FunctionOptions {
  /** The name in the process list, by which one function's processes can be found and stopped. */
  readonly name: string
  /** The bundle's file, exactly as it would be deployed. */
  readonly bundle: string
  /** The whole environment of the function. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  /** The most calls at once, each in a process of its own. */
  readonly concurrency: number
  /** Where its standard output goes. */
  readonly logFile: string
  /** How far the clock of a call that begins now is ahead of real time. @default in real time */
  readonly aheadMs?: () => number
}

export interface FunctionPool {
  /** Returns the handler's result; undefined when it threw, died or took too long. */
  invoke(event: unknown, requestId: string): Promise<unknown>
  /** Ends its processes; the next call starts new ones. */
  stop(): void
  close(): void
  /** The ids of its processes, by which one can be measured or killed. */
  pids(): readonly number[]
  readonly logFile: string
}

const RUNNER = join(dirname(fileURLToPath(import.meta.url)), 'function-process.cjs')

interface Environment {
  readonly child: ChildProcess
  busy: boolean
  /** Whether its bundle has loaded. One that never does is broken, and another process would not help. */
  ready: boolean
}

interface Message {
  readonly ready?: true
  readonly started?: true
  readonly failed?: true
  readonly result?: unknown
}

type Outcome = { readonly result: unknown } | 'not started'

/**
 * Runs a function as Lambda does: processes start when they are needed, serve one call at a time, and are used again.
 * A process that dies ends its current call only; the next call gets a new process.
 */
export function functionPool(options: FunctionOptions): FunctionPool {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  const environments = new Set<Environment>()
  const waiting: (() => void)[] = []
  let closed = false

  function start(): Environment {
    const child = fork(RUNNER, [options.name, options.bundle], {
      env: { ...options.environment },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.pipe(log, { end: false })
    child.stderr?.pipe(log, { end: false })
    const environment: Environment = { child, busy: true, ready: false }
    child.on('message', (message: Message) => {
      if (message.ready) environment.ready = true
    })
    environments.add(environment)
    child.once('exit', () => {
      environments.delete(environment)
      waiting.shift()?.()
    })
    return environment
  }

  /** Undefined when the function was closed meanwhile. */
  async function free(): Promise<Environment | undefined> {
    for (;;) {
      if (closed) return undefined
      const idle = [...environments].find(({ busy, child }) => !busy && child.connected)
      if (idle) {
        idle.busy = true
        return idle
      }
      if (environments.size < options.concurrency) return start()
      await new Promise<void>((go) => waiting.push(go))
    }
  }

  /** One call in one process. 'not started' when the process ended before the call began: another can take it. */
  async function callIn(environment: Environment, event: unknown, requestId: string): Promise<Outcome> {
    const { child } = environment
    let started = false
    return new Promise((resolve) => {
      const clock = setTimeout(() => child.kill('SIGKILL'), options.timeoutSeconds * 1000)
      const end = (outcome: Outcome) => {
        clearTimeout(clock)
        child.off('message', hear)
        child.off('exit', lost)
        resolve(outcome)
      }
      const hear = (message: Message) => {
        if (message.started) started = true
        if (message.failed || 'result' in message) end({ result: message.result })
      }
      const lost = () => end(environment.ready && !started ? 'not started' : { result: undefined })
      child.on('message', hear)
      child.once('exit', lost)
      if (child.exitCode !== null || child.signalCode !== null) return lost()
      // When it cannot be sent, the process has ended, and its exit settles the call.
      const { timeoutSeconds, aheadMs = () => 0 } = options
      child.send({ event, requestId, timeoutSeconds, aheadMs: aheadMs() }, () => {})
    })
  }

  return {
    async invoke(event, requestId) {
      for (;;) {
        const environment = await free()
        if (!environment) return undefined
        const outcome = await callIn(environment, event, requestId)
        environment.busy = false
        waiting.shift()?.()
        if (outcome !== 'not started') return outcome.result
        environments.delete(environment)
      }
    },
    stop() {
      for (const { child } of environments) child.kill()
    },
    close() {
      closed = true
      for (const { child } of environments) child.kill('SIGKILL')
      log.end()
    },
    pids: () => [...environments].flatMap(({ child }) => child.pid ?? []),
    logFile: options.logFile,
  }
}
