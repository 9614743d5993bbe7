// RFC 9110 section 5.6.7: IMF-fixdate. The two obsolete forms are left out; without a date the pause is our own.
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

export function httpDate(text: string | null): Date | undefined {
  if (text === null || !IMF_FIXDATE.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/**
 * RFC 9110 section 10.2.3: seconds or a date. A date is on the vendor's clock, so it is measured against the vendor's
 * `Date` where there is one. Undefined when there is none or it cannot be read.
 */
export function retryAfterSeconds(headers: Headers, now: Date): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  if (/^[0-9]{1,10}$/.test(text)) return Number(text)
  const date = httpDate(text)
  if (!date) return undefined
  const from = httpDate(headers.get('date')) ?? now
  return Math.max(0, Math.ceil((date.getTime() - from.getTime()) / 1000))
}
