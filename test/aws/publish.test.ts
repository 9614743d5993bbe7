import { type Channel, notifier } from '../../functions/aws/publish.ts'
import { queryAnswer, queryError } from '../../lib/local/aws-wire.ts'
import { type Loopback, listenOnLoopback, readBody } from '../../lib/local/loopback.ts'
import { expiring, notices, place } from '../support/notices.ts'

const topic = 'arn:aws:sns:eu-west-1:111122223333:mail'
const chatTopic = 'arn:aws:sns:eu-west-1:111122223333:chat'
const KINDS = Object.keys(notices).length

interface Answer {
  readonly status: number
  readonly body: string
}

/** SNS and EventBridge as far as notices need them: keeps what was sent, and answers as scripted. */
async function fakeAws() {
  const published: Record<string, string>[] = []
  const events: { Source: string; DetailType: string; Detail: string; EventBusName?: string }[] = []
  const answers = new Map<string, Answer>()
  const taken: Answer = { status: 200, body: '{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}' }
  const server: Loopback = await listenOnLoopback(0, (request, response) => {
    readBody(request)
      .then((body) => {
        if (request.headers['x-amz-target'] === 'AWSEvents.PutEvents') {
          events.push(...JSON.parse(`${body}`).Entries)
          return answers.get('event') ?? taken
        }
        const form = Object.fromEntries(new URLSearchParams(`${body}`))
        published.push(form)
        return answers.get(form.TopicArn ?? '') ?? { status: 200, body: queryAnswer('Publish', { MessageId: '1' }) }
      })
      .then(({ status, body }) => response.writeHead(status).end(body))
      .catch(() => response.destroy())
  })
  const faults: { channel: Channel; error: unknown }[] = []
  const notify = (options: { topic?: string; chatTopic?: string } = {}) =>
    notifier({
      client: {
        endpoint: server.url,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
        maxAttempts: 1,
      },
      place,
      source: 'vendomat-dev',
      onFault: (channel, error) => faults.push({ channel, error }),
      ...options,
    })
  const will = (where: string, answer: Answer) => answers.set(where, answer)
  return { published, events, faults, notify, will, close: server.close }
}

const denied = {
  status: 403,
  body: queryError(Object.assign(new Error('not allowed'), { errorType: 'AuthorizationError', status: 403 })),
}

let aws: Awaited<ReturnType<typeof fakeAws>>
beforeEach(async () => {
  aws = await fakeAws()
})
afterEach(() => aws.close())

