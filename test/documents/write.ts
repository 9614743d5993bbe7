import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { read, root } from '../support/documents.ts'
import { GENERATED, written } from './tables.ts'

/* npm run docs: writes the tables that the code has into the documents. */
for (const path of Object.keys(GENERATED)) {
  writeFileSync(join(root, path), await written(path, read(path)))
  console.log(path)
}
