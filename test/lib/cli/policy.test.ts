import { type Operation, operationOf, ROUTES } from '../../../functions/api/routes.ts'
import { vendors } from '../../../functions/vendors.ts'
import { MAY, type May, OF_CALLERS } from '../../../lib/cli/permissions.ts'
import { checkedSettings } from '../../../lib/settings.ts'
import { decide } from '../../security/policy/decide.ts'
import { machineOf } from '../../security/policy/machine.ts'
import { statementOf } from '../../security/policy/statement.ts'
import { ACCOUNT, resourcesOf } from '../../security/policy/template.ts'
import { localAws } from '../../support/local-aws.ts'
import { machineTemplate } from '../../support/machine-stack.ts'
import { AWS, VENDORS, vendomat, type World } from './shell.ts'

beforeAll(() => {
  Object.assign(process.env, AWS)
})

const URL = 'https://abc123.execute-api.eu-west-1.amazonaws.com/v1'
const API = `arn:aws:execute-api:eu-west-1:${ACCOUNT}:abc123/v1`
const ERP = 'arn:aws:iam::444455556666:role/erp'
const environment = { ...AWS, VENDOMAT_URL: URL, VENDOMAT_VENDORS: VENDORS }

const policy = (line: string, world: World = {}) =>
  vendomat(`policy ${line} --account ${ACCOUNT}`, { environment, ...world })

async function printed(line: string, world: World = {}) {
  const { code, out } = await policy(`${line} -o json`, world)
  expect(code).toBe(0)
  return JSON.parse(out)
}