describe('a notice', () => {
  it('goes out as a mail, an event and a chat message, each once', async () => {
    expect(await aws.notify({ topic, chatTopic })(expiring)).toBe(true)
    expect(aws.published.map(({ TopicArn }) => TopicArn).sort()).toEqual([chatTopic, topic])
    const [mail] = aws.published.filter(({ TopicArn }) => TopicArn === topic)
    expect(mail?.Subject).toBe('[7 days] iobeya/main: token ends 27 Nov 2026')
    expect(mail?.Message).toContain('npx vendomat rotate iobeya main')
    const [chat] = aws.published.filter(({ TopicArn }) => TopicArn === chatTopic)
    expect(JSON.parse(chat?.Message ?? '')).toMatchObject({ version: '1.0', source: 'custom' })
    expect(aws.events).toEqual([
      { Source: 'vendomat-dev', DetailType: 'Credential Expiring', Detail: expect.stringContaining('"days_left":7') },
    ])
    expect(aws.faults).toEqual([])
  })

  it('of which there are several goes out several times', async () => {
    const notify = aws.notify({ topic })
    expect(await Promise.all(Object.values(notices).map(notify))).toEqual(Object.values(notices).map(() => true))
    expect([aws.published.length, aws.events.length]).toEqual([KINDS, KINDS])
  })

  it('goes out as what a notice is: what came in with it stays', async () => {
    const notify = aws.notify({ topic, chatTopic })
    const token = { accessToken: 'canary', rotation: { ...expiring.rotation, refreshToken: 'canary' } }
    for (const notice of Object.values(notices)) await notify({ ...notice, ...token })
    expect([aws.published.length, aws.events.length]).toEqual([2 * KINDS, KINDS])
    expect(JSON.stringify([aws.published, aws.events])).not.toContain('canary')
  })

  it('is an event alone where there are no topics', async () => {
    expect(await aws.notify()(expiring)).toBe(true)
    expect([aws.published.length, aws.events.length]).toEqual([0, 1])
  })

  it('can be filtered by its mail’s attributes', async () => {
    await aws.notify({ topic })(expiring)
    expect(attributesOf(aws.published[0])).toEqual({
      severity: 'warning',
      vendor: 'iobeya',
      kind: 'expiring',
      owner: 'integrations@example.com',
    })
  })

  it.each([
    ['no owner', undefined],
    ['an empty owner', ''],
    ['an owner of blanks', ' \n\t'],
    ['an owner of half a character', '\ud800'],
  ])('with %s has no attribute for it, which SNS would refuse', async (_, owner) => {
    const { owner: __, ...unowned } = expiring
    expect(await aws.notify({ topic })(owner === undefined ? unowned : { ...expiring, owner })).toBe(true)
    expect(attributesOf(aws.published[0])).toEqual({ severity: 'warning', vendor: 'iobeya', kind: 'expiring' })
  })
})

describe('a fault', () => {
  const down = { status: 500, body: '' }
  const refused = {
    status: 200,
    body: '{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"x"}]}',
  }

  it('of the mail is reported, leaves the others alone, and means that nobody was notified', async () => {
    aws.will(topic, denied)
    expect(await aws.notify({ topic, chatTopic })(expiring)).toBe(false)
    expect(aws.faults).toEqual([
      { channel: 'mail', error: expect.objectContaining({ name: 'AuthorizationErrorException' }) },
    ])
    expect([aws.published.length, aws.events.length]).toEqual([2, 1])
  })

  it('of the chat is reported, and people are notified by mail', async () => {
    aws.will(chatTopic, denied)
    expect(await aws.notify({ topic, chatTopic })(expiring)).toBe(true)
    expect(aws.faults.map(({ channel }) => channel)).toEqual(['chat'])
    expect([aws.published.length, aws.events.length]).toEqual([2, 1])
  })

  it.each([
    ['that the bus does not take', refused, 'InternalFailure'],
    ['that does not reach the bus', down, expect.any(String)],
  ])('of an event %s is reported, and people are notified by mail', async (_, answer, name) => {
    aws.will('event', answer)
    expect(await aws.notify({ topic, chatTopic })(expiring)).toBe(true)
    expect(aws.faults).toEqual([{ channel: 'event', error: expect.objectContaining({ name }) }])
    expect(aws.published).toHaveLength(2)
  })

  it('of the only channel means that nobody was notified', async () => {
    aws.will('event', refused)
    expect(await aws.notify()(expiring)).toBe(false)
  })

  it('of all of them at once throws nothing', async () => {
    const notify = aws.notify({ topic, chatTopic })
    await aws.close()
    expect(await notify(expiring)).toBe(false)
    expect(aws.faults.map(({ channel }) => channel).sort()).toEqual(['chat', 'event', 'mail'])
  })

  it('of our own, a date that is none, throws nothing either', async () => {
    expect(await aws.notify({ topic })({ ...expiring, endsAt: new Date(Number.NaN) })).toBe(false)
    expect(aws.faults).toHaveLength(2)
  })
})

/** As the query protocol numbers them. */
function attributesOf(form: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const names = Object.entries(form).filter(([name]) => /^MessageAttributes\.entry\.\d+\.Name$/.test(name))
  return Object.fromEntries(names.map(([at, name]) => [name, form[at.replace(/Name$/, 'Value.StringValue')]]))
}
