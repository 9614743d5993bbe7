/**
 * `npm run supply-chain`: every package that runs, with its licence and what it is for, and the bill of materials as a file.
 * Fails when one of them has a licence that nobody has allowed, or comes from elsewhere than it should.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  billOfMaterials,
  licenceProblems,
  lockFile,
  lockProblems,
  REASONS,
  ROOT,
  runtimeOf,
  shipped,
} from './packages.ts'

const lock = lockFile()
const packages = runtimeOf(lock)
const within = Object.entries(shipped())

console.table(
  packages.map(([folder, { version, license }]) => ({
    package: folder.replace('node_modules/', ''),
    version,
    licence: license,
    'is in': within.flatMap(([what, folders]) => (folders.includes(folder) ? [what] : [])).join(', '),
    why: REASONS[folder.replace('node_modules/', '')] ?? '',
  })),
)
const file = join(ROOT, '.local', 'sbom.cdx.json')
mkdirSync(join(ROOT, '.local'), { recursive: true })
writeFileSync(file, billOfMaterials())
console.log(
  `${packages.length} packages, ${Object.keys(REASONS).length} of them direct; bill of materials: .local/sbom.cdx.json`,
)

const problems = [...licenceProblems(packages), ...lockProblems(lock)]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
