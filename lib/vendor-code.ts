import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AssetHashType, DockerImage } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import type { BuildOptions } from 'esbuild'
import type { Vendor } from '../functions/kit/vendor.ts'
import { type Start, said, startOf } from './start-bytes.ts'

/** An installed package runs what was built of this, and has the bundles of its functions in place of their sources. */
const IS_CHECKOUT = import.meta.url.endsWith('.ts')
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FUNCTIONS = join(ROOT, ...(IS_CHECKOUT ? ['functions'] : ['dist', 'functions']))
/** The most that a vendor's function may parse before it vends a token that is at hand; loading is most of a cold start. */
const MOST_BYTES = 180_000
const MINIFIED = { minify: true, platform: 'node', target: 'node24', legalComments: 'none', logLevel: 'error' } as const

/** In Lambda credentials come from the environment; the rest of the SDK's chain is 40 % of a client's bytes. */
export const LEFT_OUT = { '@aws-sdk/credential-provider-node': join(FUNCTIONS, 'aws', 'env-credentials.ts') }

/** Where a vendor of one's own finds what its function is made of. */
const PARTS = IS_CHECKOUT
  ? {
      vendor: join(ROOT, 'lib', 'vendor.ts'),
      handler: join(FUNCTIONS, 'lambda', 'vendor-function.ts'),
      exchange: join(FUNCTIONS, 'lambda', 'exchange.ts'),
    }
  : {
      vendor: join(ROOT, 'dist', 'vendor.js'),
      handler: join(ROOT, 'dist', 'handler.js'),
      exchange: join(ROOT, 'dist', 'exchange.js'),
    }

/** Loaded when something is bundled: who installs the package for its own vendors alone does not need it. */
const esbuild = (): typeof import('esbuild') => createRequire(import.meta.url)('esbuild')

/** Bundles the handler of `functions/<entry>.ts`. */
export function bundleFunction(entry: string, outputDir: string, source = join(FUNCTIONS, `${entry}.ts`)): Start {
  const options = {
    entryPoints: { index: source },
    absWorkingDir: ROOT,
    alias: LEFT_OUT,
  }
  return bundle(entry, outputDir, options).start
}

/** What a vendor's function does: 'handler' answers the API, 'exchange' ends consents for the hosted callback. */
export type Entry = 'handler' | 'exchange'

/** A vendor of one's own, which says where it is. */
export type OwnVendor = Vendor & { readonly module: string }

/** Bundles the function of a vendor that its module exports by its id. */
export function bundleOwnVendor(vendor: OwnVendor, entry: Entry, outputDir: string): Start {
  const { id, title, hosts, tokens } = vendor
  const file = vendor.module.startsWith('file:') ? fileURLToPath(vendor.module) : vendor.module
  const folder = dirname(file)
  const [from, facts] = [JSON.stringify(file), JSON.stringify({ id, title, hosts, tokens })]
  const part = JSON.stringify(PARTS[entry])
  const { start, exported } = bundle(`${id}/${entry}`, outputDir, {
    stdin: {
      contents:
        entry === 'handler'
          ? `import { lambdaHandler } from ${part}\n` +
            `export const handler = lambdaHandler(${facts}, async () => (await import(${from})).${id})`
          : `import { exchangeHandler } from ${part}\nimport { ${id} } from ${from}\n` +
            `export const handler = exchangeHandler(${id})`,
      resolveDir: folder,
    },
    entryNames: 'index',
    absWorkingDir: folder,
    // What is for the CDK stays out of the function. What is built has been left without the rest.
    alias: { ...(IS_CHECKOUT && LEFT_OUT), 'vendomat/cdk': PARTS.vendor, 'vendomat/vendor': PARTS.vendor },
  })
  if (entry === 'handler' && !exported(relative(folder, file)).includes(id))
    throw new Error(`${file} does not export ${id}: a vendor is exported by its id from the module that it names`)
  return start
}

/**
 * Bundles into `index.cjs` and a chunk for each part that is imported by `import()`, which is loaded when it is first
 * needed. Only ES modules can be split, but as one a function would start 20 ms later, for importing `node:http`: so esbuild
 * splits first, and makes CommonJS of each chunk then. The files are called .cjs because this repository's own package says
 * that .js is an ES module. Throws when a vendor's function would parse too much at its start: then something is imported on
 * the way of a table hit that `import()` should load when it is needed.
 */
function bundle(entry: string, outputDir: string, options: BuildOptions) {
  const { buildSync, transformSync } = esbuild()
  const { outputFiles, metafile } = buildSync({
    ...MINIFIED,
    ...options,
    outdir: outputDir,
    outExtension: { '.js': '.cjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    mainFields: ['module', 'main'],
    metafile: true,
    write: false,
  })
  const start = startOf(metafile, 'index.cjs')
  if (vends(entry) && start.bytes > MOST_BYTES)
    throw new Error(`${said(entry, start)}; at most ${MOST_BYTES / 1000} KB may be`)
  mkdirSync(outputDir, { recursive: true })
  for (const { path, text } of outputFiles) {
    // `import()` of a builtin, as in the SDK, would cost what an ES module's import costs.
    const { code } = transformSync(text, { ...MINIFIED, format: 'cjs', supported: { 'dynamic-import': false } })
    writeFileSync(join(outputDir, basename(path)), code)
  }
  const exported = (source: string): readonly string[] =>
    Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === source)?.exports ?? []
  return { start, exported }
}

const vends = (entry: string): boolean => entry.endsWith('/handler') && entry !== 'callback/handler'

/** The code asset of `functions/<entry>.ts`, bundled without Docker: here, or when the package was built. */
export const functionCode = (entry: string): Code =>
  assetOf(entry, (outputDir) => {
    const source = join(FUNCTIONS, IS_CHECKOUT ? `${entry}.ts` : entry)
    if (!existsSync(source))
      throw new Error(
        `there is no function ${entry}: a vendor of one's own names its module, as module: import.meta.url`,
      )
    if (IS_CHECKOUT) return bundleFunction(entry, outputDir)
    cpSync(source, outputDir, { recursive: true })
    return undefined
  })

/** The code asset of a vendor's function; those without code of their own have one in common. */
export function vendorCode(vendor: Vendor, entry: Entry): Code {
  if (vendor.description) return functionCode(`generic/${entry}`)
  if (!isOwn(vendor)) return functionCode(`${vendor.id}/${entry}`)
  return assetOf(`${vendor.id}/${entry}`, (outputDir) => bundleOwnVendor(vendor, entry, outputDir))
}

const isOwn = (vendor: Vendor): vendor is OwnVendor => vendor.module !== undefined

const assetOf = (what: string, write: (outputDir: string) => Start | undefined): Code =>
  Code.fromAsset(FUNCTIONS, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The type requires an image. It is not used, since `tryBundle` does not decline.
      image: DockerImage.fromRegistry('scratch'),
      // The CDK takes assets of one path with equal options for the same asset; this makes the options differ.
      command: [what],
      local: {
        tryBundle: (outputDir) => {
          const start = write(outputDir)
          if (start) process.stderr.write(`${said(what, start)}\n`)
          return true
        },
      },
    },
  })
