import { DAY_SECONDS } from '../kit/time.ts'
import type { GrantLife, TokenPolicy } from '../kit/token.ts'
import type { VendorFacts } from '../kit/vendor.ts'
import type { VendorDescription } from './description.ts'

/** What a token at hand asks for. Parsed on the way of a table hit, so it checks nothing. */
export const factsOf = (id: string, description: VendorDescription): VendorFacts => ({
  id,
  title: description.title,
  hosts: description.hosts,
  tokens: policyOf(description),
})

function policyOf({ grant, keep, refreshTokens, grantDays, ...description }: VendorDescription): TokenPolicy {
  const { maxLifeSeconds = DAY_SECONDS, defaultLifeSeconds, refreshAfter } = description
  const life = {
    maxLifeSeconds,
    ...(defaultLifeSeconds !== undefined && { defaultLifeSeconds }),
    ...(refreshAfter !== undefined && { refreshAfter }),
  }
  if (keep === 'memory') return { storage: 'memory', ...life }
  if (grant !== 'authorization_code') return { storage: 'table', ...life }
  return {
    storage: 'table',
    ...life,
    ...(refreshTokens !== 'keep' && { singleUseRefreshToken: true }),
    ...(grantDays && { grant: grantLife(grantDays) }),
  }
}

const grantLife = ({ idle, most }: NonNullable<VendorDescription['grantDays']>): GrantLife => ({
  ...(idle !== undefined && { idleSeconds: idle * DAY_SECONDS }),
  ...(most !== undefined && { maxSeconds: most * DAY_SECONDS }),
})
