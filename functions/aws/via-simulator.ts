/**
 * Sends every call for `https://HOST/PATH` to `<simulatorUrl>/HOST/PATH` instead: how a laptop runs without vendors.
 * By then the vendor's real address has been checked.
 */
export function viaSimulator(http: typeof fetch, simulatorUrl: string): typeof fetch {
  return (input, init) => {
    const { host, pathname, search } = new URL(input instanceof Request ? input.url : input)
    return http(`${simulatorUrl}/${host}${pathname}${search}`, init)
  }
}