describe('vendomat policy', () => {
  it('prints a policy that lets a service get and report tokens of one connection, ready to be attached', async () => {
    const { code, out, said, calls } = await policy('accelo hq')
    expect([code, calls, said]).toEqual([0, [], 'attach to the role or user that calls:'])
    expect(JSON.parse(out)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'execute-api:Invoke',
          Resource: [`${API}/GET/tokens/accelo/hq`, `${API}/POST/tokens/accelo/hq/refresh`],
        },
      ],
    })
  })

  it('prints one for all connections of a vendor where none is named', async () => {
    const { identity_policy: document } = await printed('accelo --may vend')
    expect(document.Statement[0].Resource).toEqual([`${API}/GET/tokens/accelo/*`])
  })

  it('for a role of another account prints its own half and that of the stack, and says where each goes', async () => {
    const { out, said } = await policy(`accelo hq --for ${ERP}`)
    const [document = '', settings] = out.split('\ncallers: ')
    expect(JSON.parse(document).Statement).toHaveLength(1)
    expect(settings).toBe(`{\n  '${ERP}': ['accelo/hq'],\n},`)
    expect(said.split('\n')).toEqual([
      '1. attach to the role erp, in its account 444455556666:',
      '2. set in bin/app.ts of the machine, beside what callers has already, and deploy:',
    ])
  })

  it.each([
    [ERP, { [ERP]: ['accelo/*'] }],
    ['444455556666', { '444455556666': ['accelo/*'] }],
    ['arn:aws:iam::444455556666:root', { '444455556666': ['accelo/*'] }],
    ['arn:aws:iam::444455556666:role/service/erp', { 'arn:aws:iam::444455556666:role/service/erp': ['accelo/*'] }],
    ['arn:aws:sts::444455556666:assumed-role/erp/i-0abc', { [ERP]: ['accelo/*'] }],
  ])('for %s prints callers that the stack takes', async (principal, expected) => {
    const { callers } = await printed(`accelo --for ${principal}`)
    expect(callers).toEqual(expected)
    expect(checkedSettings({ callers })).toEqual({ callers })
  })

  it('says of a session that its ARN has no path of the role, and how to see that', async () => {
    const session = 'arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_dev_0123456789abcdef/ann@acme.example'
    const { said } = await policy(`accelo hq --for ${session}`)
    expect(said).toMatch(/no path.+ aws iam get-role --role-name AWSReservedSSO_dev_0123456789abcdef /)
  })

  it.each([`arn:aws:iam::${ACCOUNT}:role/erp`, `arn:aws:iam::${ACCOUNT}:user/ann`, ACCOUNT])(
    'has no second half for %s, of the account of the machine, where IAM alone decides',
    async (principal) => {
      const document = await printed(`accelo hq --for ${principal}`)
      expect(Object.keys(document)).toEqual(['identity_policy'])
    },
  )

  it.each([
    ['*', 'wildcard'],
    ['arn:aws:iam::*:role/erp', 'wildcard'],
    ['arn:aws:iam::444455556666:role/*', 'wildcard'],
    ['arn:aws:iam::444455556666:role/er?', 'wildcard'],
    ['4444', 'an account like'],
    ['arn:aws:iam::44445555666:role/erp', 'an account like'],
    ['arn:aws:iam::444455556666:role', 'an account like'],
    ['arn:aws:iam::444455556666:role/', 'an account like'],
    ['arn:aws:iam::444455556666:group/erp', 'an account like'],
    ['arn:aws:iam::444455556666:instance-profile/erp', 'an account like'],
    ['arn:aws:sts::444455556666:federated-user/ann', 'an account like'],
    ['arn:aws:sts::444455556666:assumed-role/erp', 'an account like'],
    ["arn:aws:iam::444455556666:role/er'p", 'an account like'],
    ['lambda.amazonaws.com', 'an account like'],
    ['arn:aws-cn:iam::444455556666:role/erp', 'ARNs begin with arn:aws:'],
    ['arn:aws:iam::444455556666:user/ann', 'or the whole account: --for 444455556666'],
  ])('takes no --for %s', async (principal, words) => {
    const { code, out, said } = await policy(`accelo hq --for ${principal}`)
    expect([code, out]).toEqual([2, ''])
    expect(said).toContain(words)
  })

  it.each(Object.keys(MAY).filter((name) => !OF_CALLERS.some((one) => one === name)))(
    'gives another account no %s, which the stack would not let in',
    async (may) => {
      const { code, said } = await policy(`accelo hq --for ${ERP} --may vend,${may}`)
      expect([code, said]).toEqual([2, expect.stringContaining(`vend and report alone, not ${may}`)])
    },
  )

  it.each([
    ['', "missing required argument 'vendor'"],
    ['accelo hq main', 'too many arguments'],
    ['accelo *', 'names consist of'],
    ['acelo hq', 'there is no vendor'],
    ['accelo hq --may', "option '--may <what>' argument missing"],
    ['accelo hq --may all', '--may is some of vend, report'],
    ['accelo hq --may vend,toString', '--may is some of'],
    ['accelo hq --api A', '--api is an id'],
  ])('called with "%s" exits with 2', async (line, words) => {
    const { code, said, out } = await vendomat(`policy ${line}`, { environment })
    expect([code, out]).toEqual([2, ''])
    expect(said).toContain(words)
  })

  it('wants --account with twelve digits', async () => {
    expect((await vendomat('policy accelo hq --account 1234', { environment })).code).toBe(2)
  })

  it('wants the API where the address is a domain of one’s own', async () => {
    const own = { environment: { ...AWS, VENDOMAT_URL: 'https://vend.acme.example/v1' } }
    const without = await policy('accelo hq', own)
    expect([without.code, without.said]).toEqual([2, expect.stringContaining('--api')])
    const { identity_policy: document } = await printed('accelo hq --api abc123', own)
    expect(document.Statement[0].Resource[0]).toBe(`${API}/GET/tokens/accelo/hq`)
  })

  it('has the ARNs of China and GovCloud for a machine there', async () => {
    const at = (VENDOMAT_URL: string) => ({ environment: { ...AWS, VENDOMAT_URL } })
    const china = at('https://abc123.execute-api.cn-north-1.amazonaws.com.cn/v1')
    expect((await printed('accelo hq', china)).identity_policy.Statement[0].Resource[0]).toMatch(/^arn:aws-cn:execute-/)
    const gov = at('https://abc123.execute-api.us-gov-west-1.amazonaws.com/v1')
    expect((await printed('accelo hq', gov)).identity_policy.Statement[0].Resource[0]).toMatch(/^arn:aws-us-gov:exe/)
  })
})

