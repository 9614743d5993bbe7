import { pastedToken } from '../../functions/oauth/static-token.ts'

describe('a pasted token', () => {
  it.each([
    'eyJ.a.b',
    '  eyJ.a.b\n',
    'Bearer eyJ.a.b',
    'bearer  eyJ.a.b',
    '"eyJ.a.b"',
    "'Bearer eyJ.a.b'",
    'Bearer "eyJ.a.b"\r\n',
  ])('is stripped of what came with it: %j', (text) => {
    expect(pastedToken.parse(text).reveal()).toBe('eyJ.a.b')
  })

  it.each([
    '',
    '  ',
    '""',
    'Bearer ',
    'Bearer Bearer eyJ.a.b',
    'eyJ.\na.b',
    'eyJ a.b',
    'tökên',
    'a'.repeat(16385),
    7,
    null,
  ])('is refused when it is none: %#', (text) => {
    expect(pastedToken.safeParse(text).success).toBe(false)
  })
})
