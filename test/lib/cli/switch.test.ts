import { AWS, problem, vendomat } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

describe.each([
  ['disable', 'disabled', 'accelo/hq is disabled'],
  ['enable', 'active', 'accelo/hq is enabled'],
])('vendomat %s', (command, status, expected) => {
  const answer = { vendor: 'accelo', connection: 'hq', state: 'secret_deleted', next_action: 'do this' }
  const answers = { 'PUT /connections/accelo/hq/status': answer }

  it('changes the connection with a signed body', async () => {
    const { code, out, said, calls } = await vendomat(`${command} accelo hq`, { answers })
    expect([code, out, said]).toEqual([0, expected, 'state: secret deleted\nnext step: do this'])
    expect(calls.map(({ body }) => body)).toEqual([{ status }])
    expect(calls[0]?.headers.get('authorization')).toMatch(/SignedHeaders=content-type;host;/)
  })

  it('exits with 6 when there is no such connection', async () => {
    expect(await vendomat(`${command} accelo hq`)).toMatchObject({ code: 6, out: '' })
  })

  it('exits with 3 when it is not allowed', async () => {
    expect(
      await vendomat(`${command} accelo hq`, { answers: { 'PUT /connections/accelo/hq/status': problem(403) } }),
    ).toMatchObject({ code: 3 })
  })

  it.each(['', 'accelo', 'accelo hq more', 'accelo HQ', 'accelo hq --now'])(
    'called with "%s" exits with 2 and calls nobody',
    async (line) => {
      const { code, said, calls } = await vendomat(`${command} ${line}`, { answers })
      expect([code, calls]).toEqual([2, []])
      expect(said).toMatch(new RegExp(`^vendomat: .+ \\(more: vendomat help ${command}\\)$`))
    },
  )

  it('says how it is used', async () => {
    expect((await vendomat(`${command} --help`)).out).toContain(`vendomat ${command} accelo hq`)
  })
})
