interface Environment {
  readonly VENDOMAT_URL?: string | undefined
  readonly AWS_REGION?: string | undefined
  readonly AWS_DEFAULT_REGION?: string | undefined
}

/** The machine's address without a slash at its end, and its region. Throws an Error that says what is not stated. */
export function endpointIn({ VENDOMAT_URL: url, AWS_REGION, AWS_DEFAULT_REGION }: Environment) {
  if (!url) throw new Error('set VENDOMAT_URL to the address of the machine; on a laptop: . .local/env')
  if (!URL.canParse(url)) throw new Error('VENDOMAT_URL is not an address')
  const region = regionIn(url) ?? AWS_REGION ?? AWS_DEFAULT_REGION
  if (!region) throw new Error('set AWS_REGION to the region of the machine')
  return { base: url.replace(/\/+$/, ''), region }
}

/** The region that the address of an API names; undefined for a domain of one's own and for a laptop. */
export const regionIn = (url: string): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/.exec(new URL(url).hostname)?.[1]
