import type { VendingStackProps } from '../../lib/vending-stack.ts'
import { read, sectionOf } from '../support/documents.ts'
import { machineTemplate } from '../support/machine-stack.ts'

const section = sectionOf(read('lib/README.md'), 'Destroy and deploy again')

interface Resource {
  readonly Type: string
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
  readonly Properties?: { readonly Description?: string }
}

const resourcesOf = (props: VendingStackProps = {}): readonly Resource[] =>
  Object.values(machineTemplate(props).toJSON().Resources)
const all = resourcesOf()
const withPolicy = (pattern: RegExp, resources = all) =>
  resources.filter(({ DeletionPolicy = 'Delete' }) => pattern.test(DeletionPolicy))
const countByType = (resources: readonly Resource[]): Record<string, number> => {
  const types = resources.map(({ Type }) => Type)
  return Object.fromEntries([...new Set(types)].map((type) => [type, types.filter((one) => one === type).length]))
}

describe('what stays of a destroyed deployment', () => {
  it('is what the reference lists, by type and number', () => {
    const rows = [...section.matchAll(/^\| `(AWS::[\w:]+)` \| (\d+) \|/gm)].map(([, type, n]) => [type, Number(n)])
    expect(Object.fromEntries(rows)).toEqual(countByType(withPolicy(/^Retain/)))
  })

  it('is more by as many logs as the reference says with a hosted callback, and by nothing with any other setting', () => {
    const [, more] = /(\d+) more with `hostedCallback`/.exec(section) ?? []
    const before = countByType(withPolicy(/^Retain/))
    const logs = before['AWS::Logs::LogGroup'] ?? 0
    const everything = { alertEmail: 'a@example.com', chatTopic: true, reservedConcurrency: { accelo: 5 } }
    const after = resourcesOf({ ...everything, hostedCallback: true })
    expect(countByType(withPolicy(/^Retain/, after))).toEqual({ ...before, 'AWS::Logs::LogGroup': logs + Number(more) })
  })

  it('is what holds tokens or says who did what, and stays as well where an update replaces it', () => {
    for (const { UpdateReplacePolicy } of withPolicy(/^Retain/)) expect(UpdateReplacePolicy).toBe('Retain')
    const keys = withPolicy(/^Retain/).flatMap(({ Type, Properties }) =>
      Type === 'AWS::KMS::Key' ? [Properties?.Description] : [],
    )
    expect(keys.sort()).toEqual([
      'vendomat: data keys of sealed tokens',
      'vendomat: logs and notices',
      'vendomat: the token table',
    ])
  })

  it('is not the key of the sealed tokens where a first deploy failed: then there is nothing to open with it', () => {
    expect(withPolicy(/^RetainExceptOnCreate$/).map(({ Properties }) => Properties?.Description)).toEqual([
      'vendomat: data keys of sealed tokens',
    ])
  })

  it('has no name of its own choosing, which would be in the way of the next deployment', () => {
    const named = withPolicy(/^Retain/, resourcesOf({ hostedCallback: true })).filter(({ Properties = {} }) =>
      Object.keys(Properties).some((member) => /^(Table|LogGroup|Role|Alias)Name$/.test(member)),
    )
    expect(named).toEqual([])
  })

  it('comes away by commands that the reference has, for each type', () => {
    const commands = {
      'AWS::DynamoDB::Table': ['aws dynamodb update-table', '--no-deletion-protection-enabled', 'delete-table'],
      'AWS::KMS::Key': ['aws kms schedule-key-deletion'],
      'AWS::Logs::LogGroup': ['aws logs delete-log-group'],
      'AWS::IAM::Role': ['aws iam detach-role-policy', 'aws iam delete-role'],
      'AWS::ApiGateway::Account': ['nothing'],
    }
    const types = Object.keys(countByType(withPolicy(/^Retain/)))
    expect(Object.keys(commands).sort()).toEqual(types.sort())
    for (const [type, words] of Object.entries(commands)) {
      const row = section.split('\n').find((line) => line.startsWith(`| \`${type}\``))
      for (const word of words) expect(row).toContain(word)
    }
  })
})

it('the reference says how to lift the protections that the deployment has', () => {
  expect(read('bin/app.ts')).toContain('terminationProtection: true')
  expect(section).toContain('update-termination-protection --no-enable-termination-protection')
  expect(JSON.stringify(all)).toContain('"DeletionProtectionEnabled":true')
})
