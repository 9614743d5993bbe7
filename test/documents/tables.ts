import { STATES } from '../../functions/api/states.ts'
import { catalogue } from '../../functions/generic/catalogue/index.ts'
import { FAILURES } from '../../functions/kit/errors.ts'
import { type Command, TEXT_OR_JSON } from '../../lib/cli/command.ts'
import { commands } from '../../lib/cli/run.ts'
import { descriptionSchema } from '../../lib/description-schema.ts'
import { lineOf } from '../../lib/faults.ts'
import { ANSWERS } from '../../lib/gateway-answers.ts'
import { openApi } from '../../lib/openapi.ts'
import { read } from '../support/documents.ts'
import { WRONG } from '../support/wrong-descriptions.ts'

/** What the code writes into a document, by the document and the name of the part. */
export const GENERATED: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  'functions/README.md': { routes, states, problems, 'answers of the gateway': gatewayAnswers },
  'functions/generic/catalogue/README.md': { catalogue: catalogueTable },
  'lib/cli/README.md': { commands: commandTable },
  'lib/README.md': { 'members of a description': descriptionTable, 'wrong descriptions': wrongTable },
}

/** A document with its generated parts as the code has them now. Throws where a part has no place. */
export async function written(path: string, document: string): Promise<string> {
  let now = document
  for (const [name, table] of Object.entries(GENERATED[path] ?? {})) {
    const [begin, end] = [`<!-- ${name}: npm run docs -->`, `<!-- end of ${name} -->`]
    const [before, rest] = now.split(begin)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) throw new Error(`${path} has no lines ${begin} and ${end}`)
    now = `${before}${begin}\n\n${await table()}\n\n${end}${after}`
  }
  return now
}

interface Described {
  readonly summary: string
  readonly parameters: readonly { readonly in?: string; readonly name?: string }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Shape } } }
}
interface Shape {
  readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Shape[]
}

function routes(): string {
  // The document is made in lib/openapi.ts, in this shape.
  const paths = openApi({}).paths as Readonly<Record<string, Readonly<Record<string, Described>>>>
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, parameters, requestBody }]) => {
      const query = parameters.flatMap((one) => (one.in === 'query' ? [`${one.name}=`] : [])).join('&')
      const body = requestBody?.content['application/json'].schema
      return [code(`${method.toUpperCase()} ${path}${query && `?${query}`}`), summary, body ? bodyOf(body) : '']
    }),
  )
  return table(['method and path', 'what', 'body'], rows)
}

/** `owner`, or `state`, `code?`: what may be left out has a question mark. */
function bodyOf({ properties = {}, required = [], anyOf }: Shape): string {
  if (anyOf) return anyOf.map(bodyOf).join('; or ')
  return Object.entries(properties)
    .map(([name, { enum: values = [] }]) => {
      const said = values.map(code).join(' or ')
      return `${code(`${name}${required.includes(name) ? '' : '?'}`)}${said && `: ${said}`}`
    })
    .join(', ')
}

function states(): string {
  return table(
    ['state', 'what it means'],
    Object.entries(STATES).map(([state, says]) => [code(state), says]),
  )
}

function problems(): string {
  const rows = Object.entries(FAILURES).toSorted(([, one], [, other]) => one.status - other.status)
  return table(
    ['status', 'code', 'what it means', 'call again'],
    rows.map(([name, { status, title, retryable }]) => [`${status}`, code(name), title, retryable ? 'yes' : '']),
  )
}

function gatewayAnswers(): string {
  return table(
    ['status', 'code', 'what it means', 'what to do next'],
    ANSWERS.filter(
      (one, at) => ANSWERS.findIndex(({ code, title }) => code === one.code && title === one.title) === at,
    ).map(({ status = 'other', code: name, title, next_step }) => [`${status}`, code(name), title, next_step]),
  )
}

function catalogueTable(): string {
  return table(
    ['id', 'vendor', 'grant', 'client authentication', 'read from', 'quirk', 'not covered', 'tried'],
    catalogue.map(({ id, title, documents, readOn, notCovered, ...entry }) => [
      code(id),
      title,
      entry.grant,
      entry.clientAuthentication,
      `[${new URL(documents).hostname}](${documents}), ${readOn}`,
      entry.quirk ?? '',
      notCovered.join('; '),
      entry.tried,
    ]),
  )
}

async function commandTable(): Promise<string> {
  const rows: string[][] = []
  for (const [name, [summary, load]] of Object.entries(commands)) {
    const { takes, outputs }: Command = await load()
    const named = Object.keys(takes)
    const line = ['npx vendomat', name, ...named.filter((flag) => !flag.startsWith('-'))].join(' ')
    const options = named.filter((flag) => flag.startsWith('-'))
    const shapes = `-o ${Object.keys(outputs ?? TEXT_OR_JSON).join('|')}`
    rows.push([code(line), summary, [...options, shapes].map(code).join(', ')])
  }
  return table(['command', 'what it is for', 'options'], rows)
}

/** What functions/generic/description.ts says of each member. */
function descriptionTable(): string {
  const source = read('functions/generic/description.ts')
  return table(
    ['member', 'value', 'what it is'],
    membersOf(source, 'VendorDescription').map(([name, value, says]) => [code(name), value, says]),
  )
}

type Member = readonly [name: string, value: string, says: string]

/** The members of an interface and of those that are part of it; one that may be left out has a question mark. */
function membersOf(source: string, name: string, of = ''): readonly Member[] {
  const [own = ''] = source.split(`export interface ${name} {\n`)[1]?.split('\n}\n') ?? []
  const [, ...described] = own.split(/^ {2}\/\*\*/m)
  return described.flatMap((text): readonly Member[] => {
    const [comment = '', declared = ''] = text.split('*/')
    const [, member = '', type = ''] = /readonly (\w+\??): (.+)/s.exec(declared) ?? []
    const [what = '', usual] = comment.replaceAll(/\s+\*?\s*/g, ' ').split('@default')
    const says = [what.trim().replace(/\.$/, ''), ...(usual === undefined ? [] : [`default ${usual.trim()}`])]
    const whole = `${of}${member}`
    const parts = membersOf(source, type.trim(), `${whole.replace('?', '')}.`)
    return [[whole, kindOf(type), says.filter(Boolean).join('; ')], ...parts]
  })
}

const kindOf = (type: string): string => {
  if (type.startsWith("'")) return type.trim().split(' | ').map(code).join(' or ')
  if (type.startsWith('readonly string[]')) return 'a list of texts'
  if (type.startsWith('string')) return 'a text'
  return type.startsWith('number') ? 'a number' : 'an object'
}

/** What synth says of each. */
function wrongTable(): string {
  return table(
    ['what is wrong', 'what `npx cdk synth` says'],
    WRONG.map(([what, description]) => {
      const [issue, ...more] = descriptionSchema.safeParse(description).error?.issues ?? []
      if (!issue || more.length > 0) throw new Error(`${what} is not one fault`)
      return [what, code(lineOf({ ...issue, path: ['oauthVendors', 'zoom', ...issue.path] }).trim())]
    }),
  )
}

const code = (text: string): string => `\`${text}\``

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
