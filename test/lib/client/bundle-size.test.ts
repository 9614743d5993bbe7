import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const KB = 1000

/** Of the bundle of a service, minified. */
async function bytesOf(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    ...{ bundle: true, minify: true, write: false, platform: 'node', target: 'node20', format: 'cjs' },
  })
  return outputFiles[0]?.contents.length ?? 0
}

it('the client adds less than 60 KB to the bundle of a service that uses the AWS SDK', async () => {
  const sdk = "export { DynamoDBClient } from '@aws-sdk/client-dynamodb'\n"
  const [without, withClient] = await Promise.all([
    bytesOf(sdk),
    bytesOf(`${sdk}export { tokenSource } from './lib/client/token-source.ts'\n`),
  ])
  expect(without).toBeGreaterThan(100 * KB)
  expect(withClient - without).toBeGreaterThan(2 * KB)
  expect(withClient - without).toBeLessThan(60 * KB)
})
