#!/usr/bin/env node
const { existsSync } = require('node:fs')
const { join } = require('node:path')

// A package has the one file alone. A checkout has sources, which may be newer than a file that was built from them.
if (existsSync(join(__dirname, 'vendomat.ts')))
  import('tsx/esm/api').then(({ register }) => {
    register()
    return import('./vendomat.ts')
  })
else require('../dist/vendomat.cjs')
