/** A port of which one method first lets something else happen: time, or what somebody does meanwhile. */
export function happensBefore<P extends object>(port: P, method: keyof P, happens: () => Promise<unknown>): P {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const original: unknown = Reflect.get(target, name, receiver)
      if (name !== method || typeof original !== 'function') return original
      return async (...parameters: unknown[]) => {
        await happens()
        return original.apply(target, parameters)
      }
    },
  })
}

/** The same, with what happens after the method has done its work and before it answers. */
export function happensAfter<P extends object>(port: P, method: keyof P, happens: () => Promise<unknown>): P {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const original: unknown = Reflect.get(target, name, receiver)
      if (name !== method || typeof original !== 'function') return original
      return async (...parameters: unknown[]) => {
        const answer = await original.apply(target, parameters)
        await happens()
        return answer
      }
    },
  })
}
