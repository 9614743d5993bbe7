import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AssetHashType, DockerImage } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { buildSync, transformSync } from 'esbuild'
import { type Start, said, startOf } from './start-bytes.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FUNCTIONS = join(ROOT, 'functions')
/** The most that a vendor's function may parse before it vends a token that is at hand; loading is most of a cold start. */
const MOST_BYTES = 180_000
const MINIFIED = { minify: true, platform: 'node', target: 'node24', legalComments: 'none', logLevel: 'error' } as const

/** In Lambda credentials come from the environment; the rest of the SDK's chain is 40 % of a client's bytes. */
export const LEFT_OUT = { '@aws-sdk/credential-provider-node': join(FUNCTIONS, 'aws', 'env-credentials.ts') }

/**
 * Bundles the handler of `functions/<entry>.ts` into `index.cjs` and a chunk for each part that is imported by `import()`,
 * which is loaded when it is first needed. Only ES modules can be split, but as one a function would start 20 ms later, for
 * importing `node:http`: so esbuild splits first, and makes CommonJS of each chunk then. The files are called .cjs because
 * this repository's own package says that .js is an ES module. Throws when a vendor's function would parse too much at its
 * start: then something is imported on the way of a table hit that `import()` should load when it is needed.
 */
export function bundleFunction(entry: string, outputDir: string, source = join(FUNCTIONS, `${entry}.ts`)): Start {
  const { outputFiles, metafile } = buildSync({
    ...MINIFIED,
    entryPoints: { index: source },
    absWorkingDir: ROOT,
    outdir: outputDir,
    outExtension: { '.js': '.cjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    mainFields: ['module', 'main'],
    metafile: true,
    write: false,
    alias: LEFT_OUT,
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
  return start
}

const vends = (entry: string): boolean => entry.endsWith('/handler') && entry !== 'callback/handler'

/** The code asset of `functions/<entry>.ts`, bundled here and without Docker. */
export const functionCode = (entry: string): Code =>
  Code.fromAsset(FUNCTIONS, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The type requires an image. It is not used, since `tryBundle` does not decline.
      image: DockerImage.fromRegistry('scratch'),
      // The CDK takes assets of one path with equal options for the same asset; this makes the options differ.
      command: [entry],
      local: {
        tryBundle: (outputDir) => {
          process.stderr.write(`${said(entry, bundleFunction(entry, outputDir))}\n`)
          return true
        },
      },
    },
  })
