import type { AccessToken } from '../kit/token.ts'
import type { Context, Liveness } from '../kit/vendor.ts'
import { liveCheck } from '../oauth/live-check.ts'

/**
 * Reads one room: the cheapest documented read, and the first example of iObeya's API Facade v1. iObeya documents no bodies
 * of errors (doc.api.iobeya.io, 2026-11); who may not read rooms still has a token that lives.
 */
export const liveness = ({ value, context: used }: AccessToken, context: Context): Promise<Liveness> =>
  liveCheck(
    {
      url: new URL(`${used.api_base_url}/v1/rooms?page=1&size=1`),
      token: value,
      forbidden: () => 'limited',
      judge: () => 'alive',
      advice: 'check api_url, and whether the API is deployed for this platform',
    },
    context,
  )
