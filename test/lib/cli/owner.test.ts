import { AWS, vendomat } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const view = { vendor: 'iobeya', connection: 'main', state: 'ok', next_action: 'none', owner: 'team@acme.example' }
const answers = { 'PUT /connections/iobeya/main/owner': view }

describe('vendomat owner', () => {
  it('sends the machine who is to be notified', async () => {
    const seen = await vendomat('owner iobeya main team@acme.example', { answers })
    expect([seen.code, seen.out]).toEqual([0, 'iobeya/main is owned by team@acme.example'])
    expect(seen.calls.map(({ body }) => body)).toEqual([{ owner: 'team@acme.example' }])
  })

  it.each([
    ['owner', 'iobeya', 'main'],
    ['owner', 'iobeya', 'main', ' '],
    ['owner', 'iobeya', 'main', 'x'.repeat(201)],
    ['owner', 'iobeya', 'main', 'two', 'owners'],
    ['owner', 'iobeya', '../main', 'team'],
  ])('refuses %j %j %j %j', async (...command) => {
    const seen = await vendomat(command, { answers })
    expect([seen.code, seen.calls]).toEqual([2, []])
  })
})
