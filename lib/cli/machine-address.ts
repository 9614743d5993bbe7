import { STAGE_NAME } from '../../functions/api/routes.ts'

/** The machine runs on this computer, where nobody is mailed and nothing needs TLS. */
export const isLaptop = (base: string): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(base).hostname)

/** The id of the API, where the address has it; on a laptop its gateway's. Undefined for a domain of one's own. */
export function apiIn(base: string): string | undefined {
  if (isLaptop(base)) return 'local'
  return /^([a-z0-9]+)\.execute-api\./.exec(new URL(base).hostname)?.[1]
}

/** Of `aws`, `aws-cn` and so on the one that a region is in. Nothing of one is allowed in another. */
export const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'

export interface ApiPlace {
  readonly region: string
  readonly account: string
  readonly api: string
}

/** What IAM calls a route: `arn:aws:execute-api:eu-west-1:111122223333:abc123/v1/GET/tokens/accelo/hq`. */
export const routeArn = ({ region, account, api }: ApiPlace, method: string, path: string): string =>
  `arn:${partitionOf(region)}:execute-api:${region}:${account}:${api}/${STAGE_NAME}/${method}${path}`
