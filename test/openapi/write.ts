import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMachine } from '../../lib/local/machine.ts'
import { openApi } from '../../lib/openapi.ts'
import { recordExamples } from './record.ts'

/* npm run openapi: writes functions/api/openapi.json, with the answers of a machine that it starts. */
const file = fileURLToPath(new URL('../../functions/api/openapi.json', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'vendomat-'))
const machine = await startMachine({ port: 0, home, environment: { PATH: process.env.PATH }, say: () => {} })
try {
  const document = openApi(await recordExamples(machine.environment))
  writeFileSync(file, `${JSON.stringify(document, undefined, 2)}\n`)
  console.log(file)
} finally {
  await machine.close()
  rmSync(home, { recursive: true })
}
