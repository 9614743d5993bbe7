import type { CachedToken, Row } from '../core/store.ts'
import type { Connection } from '../kit/connection.ts'
import type { Lifetime } from '../kit/token.ts'
import type { Vendor } from '../kit/vendor.ts'

/** Which connections a vendor has, and how they are. Throws `store_unavailable` as the token store does. */
export interface Directory {
  /**
   * Those that were registered or vended, by name: so many, from behind `after`. What is there all the while is on one page
   * and not on two; one that has just been made may be missing for some seconds. @default from the first, all
   */
  page(
    vendor: Vendor,
    from?: { readonly after?: string | undefined; readonly limit?: number },
  ): Promise<readonly Connection[]>

  /** What `TokenStore.read` says of each, in their order. No token is opened, so one that does not open is there too. */
  glance(connections: readonly Connection[]): Promise<readonly Glimpse[]>
}

/** A row whose token has not been opened: when it ends is known, and what it was obtained under. */
export interface Glimpse extends Omit<Row, 'token'> {
  readonly connection: Connection
  readonly token?: Pick<CachedToken, 'refreshAt' | 'fence' | 'epoch'> & { readonly accessToken: Lifetime }
}
