import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AssetHashType, DockerImage } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { buildSync } from 'esbuild'

const FUNCTIONS = fileURLToPath(new URL('../functions', import.meta.url))

/**
 * Bundles the handler of `functions/<entry>.ts` into one CommonJS file: an ES module would add 20 ms to a cold start,
 * for importing `node:http`. It is called .cjs because this repository's own package says that .js is an ES module.
 */
export function bundleFunction(entry: string, outputDir: string): void {
  buildSync({
    entryPoints: [join(FUNCTIONS, `${entry}.ts`)],
    outfile: join(outputDir, 'index.cjs'),
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    // `import()` of a builtin, as in the SDK, costs what an ES module's import costs.
    supported: { 'dynamic-import': false },
    logLevel: 'error',
    // In Lambda credentials come from the environment; the rest of the SDK's chain is 40 % of a client's bytes.
    alias: { '@aws-sdk/credential-provider-node': join(FUNCTIONS, 'aws', 'env-credentials.ts') },
  })
}

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
          bundleFunction(entry, outputDir)
          return true
        },
      },
    },
  })
