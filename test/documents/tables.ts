import { STATES } from '../../functions/api/states.ts'
import { catalogue } from '../../functions/generic/catalogue/index.ts'
import { FAILURES } from '../../functions/kit/errors.ts'
import { type Command, TEXT_OR_JSON } from '../../lib/cli/command.ts'
import { commands } from '../../lib/cli/run.ts'
import { ANSWERS } from '../../lib/gateway-answers.ts'
import { openApi } from '../../lib/openapi.ts'

/** What the code writes into a document, by the document and the name of the part. */
export const GENERATED: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  'functions/README.md': { routes, states, problems, 'answers of the gateway': gatewayAnswers },
  'functions/generic/catalogue/README.md': { catalogue: catalogueTable },
  'lib/cli/README.md': { commands: commandTable },
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

const code = (text: string): string => `\`${text}\``

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
