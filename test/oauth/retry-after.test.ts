import { httpDate, retryAfterSeconds } from '../../functions/oauth/retry-after.ts'
import { NOW } from '../support/fake-vendor.ts'

const wait = (headers: Record<string, string>) => retryAfterSeconds(new Headers(headers), NOW)

it.each([
  ['120', 120],
  ['0', 0],
  ['Sat, 01 Aug 2026 12:02:00 GMT', 120],
  ['Sat, 01 Aug 2026 11:00:00 GMT', 0],
])('reads %s', (text, seconds) => {
  expect(wait({ 'retry-after': text })).toBe(seconds)
})

it("counts a date from the vendor's own clock", () => {
  const headers = { 'retry-after': 'Sat, 01 Aug 2026 15:01:00 GMT', date: 'Sat, 01 Aug 2026 15:00:00 GMT' }
  expect(wait(headers)).toBe(60)
  expect(wait({ ...headers, date: 'yesterday' })).toBe(3 * 3600 + 60)
})

it.each([
  '',
  'soon',
  '-1',
  '1.5',
  '12s',
  '0x10',
  '99999999999',
  '2026-08-01',
  'Sat, 99 Aug 2026 12:00:00 GMT',
  'in 2 days',
])('takes %j for none', (text) => {
  expect(wait({ 'retry-after': text })).toBeUndefined()
})

it('is none when there is none', () => {
  expect(wait({})).toBeUndefined()
  expect(httpDate(null)).toBeUndefined()
})
