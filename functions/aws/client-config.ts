/**
 * How the SDK's clients call: one layer tries again, and briefly, since a caller is waiting and the gateway gives up after
 * 29 s. A service that is silent for so many seconds has failed; left to itself the SDK would warn and wait on.
 */
export function clientConfig({ attempts, seconds }: { readonly attempts: number; readonly seconds: number }) {
  const milliseconds = seconds * 1000
  const requestHandler = {
    connectionTimeout: 1000,
    // Until the answer begins, and between its parts.
    requestTimeout: milliseconds,
    socketTimeout: milliseconds,
    throwOnRequestTimeout: true,
  }
  return { maxAttempts: attempts, requestHandler }
}
