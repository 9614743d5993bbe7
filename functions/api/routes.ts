/** The stage that the API is deployed as: its version. */
export const STAGE_NAME = 'v1'

/**
 * Every route there is, once: the stack deploys them and the entry looks them up. `{vendor}` is fixed for each function. IAM
 * sees a method and a path, so what one person may do and another may not is a route of its own.
 */
export const ROUTES = {
  vend: { method: 'GET', path: '/tokens/{vendor}/{connection}', query: ['min_ttl'] },
  revoke: { method: 'DELETE', path: '/tokens/{vendor}/{connection}', query: [] },
  refresh: { method: 'POST', path: '/tokens/{vendor}/{connection}/refresh', query: [] },
  describe: { method: 'GET', path: '/vendors/{vendor}', query: [] },
  list: { method: 'GET', path: '/connections/{vendor}', query: ['next'] },
  show: { method: 'GET', path: '/connections/{vendor}/{connection}', query: [] },
  setOwner: { method: 'PUT', path: '/connections/{vendor}/{connection}/owner', query: [] },
  setStatus: { method: 'PUT', path: '/connections/{vendor}/{connection}/status', query: [] },
  setKeepWarm: { method: 'PUT', path: '/connections/{vendor}/{connection}/keep-warm', query: [] },
  acknowledge: { method: 'POST', path: '/connections/{vendor}/{connection}/acknowledgement', query: [] },
  check: { method: 'POST', path: '/connections/{vendor}/{connection}/check', query: [] },
  tryVersion: { method: 'POST', path: '/connections/{vendor}/{connection}/trial', query: [] },
  remove: { method: 'DELETE', path: '/connections/{vendor}/{connection}', query: [] },
  authorize: { method: 'POST', path: '/connections/{vendor}/{connection}/authorization', query: [] },
} as const satisfies Record<string, Route>

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  /** Query parameters; one call never has more than one. */
  readonly query: readonly string[]
}

export type Operation = keyof typeof ROUTES

/** The operation behind a resource of the API, as the gateway names it; `authorize` only where a vendor needs consent. */
export function operationOf(method: string, resource: string, vendorId: string): Operation | undefined {
  const path = resource.replace(`/${vendorId}`, '/{vendor}')
  const found = Object.entries(ROUTES).find(([, route]) => route.method === method && route.path === path)
  // The entries of ROUTES have its keys.
  return found?.[0] as Operation | undefined
}
