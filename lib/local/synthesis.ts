import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Terminal } from './terminal.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LOOK_MS = 250

interface Synthesis {
  /** Where the assembly goes, in place of what is there. */
  readonly assembly: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly progress?: Terminal['progress']
  /** Ends it, and rejects. */
  readonly stop?: AbortSignal | undefined
}

/**
 * Runs the CDK app as its command line would, which hands it the flags of cdk.json. The rules of CloudFormation, which take
 * half of the time, are for what is deployed.
 */
export async function synthesise({ assembly, environment, progress, stop }: Synthesis): Promise<void> {
  const { context = {} } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'))
  rmSync(assembly, { recursive: true, force: true })
  const env = {
    CDK_VALIDATION: 'false',
    ...environment,
    CDK_OUTDIR: assembly,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  }
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 1000)
  const looks = progress && setInterval(() => progress(`${bundled(assembly)}, ${seconds()} s`), LOOK_MS)
  try {
    const options = { cwd: ROOT, env, killSignal: 'SIGKILL', ...(stop && { signal: stop }) } as const
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bin/app.ts'], options)
  } finally {
    clearInterval(looks)
    progress?.('')
  }
}

/** Each handler's bundle is a folder of the assembly as soon as it is there. How many there will be, the settings say. */
function bundled(assembly: string): string {
  const bundles = existsSync(assembly) ? readdirSync(assembly).filter((name) => name.startsWith('asset.')) : []
  return `${bundles.length} handlers`
}
