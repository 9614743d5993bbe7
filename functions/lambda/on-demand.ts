/**
 * A port whose adapter is loaded by the first call of it, but for the methods that are at hand. All methods of such a port
 * are asynchronous, so nobody can tell; what keeps it from being loaded is what that call rejects with.
 */
export function onDemand<Port extends object>(load: () => Promise<Port>, atHand: Partial<Port> = {}): Port {
  const get = (_: object, name: string | symbol) => {
    if (name in atHand) return Reflect.get(atHand, name)
    // Who awaits the port itself asks whether it is a promise.
    if (typeof name === 'symbol' || name === 'then') return undefined
    return async (...args: unknown[]) => {
      // Which methods a port has, its type says; this is called by those names alone.
      const port = (await load()) as Readonly<Record<string, (...args: unknown[]) => unknown>>
      return port[name]?.(...args)
    }
  }
  // It answers to every name that the loaded port answers to.
  return new Proxy({}, { get }) as Port
}