describe('the account of the machine', () => {
  it('is that of the credentials, as STS has it, and the command says so', async () => {
    const aws = await localAws()
    try {
      const world = { environment: { ...environment, AWS_ENDPOINT_URL: aws.url }, vendor: fetch }
      const { code, out, said } = await vendomat('policy accelo hq', world)
      expect(code).toBe(0)
      expect(out).toContain('arn:aws:execute-api:eu-west-1:000000000000:abc123/v1/GET/tokens/accelo/hq')
      expect(said).toMatch(/^taking 000000000000, the account of your credentials, .+ --account\n/)
    } finally {
      await aws.close()
    }
  })

  it.each([
    ['refuses the credentials', 3, () => new Response('<Code>ExpiredToken</Code>', { status: 403 }), 'ExpiredToken'],
    ['does not answer', 5, () => Promise.reject(new Error('canary')), 'does not answer'],
    ['says what nobody understands', 5, () => new Response('<html>canary</html>'), '200'],
  ])('has to be given where AWS %s', async (_, exitCode, answer, words) => {
    const { code, out, said } = await vendomat('policy accelo hq', { environment, vendor: async () => answer() })
    expect([code, out]).toEqual([exitCode, ''])
    expect(said).toContain(words)
    expect(said).toContain('give it with --account')
    expect(said).not.toContain('canary')
  })
})

describe('the policy for', () => {
  const template = machineTemplate().toJSON()
  const machine = machineOf({})
  const ROLE = `arn:aws:iam::${ACCOUNT}:role/billing`

  /** `GET /tokens/accelo/{connection}`, all that there are. */
  const routes = routesOf()
  function routesOf(): readonly { method: string; path: string }[] {
    const resources = resourcesOf(template)
    const pathOf = (id: string): string => {
      const { ParentId, PathPart } = resources[id]?.Properties ?? {}
      return PathPart === undefined ? '' : `${pathOf(String(ParentId))}/${PathPart}`
    }
    return Object.values(resources)
      .filter(({ Type }) => Type === 'AWS::ApiGateway::Method')
      .map(({ Properties }) => ({
        method: String(Properties.HttpMethod),
        path: pathOf(String(Properties.ResourceId)),
      }))
  }

  const CONNECTIONS = ['hq', 'hq2', 'h', 'main', 'tokens', 'refresh']
  /** All calls that there are of some connections: `GET /tokens/accelo/hq`. */
  const calls = routes.flatMap(({ method, path }) =>
    path.includes('{connection}')
      ? CONNECTIONS.map((name) => `${method} ${path.replace('{connection}', name)}`)
      : [`${method} ${path}`],
  )

  /** Those of them that a policy allows. */
  const allowedBy = (document: { Statement: unknown[] }): string[] => {
    const own = document.Statement.map((text) => ({
      ...{ kind: 'identity' as const, on: ROLE, where: 'the caller' },
      // The API has another id in the template.
      statement: statementOf(JSON.parse(JSON.stringify(text).replaceAll(API, `${machine.apis.signed}/v1`))),
    }))
    return calls.filter((call) => {
      const resource = `${machine.apis.signed}/v1/${call.replace(' ', '')}`
      const request = { principal: { arn: ROLE }, action: 'execute-api:Invoke', resource }
      return decide(request, [...machine.policies, ...own]) === 'allowed'
    })
  }

  const operationIn = (call: string, id: string): Operation | undefined => {
    const [method = '', path = ''] = call.split(' ')
    return operationOf(method, path.replace(new RegExp(`^/(\\w+)/${id}/[^/]+`), `/$1/${id}/{connection}`), id)
  }

  const every = Object.entries(MAY).flatMap(([may, operations]) =>
    Object.values(vendors).map(({ id }) => [may as May, id, operations as readonly Operation[]] as const),
  )

  it.each(every)(
    '%s of one connection of %s allows its routes, and of all others of the stack none',
    async (may, id, operations) => {
      const { identity_policy: document } = await printed(`${id} hq --may ${may}`)
      const expected = calls.filter((call) => {
        const operation = operationIn(call, id)
        const isIts = operation === 'describe' || call.split('/')[3] === 'hq'
        return isIts && operation !== undefined && operations.includes(operation)
      })
      expect(expected).not.toEqual([])
      expect(allowedBy(document).sort()).toEqual(expected.sort())
    },
  )

  it.each(every)(
    '%s of %s allows its routes of all connections, and of other vendors none',
    async (may, id, operations) => {
      const { identity_policy: document } = await printed(`${id} --may ${may}`)
      const expected = calls.filter((call) => {
        const operation = operationIn(call, id)
        return operation !== undefined && operations.includes(operation)
      })
      expect(allowedBy(document).sort()).toEqual(expected.sort())
    },
  )

  it('several is what each of them is, once', async () => {
    const { identity_policy: document } = await printed('accelo hq --may read,disable,read')
    expect(document.Statement[0].Resource).toEqual([
      `${API}/GET/connections/accelo/hq`,
      `${API}/PUT/connections/accelo/hq/status`,
    ])
  })

  it('each route is some one’s, and none but vend and report lets anybody have a token', () => {
    expect(new Set(Object.values(MAY).flat())).toEqual(new Set(Object.keys(ROUTES)))
    const others = Object.entries(MAY).filter(([name]) => !OF_CALLERS.some((one) => one === name))
    for (const [, operations] of others)
      expect(operations).not.toContainEqual(expect.stringMatching(/^(vend|refresh)$/))
  })

  it('another account lets it in with both halves, and with one alone keeps it out', async () => {
    const { identity_policy: document, callers } = await printed(`accelo hq --for ${ERP}`)
    const { policies, apis } = machineOf({ callers })
    const own = document.Statement.map((text: unknown) => ({
      ...{ kind: 'identity' as const, on: ERP, where: 'the caller' },
      statement: statementOf(JSON.parse(JSON.stringify(text).replaceAll(API, `${apis.signed}/v1`))),
    }))
    const ask = (call: string) => ({
      ...{ principal: { arn: ERP }, action: 'execute-api:Invoke', resource: `${apis.signed}/v1/${call}` },
    })
    for (const call of ['GET/tokens/accelo/hq', 'POST/tokens/accelo/hq/refresh']) {
      expect(decide(ask(call), [...policies, ...own])).toBe('allowed')
      expect(decide(ask(call), policies)).not.toBe('allowed')
      expect(decide(ask(call), [...machine.policies, ...own])).not.toBe('allowed')
    }
    for (const call of ['GET/tokens/accelo/hq2', 'DELETE/tokens/accelo/hq', 'GET/connections/accelo/hq'])
      expect(decide(ask(call), [...policies, ...own])).not.toBe('allowed')
  })
})

