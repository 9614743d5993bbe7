import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { command, UsageError } from './command.ts'
import { byId, type NewVendor } from './scaffold/new-vendor.ts'
import { flows, registration, vendorFiles } from './scaffold/vendor-files.ts'

const REGISTRY = 'functions/registry.ts'
/** A line of the code that is written has room for so much. */
const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const LONGEST_ID = 24
const TITLE = /^[A-Za-z0-9][A-Za-z0-9 .&+-]{0,29}$/
const HOST = /^(?=.{4,40}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/

export const newVendor = command({
  about: `Writes a vendor into this checkout: its folder, a test and a line in
${REGISTRY}. It passes all checks and vends on the laptop as it is.
What it says of the vendor is a guess by RFC 6749: compare it with what the
vendor documents, file by file.`,
  takes: {
    '<vendor>': 'its id, like acme-cloud: it names the route and the secrets',
    '--flow <name>': `how its tokens are obtained: ${Object.keys(flows).join(', ')}\n(default: client-credentials)`,
    '--title <text>': 'what people call it (default: made of the id)',
    '--host <name>': 'the host of its API (default: api.<vendor>.com)',
  },
  examples: ['vendomat new acme', 'vendomat new acme-cloud --flow authorization-code --host api.acme.com'],

  async run({ vendor: id, flow: flowName = 'client-credentials', title = titleOf(id), host = `api.${id}.com` }) {
    const flow = Object.hasOwn(flows, flowName) ? flows[flowName] : undefined
    if (!flow)
      throw new UsageError(
        `--flow is one of ${Object.keys(flows).join(', ')}; write any other beginning with one of these`,
      )
    if (!ID.test(id) || id.length > LONGEST_ID || RESERVED.has(id))
      throw new UsageError(`an id is a word like acme-cloud, of up to ${LONGEST_ID} characters, and none of JavaScript`)
    if (!TITLE.test(title)) throw new UsageError('--title is a name of up to 30 letters, digits, spaces and ". & + -"')
    if (!HOST.test(host))
      throw new UsageError('--host is the name of a host, like api.acme.com, of up to 40 characters')
    if (!existsSync(REGISTRY))
      throw new UsageError(`there is no ${REGISTRY} here: run it at the top of a checkout of Vendomat`)

    const vendor: NewVendor = { id, name: nameOf(id), title, host }
    const files = vendorFiles(vendor, flow)
    const taken = [`functions/${id}`, ...Object.keys(files)].find((path) => existsSync(path))
    if (taken) throw new UsageError(`${taken} is there already`)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    writeFileSync(REGISTRY, registered(readFileSync(REGISTRY, 'utf8'), registration(vendor)))
    const written = [...Object.keys(files), REGISTRY]
    return {
      text: `${written.join('\n')}\n\n${nextSteps(vendor)}`,
      json: { vendor: id, flow: flowName, files: written },
    }
  },
})

/** Among the others by their ids, in their order. */
function registered(registry: string, line: string): string {
  const lines = registry.trimEnd().split('\n')
  const idOf = (one: string) => /'\.\/(.+)\/vendor\.ts'/.exec(one)?.[1] ?? ''
  const at = lines.findIndex((one) => byId(idOf(one), idOf(line)) > 0)
  return `${lines.toSpliced(at < 0 ? lines.length : at, 0, line).join('\n')}\n`
}

const nextSteps = ({
  id,
  title,
  host,
}: NewVendor): string => `Now compare with what ${title} documents, and cite it where it decides:
  facts.ts      hosts (${host}), and the longest life of a token
  vendor.ts     addresses, parameters, what its refusals mean
  steps.ts      what a person does there, in its own words
  simulator.ts  what it checks and answers, without a line of the code it checks
Then: npm run check && npm run jest -- test/contracts test/vendors/${id}
      npm start, and in another shell: npx vendomat token ${id} main`

const nameOf = (id: string): string => id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())

const titleOf = (id: string): string =>
  id
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ')

/** ECMA-262 section 12.7.2, and the strict mode of section 13.1.1: none of them can name a constant of a module. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)
