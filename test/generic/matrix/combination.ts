import type { VendorDescription } from '../../../functions/generic/description.ts'

type Grant = VendorDescription['grant']
type Way = VendorDescription['clientAuthentication']

/** A grant, how the client proves who it is, and what either signs with. */
export interface Combination {
  readonly grant: Grant
  readonly way: Way
  readonly algorithm?: 'RS256' | 'PS256' | 'ES256'
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256'] as const
const GRANTS = ['client_credentials', 'authorization_code', 'jwt_bearer'] as const
const WAYS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const

export const COMBINATIONS: readonly Combination[] = GRANTS.flatMap((grant) =>
  WAYS.flatMap((way): Combination[] => {
    const signs = way === 'private_key_jwt' || grant === 'jwt_bearer'
    return signs ? ALGORITHMS.map((algorithm) => ({ grant, way, algorithm })) : [{ grant, way }]
  }),
)

export const nameOf = ({ grant, way, algorithm }: Combination): string =>
  [grant, way, algorithm].filter(Boolean).join(' ')

export const hasSecret = ({ way }: Combination): boolean => way.startsWith('client_secret')
export const hasKey = ({ way, grant }: Combination): boolean => way === 'private_key_jwt' || grant === 'jwt_bearer'
