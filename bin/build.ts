/** `npm run build`: the JavaScript that `npm pack` packs, in dist/, for Node strips no types below node_modules. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { vendors } from '../lib/cdk.ts'
import { bundleFunction, LEFT_OUT } from '../lib/vendor-code.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')
const MODULES = {
  absWorkingDir: ROOT,
  outdir: DIST,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  logLevel: 'error',
} as const satisfies BuildOptions

rmSync(DIST, { recursive: true, force: true })
// What the client needs comes with the AWS SDK, of which its users have one already.
await build({ ...MODULES, entryPoints: { index: 'lib/client/token-source.ts' }, packages: 'external' })
await build({ ...MODULES, entryPoints: { cdk: 'lib/cdk.ts' }, external: ['aws-cdk-lib', 'constructs', 'esbuild'] })
// One build, so that the function of a vendor of one's own knows the errors that the vendor throws. Schemas are left to the
// vendor's own zod: there would be two in the function.
await build({
  ...MODULES,
  entryPoints: {
    vendor: 'lib/vendor.ts',
    handler: 'functions/lambda/vendor-function.ts',
    exchange: 'functions/lambda/exchange.ts',
  },
  external: ['zod'],
  alias: LEFT_OUT,
})
const entries = Object.values(vendors).flatMap((vendor) => [
  `${vendor.id}/handler`,
  ...('authorization' in vendor ? [`${vendor.id}/exchange`] : []),
])
for (const entry of [...entries, 'generic/handler', 'generic/exchange', 'callback/handler'])
  bundleFunction(entry, join(DIST, 'functions', entry))
