import type { Machine } from '../../functions/lambda/runtime.ts'

/** A process whose ports take their time, and how much of what it began has not ended. */
export function watched(machine: Machine) {
  let begun = 0
  let open = 0
  const watch = <P extends object>(port: P): P =>
    new Proxy(port, {
      get: (target, name, receiver) => {
        const method: unknown = Reflect.get(target, name, receiver)
        if (typeof method !== 'function') return method
        return async (...given: unknown[]) => {
          begun += 1
          open += 1
          try {
            await new Promise(setImmediate)
            return await method.apply(target, given)
          } finally {
            open -= 1
          }
        }
      },
    })
  const { tokens, registry, directory, allowance, sleep, observe } = machine
  const process: Machine = {
    ...machine,
    ...watch({ observe }),
    tokens: watch(tokens),
    registry: watch(registry),
    directory: watch(directory),
    allowance: watch(allowance),
  }
  return {
    process,
    /** Fails if anything is under way now, or begins in the next two minutes. */
    expectQuiet: async () => {
      expect(open).toBe(0)
      const before = begun
      for (let second = 0; second < 120; second++) await sleep(1)
      expect(begun).toBe(before)
    },
  }
}
