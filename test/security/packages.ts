import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { LEFT_OUT } from '../../lib/vendor-code.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const MOST_DIRECT = 15

/**
 * Why each package that runs is one, and not written here. Most are bundled, and so dependencies for development by npm's count:
 * who installs this package gets their code in it. Every other package is for development alone.
 */
export const REASONS: Readonly<Record<string, string>> = {
  '@aws-lambda-powertools/logger': 'the functions log one JSON line a call, with the request it belongs to',
  '@aws-lambda-powertools/metrics': 'the numbers that alarms watch, written into the log (EMF)',
  '@aws-sdk/client-dynamodb': 'the table of states and sealed tokens',
  '@aws-sdk/client-eventbridge': 'notices to programs',
  '@aws-sdk/client-kms': 'the data keys that tokens are sealed with',
  '@aws-sdk/client-secrets-manager': 'vendor credentials, which functions read and the command line stores',
  '@aws-sdk/client-sns': 'notices to people, and the command line’s look at who gets them',
  '@aws-sdk/credential-provider-env': 'a function’s credentials, in place of the long chain below',
  '@aws-sdk/credential-provider-node': 'the credentials of who uses the command line: profile, SSO, role',
  '@middy/core': 'the order in which a handler’s metrics and log surround it',
  '@smithy/core': 'the SHA-256 that signatures are made with',
  '@smithy/signature-v4': 'signs calls of the command line and of one function to another (AWS Signature V4)',
  commander: 'reads command lines and writes their help',
  jose: 'signs the assertions of a vendor’s key file and reads the end of a JWT (RFC 7519)',
  zod: 'checks what comes from outside: secrets, requests, answers of vendors',
}

/** Those in use. Another one is a person's decision, as is an expression of several. */
const LICENCES = ['0BSD', 'Apache-2.0', 'MIT', 'MIT-0']

export interface Locked {
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly dev?: boolean
  readonly link?: boolean
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
/** By folder: `node_modules/zod`. */
export type Lock = Readonly<Record<string, Locked>>

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
export const lockFile = (): Lock => JSON.parse(read('package-lock.json')).packages
const { dependencies, devDependencies, ...manifest } = JSON.parse(read('package.json'))
/** What who installs this package installs with it. */
export const installed = (): string[] => Object.keys(dependencies)
/** Those of the declared packages that run. */
export function directDependencies(): string[] {
  const folders = new Set(Object.values(shipped()).flat())
  return Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => folders.has(`node_modules/${name}`))
    .sort()
}

/** What runs: the direct ones, and what each wants. */
export function runtimeOf(lock: Lock, direct = Object.keys(REASONS)): [folder: string, locked: Locked][] {
  const folders = new Set<string>()
  const add = (from: string, name: string): void => {
    const folder = foundFrom(from, name, lock)
    if (folder === undefined || folders.has(folder)) return
    folders.add(folder)
    const { dependencies, optionalDependencies } = lock[folder] ?? {}
    for (const wanted of Object.keys({ ...dependencies, ...optionalDependencies })) add(folder, wanted)
  }
  for (const name of direct) add('', name)
  return Object.entries(lock).filter(([folder]) => folders.has(folder))
}

/** As Node looks for a package: below who wants it, then beside it, and so on up. */
function foundFrom(from: string, name: string, lock: Lock): string | undefined {
  const folder = `${from === '' ? '' : `${from}/`}node_modules/${name}`
  if (folder in lock || from === '') return folder in lock ? folder : undefined
  return foundFrom(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name, lock)
}

/** The folders of the packages whose code is in a function, or is loaded by the command line or the client, as esbuild finds it. */
export function shipped(): Readonly<Record<'functions' | 'command line' | 'client', readonly string[]>> {
  const files = readdirSync(join(ROOT, 'functions'), { recursive: true, encoding: 'utf8' })
  const entries = files
    .filter((file) => /^[a-z]+\/(handler|exchange)\.ts$/.test(file))
    .map((file) => `functions/${file}`)
  return {
    functions: packagesIn(entries, LEFT_OUT),
    'command line': packagesIn(['bin/vendomat.ts'], {}),
    client: packagesIn(['lib/client/token-source.ts'], {}),
  }
}

function packagesIn(entryPoints: string[], alias: Record<string, string>): string[] {
  const { metafile } = buildSync({
    entryPoints,
    alias,
    absWorkingDir: ROOT,
    outdir: 'nowhere',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
  })
  const folders = Object.keys(metafile.inputs).flatMap((file) => {
    const [folder] = /node_modules\/(.*node_modules\/)?(@[^/]+\/)?[^/]+/.exec(file) ?? []
    return folder === undefined ? [] : [folder]
  })
  return [...new Set(folders)].sort()
}

/** What is wrong with what is installed: where it comes from, whether it is what it was, and what it runs on the way. */
export function lockProblems(lock: Lock, direct?: string[]): string[] {
  const runs = new Set(runtimeOf(lock, direct).map(([folder]) => folder))
  return Object.entries(lock).flatMap(([folder, locked]) => {
    if (folder === '') return []
    const { integrity = '', resolved, link, inBundle, hasInstallScript, dependencies, optionalDependencies } = locked
    const specifiers = Object.values({ ...dependencies, ...optionalDependencies })
    const problems = [
      // A package inside another's archive is covered by the hash of that archive.
      !integrity.startsWith('sha512-') && !inBundle && 'has no SHA-512',
      (resolved !== undefined || link) && 'says where it comes from, which is the registry of who installs it',
      specifiers.some((specifier) => /^(?!npm:).*[:/]/.test(specifier)) &&
        'wants a package from elsewhere than a registry',
      hasInstallScript && runs.has(folder) && 'runs a script when it is installed, in production too',
    ]
    return problems
      .filter((problem) => problem !== false && problem !== undefined)
      .map((problem) => `${folder} ${problem}`)
  })
}

export const licenceProblems = (packages: readonly (readonly [string, Locked])[]): string[] =>
  packages
    .filter(([, { license = '' }]) => !LICENCES.includes(license))
    .map(([folder, { license }]) => `${folder} has the licence ${license ?? 'that nobody knows'}`)

/**
 * The bill of materials of what runs (CycloneDX 1.5), made by npm from the lock alone. It is made without what is for
 * development: with `--omit dev` npm 11 leaves out what a package for development uses as well, jose for one. npm adds a serial
 * number, the time, its version and the folder's name, which say nothing of the materials: without them one lock gives one bill.
 */
export function billOfMaterials(): string {
  const all = { ...dependencies, ...devDependencies }
  const { peerDependencies: _peers, peerDependenciesMeta: _meta, ...own } = manifest
  const running = { ...own, dependencies: Object.fromEntries(Object.keys(REASONS).map((name) => [name, all[name]])) }
  const lock = JSON.parse(read('package-lock.json'))
  const locked = runtimeOf(lock.packages).map(([folder, { dev: _dev, ...rest }]) => [folder, rest])
  const packages = { '': running, ...Object.fromEntries(locked) }
  const folder = mkdtempSync(join(tmpdir(), 'vendomat-'))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(running))
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }))
    const asked = ['sbom', '--package-lock-only', '--offline', '--sbom-format', 'cyclonedx']
    const made = execFileSync('npm', asked, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const { serialNumber: _serial, metadata, ...bill } = JSON.parse(made)
    const component = { ...metadata.component, name: manifest.name }
    const { timestamp: _time, tools: _tools, ...rest } = metadata
    return `${JSON.stringify({ ...bill, metadata: { ...rest, component } }, undefined, 2)}\n`
  } finally {
    rmSync(folder, { recursive: true })
  }
}
