import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machineClock } from '../../lib/local/clock.ts'
import { noticeBoard } from '../../lib/local/notice-board.ts'

const DAY_MS = 24 * 3600 * 1000
const id = '1'
const topicArn = 'arn:aws:sns:eu-west-1:000000000000:Alerts'

let home: string
let folder: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
  folder = join(home, 'notices')
})
afterEach(() => rmSync(home, { recursive: true }))

function start() {
  const said: string[] = []
  const clock = machineClock(() => Date.parse('2026-11-20T08:00:00Z'))
  return { ...noticeBoard(folder, clock, (line) => said.push(line)), said, clock }
}

const mail = {
  id,
  topicArn,
  subject: '[30 days] iobeya/main: token ends 22 Aug 2027',
  message: 'The token ends.\n',
  attributes: { vendor: 'iobeya', kind: 'expiring', severity: 'info' },
}
const written = () => readdirSync(folder).sort()
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

describe('a mail', () => {
  it('is a file that says when it was, what about, and its text', () => {
    start().publish(mail)
    expect(written()).toEqual(['2026-11-20T080000Z-iobeya-main-expiring.mail.txt'])
    expect(read('2026-11-20T080000Z-iobeya-main-expiring.mail.txt')).toBe(
      '[30 days] iobeya/main: token ends 22 Aug 2027\n\nThe token ends.\n',
    )
  })

  it('is announced, with the date once that is not today’s', () => {
    const { publish, said, clock, mails } = start()
    publish(mail)
    clock.advance(30 * DAY_MS)
    publish(mail)
    expect(said).toEqual([`notice: ${mail.subject}`, `2026-12-20T08:00:00Z notice: ${mail.subject}`])
    expect(mails.map(({ at }) => at.toISOString())).toEqual(['2026-11-20T08:00:00.000Z', '2026-12-20T08:00:00.000Z'])
  })

  it('is written although somebody took the folder away', () => {
    const { publish } = start()
    rmSync(folder, { recursive: true })
    publish(mail)
    expect(written().length).toBe(1)
  })

  it('that says nothing about itself is kept all the same, beside others of its second', () => {
    const { publish } = start()
    for (const message of ['one', 'two', 'three']) publish({ id, topicArn, message, attributes: {} })
    expect(written().sort()).toEqual([
      '2026-11-20T080000Z-2.mail.txt',
      '2026-11-20T080000Z-3.mail.txt',
      '2026-11-20T080000Z.mail.txt',
    ])
    expect(read('2026-11-20T080000Z-3.mail.txt')).toBe('a notice without a subject\n\nthree')
  })

  it.each([
    ['../../etc/passwd', 'etc-passwd'],
    ['a/b\\c\0d\ne', 'a-b-c-d-e'],
    ['-rf .. ~', 'rf'],
    ['..', undefined],
    ['x'.repeat(300), 'x'.repeat(60)],
    ['ünïcode…', 'n-code'],
  ])('whose kind is %j leads nowhere but into the folder', (kind, safe) => {
    start().publish({ ...mail, attributes: { kind } })
    expect(written()).toEqual([`2026-11-20T080000Z${safe === undefined ? '' : `-${safe}`}.mail.txt`])
    expect(readdirSync(home)).toEqual(['notices'])
  })
})

describe('a chat message', () => {
  const body = {
    version: '1.0',
    source: 'custom',
    content: { title: 'ends' },
    metadata: { eventType: 'credential-expiring', additionalContext: { vendor: 'iobeya', connection: 'main' } },
  }

  it('is known by its schema and is no mail', () => {
    const { publish, said, mails } = start()
    publish({ id, topicArn, message: JSON.stringify(body), attributes: mail.attributes })
    expect(written()).toEqual(['2026-11-20T080000Z-iobeya-main-expiring.chat.json'])
    expect(JSON.parse(read('2026-11-20T080000Z-iobeya-main-expiring.chat.json'))).toEqual(body)
    expect([said, mails]).toEqual([[], []])
  })

  it('without attributes says itself what it is about', () => {
    start().publish({ id, topicArn, message: JSON.stringify(body), attributes: {} })
    expect(written()).toEqual(['2026-11-20T080000Z-iobeya-main-credential-expiring.chat.json'])
  })

  it('is not made of a mail that happens to be JSON', () => {
    start().publish({ ...mail, message: '{"source":"else"}' })
    expect(written()).toEqual(['2026-11-20T080000Z-iobeya-main-expiring.mail.txt'])
  })

  it.each([
    '{"source":"custom"}',
    '{"source":"custom","metadata":[null]}',
    '{"source":"custom","metadata":{"eventType":1}}',
  ])('as bare as %s is written', (message) => {
    start().publish({ id, topicArn, message, attributes: {} })
    expect(written()).toEqual(['2026-11-20T080000Z.chat.json'])
  })
})

it('an event is written as a rule’s target would get it', () => {
  const detail = { schema: 1, kind: 'expired', vendor: 'iobeya', connection: 'main' }
  const time = new Date('2026-11-20T08:00:00Z')
  start().record({ id, time, source: 'vendomat', detailType: 'Credential Expired', detail })
  expect(written()).toEqual(['2026-11-20T080000Z-iobeya-main-expired.event.json'])
  expect(JSON.parse(read('2026-11-20T080000Z-iobeya-main-expired.event.json'))).toEqual({
    source: 'vendomat',
    'detail-type': 'Credential Expired',
    time: '2026-11-20T08:00:00Z',
    detail,
  })
})

it('the folder is cleared of an earlier run’s notices, and of nothing else', () => {
  mkdirSync(folder)
  for (const name of ['a.mail.txt', 'b.chat.json', 'c.event.json', 'mine.txt']) writeFileSync(join(folder, name), '')
  start()
  expect(written()).toEqual(['mine.txt'])
})
