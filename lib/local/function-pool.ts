import { type ChildProcess, fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface FunctionOptions {
  /** Shows in the process list, so that one function's processes can be found and stopped. */
  readonly name: string
  /** The bundle's file, exactly as it would be deployed. */
  readonly bundle: string
  /** All the function sees of the environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  /** How many calls run at once, each in a process of its own. */
  readonly concurrency: number
  /** Where its standard output goes. */
  readonly logFile: string
}

export interface FunctionPool {
  /** What the handler returned; undefined when it threw, died or took too long. */
  invoke(event: unknown, requestId: string): Promise<unknown>
  close(): void
}

const RUNNER = join(dirname(fileURLToPath(import.meta.url)), 'function-process.cjs')

interface Environment {
  readonly child: ChildProcess
  busy: boolean
}

/**
 * Runs a function as Lambda does: processes start when they are needed, serve one call at a time, and are used again.
 * A process that dies takes its call with it and nothing else; the next call gets a new one.
 */
export function functionPool(options: FunctionOptions): FunctionPool {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  const environments = new Set<Environment>()
  const waiting: (() => void)[] = []

  function start(): Environment {
    const child = fork(RUNNER, [options.name, options.bundle], {
      env: { ...options.environment },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.pipe(log, { end: false })
    child.stderr?.pipe(log, { end: false })
    const environment = { child, busy: true }
    environments.add(environment)
    child.once('exit', () => {
      environments.delete(environment)
      waiting.shift()?.()
    })
    return environment
  }

  async function free(): Promise<Environment> {
    for (;;) {
      const idle = [...environments].find(({ busy, child }) => !busy && child.connected)
      if (idle) {
        idle.busy = true
        return idle
      }
      if (environments.size < options.concurrency) return start()
      await new Promise<void>((go) => waiting.push(go))
    }
  }

  return {
    async invoke(event, requestId) {
      const environment = await free()
      const { child } = environment
      const outcome = await new Promise<unknown>((resolve) => {
        const clock = setTimeout(() => child.kill('SIGKILL'), options.timeoutSeconds * 1000)
        const end = (result?: unknown) => {
          clearTimeout(clock)
          child.off('message', hear)
          child.off('exit', end)
          resolve(result)
        }
        const hear = (message: { ready?: true; result?: unknown }) => {
          if (!message.ready) end(message.result)
        }
        const lost = () => end()
        child.on('message', hear)
        child.once('exit', lost)
        child.send({ event, requestId, timeoutSeconds: options.timeoutSeconds }, (error) => {
          if (error) end()
        })
      })
      environment.busy = false
      waiting.shift()?.()
      return outcome
    },
    close() {
      for (const { child } of environments) child.kill('SIGKILL')
      log.end()
    },
  }
}
