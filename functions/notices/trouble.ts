import { type Connection, keyOf } from '../core/ask.ts'
import { isFailure } from '../core/errors.ts'
import type { Failure } from '../core/failure.ts'
import type { Runtime } from '../core/runtime.ts'
import type { HeldToken, State, Told } from '../core/store.ts'
import { rfc3339, secondsBetween } from '../core/token.ts'
import type { Vendor } from '../core/vendor.ts'
import type { RecoveredNotice, RotatedNotice, TroubleNotice } from './kinds.ts'
import { keepQuiet, tellOnce } from './once.ts'

/** What may pass by itself has to last so long before anybody is told: a vendor that flaps writes no mails. */
export const HOLD_BACK_SECONDS = 10 * 60
/** When a vendor fails for one connection it mostly fails for all: the first speaks for them, for so long. */
const SPEAKS_FOR_ALL_SECONDS = 60 * 60

type Trouble = TroubleNotice['kind']
const TROUBLES: readonly Trouble[] = ['reconnect_needed', 'credentials_refused', 'vendor_failing']
const RECOVERED = 'recovered'

/** Tells people that a connection is in trouble, if it is and they have not heard: once for each trouble it gets into. */
export async function tellTrouble(asked: Connection, state: State, runtime: Runtime, held?: HeldToken): Promise<void> {
  const { failure } = state
  const kind = failure && troubleOf(failure, runtime.now())
  if (!kind) return
  const notice: TroubleNotice = {
    kind,
    ...aboutOf(asked, state),
    since: failure.since,
    code: failure.code,
    detail: failure.detail,
    rotation: asked.vendor.rotation,
    ...(held && held.accessToken.expiresAt > runtime.now() && { worksUntil: held.accessToken.expiresAt }),
  }
  const telling = { key: keyOf(asked), matter: 'trouble', seen: state.told?.trouble, mark: kind } as const
  await asFarAsPossible(async () => {
    if (kind !== 'vendor_failing') await tellOnce(telling, notice, runtime)
    else if (await tellOfVendor(asked.vendor, notice, telling.seen, runtime)) await keepQuiet(telling, runtime)
  })
}

/** Tells people what a success changes: a trouble that they have heard of is over, new credentials work. */
export async function tellWorks(
  asked: Connection,
  state: State,
  { version, endsAt }: { readonly version: string; readonly endsAt?: Date | undefined },
  runtime: Runtime,
): Promise<void> {
  await asFarAsPossible(async () => {
    await tellRecovered(asked, state, runtime)
    if (state.provenVersion === version || !state.succeededAt) return
    const { vendor } = asked
    const notice: RotatedNotice = {
      kind: 'rotated',
      ...aboutOf(asked, state),
      rotation: vendor.rotation,
      ...(endsAt && { endsAt }),
    }
    await tellOnce(
      { key: keyOf(asked), matter: 'end', seen: state.told?.end, mark: `${version} works` },
      notice,
      runtime,
    )
  })
}

async function tellRecovered(asked: Connection, state: State, runtime: Runtime): Promise<void> {
  const seen = state.told?.trouble
  const was = TROUBLES.find((kind) => seen?.mark === kind || seen?.mark === `${RECOVERED} ${kind}`)
  if (!seen || !was) return
  const telling = { key: keyOf(asked), matter: 'trouble', seen, mark: `${RECOVERED} ${was}` } as const
  const notice: RecoveredNotice = { kind: 'recovered', ...aboutOf(asked, state), was, toldAt: seen.at }
  // What people have not heard of need not be taken back.
  if (seen.mark === was && !seen.sent) return keepQuiet(telling, runtime)
  if (was !== 'vendor_failing') await tellOnce(telling, notice, runtime)
  else if (seen.mark === was) {
    await tellOfVendorAgain(asked.vendor, notice, runtime)
    await keepQuiet(telling, runtime)
  }
}

/** Whether people know by now that the vendor fails: from us, or from another connection a short while ago. */
async function tellOfVendor(
  vendor: Vendor,
  notice: TroubleNotice,
  own: Told | undefined,
  runtime: Runtime,
): Promise<boolean> {
  const now = runtime.now()
  const seen = await toldOfVendor(vendor, runtime)
  const failing = seen?.mark.startsWith('vendor_failing') ?? false
  const heard = seen?.sent && (own?.mark === 'vendor_failing' || secondsBetween(seen.at, now) < SPEAKS_FOR_ALL_SECONDS)
  if (failing && heard) return true
  const mark = failing && !seen?.sent ? (seen?.mark ?? '') : `vendor_failing ${rfc3339(now)}`
  return tellOnce({ key: vendorKey(vendor), matter: 'trouble', seen, mark }, notice, runtime)
}

async function tellOfVendorAgain(vendor: Vendor, notice: RecoveredNotice, runtime: Runtime): Promise<void> {
  const seen = await toldOfVendor(vendor, runtime)
  if (!seen) return
  const mark = seen.mark.startsWith(RECOVERED) ? seen.mark : `${RECOVERED} ${rfc3339(runtime.now())}`
  await tellOnce({ key: vendorKey(vendor), matter: 'trouble', seen, mark }, notice, runtime)
}

/** No connection is named in capitals. */
const vendorKey = ({ id }: Vendor): string => `${id}#VENDOR`

const toldOfVendor = async (vendor: Vendor, { store }: Runtime): Promise<Told | undefined> =>
  (await store.read(vendorKey(vendor))).state.told?.trouble

/** Whoever is served meanwhile must not go without because people cannot be told; the next look tells them. */
async function asFarAsPossible(tell: () => Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (error) {
    if (!isFailure(error, 'store_unavailable')) throw error
  }
}

/** How a notice names a connection. */
export const aboutOf = ({ vendor, connection }: Connection, { owner }: State) => ({
  vendor: vendor.id,
  title: vendor.title,
  connection,
  ...(owner !== undefined && { owner }),
})

/** What of a failure people should hear by now. */
function troubleOf({ code, since }: Failure, now: Date): Trouble | undefined {
  const lasts = secondsBetween(since, now) >= HOLD_BACK_SECONDS
  switch (code) {
    case 'grant_rejected':
      return 'reconnect_needed'
    case 'credential_rejected':
    case 'credential_expired':
      return 'credentials_refused'
    // A vendor's maintenance page can look like an address that is wrong.
    case 'configuration':
      return lasts ? 'credentials_refused' : undefined
    // A person did it, and knows.
    case 'credential_revoked':
      return undefined
    default:
      return lasts ? 'vendor_failing' : undefined
  }
}