describe('the policy for connect', () => {
  const SECRET = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:vendomat`
  const actions = [
    ...['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'GetSecretValue'],
    ...['PutSecretValue', 'RestoreSecret', 'UpdateSecretVersionStage'],
  ].map((name) => `secretsmanager:${name}`)

  it('has what connect, rotate and remove ask of the secret, of this connection alone', async () => {
    const { identity_policy: document } = await printed('accelo hq --may connect')
    expect(document.Statement.slice(1)).toEqual([
      { Effect: 'Allow', Action: actions, Resource: `${SECRET}/accelo/hq-??????` },
    ])
    expect((await printed('accelo --may connect')).identity_policy.Statement[1].Resource).toBe(`${SECRET}/accelo/*`)
    expect((await printed('accelo hq --may rotate,manage')).identity_policy.Statement).toHaveLength(1)
  })

  it('is of the secrets of the stage, and of their key through Secrets Manager', async () => {
    const key = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/0f7d3c6e`
    const staged = { environment: { ...environment, VENDOMAT_STAGE: 'dev', VENDOMAT_SECRETS_KEY: key } }
    const [, secrets, keys] = (await printed('accelo hq --may connect', staged)).identity_policy.Statement
    expect(secrets.Resource).toBe(`${SECRET}-dev/accelo/hq-??????`)
    expect(keys).toEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: key,
      Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' } },
    })
  })
})
