import type { SecurityPromise } from '../promise.ts'

const TESTS = 'test/security/supply-chain.test.ts'
const RULES = 'test/security/packages.ts'
const asset = 'the code that runs'

export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'supply-chain-few',
    asset,
    threat: 'somebody else’s package that nobody needed takes it over',
    stoppedBy: 'at most 15 direct dependencies, each with a reason and each in what runs',
    tests: [
      { file: TESTS, title: 'has a reason, and there are at most 15' },
      { file: TESTS, title: 'is in what runs, and nothing is in what runs that is for development alone' },
    ],
    removal: {
      file: 'package.json',
      was: '    "@smithy/core": "3.41.0",\n',
      becomes: '    "@smithy/core": "3.41.0",\n    "tslib": "2.9.1",\n',
    },
  },
  {
    id: 'supply-chain-pinned',
    asset,
    threat: 'a later release of a package comes in by itself',
    stoppedBy: 'every dependency is of one version exactly',
    tests: [{ file: TESTS, title: 'is pinned exactly' }],
    removal: { file: 'package.json', was: '"zod": "4.6.7"', becomes: '"zod": "^4.6.7"' },
  },
  {
    id: 'supply-chain-lock',
    asset,
    threat: 'another archive is served in the place of a package, or one runs a script when it is installed',
    stoppedBy: 'the lock has a SHA-512 for each, no address of its own, and no install script in what runs',
    tests: [
      { file: TESTS, title: 'has a SHA-512 for every package, names no place it comes from' },
      { file: TESTS, title: 'is refused when a package ' },
    ],
    removal: {
      file: RULES,
      was: "!integrity.startsWith('sha512-') && !inBundle &&",
      becomes: "integrity === 'none' && !inBundle &&",
    },
  },
  {
    id: 'supply-chain-licences',
    asset,
    threat: 'code comes in that may not be used so',
    stoppedBy: 'a licence outside a short list is refused, an unknown one too',
    tests: [
      { file: TESTS, title: 'is one of those allowed, and what the package itself says' },
      { file: TESTS, title: 'is refused where it is ' },
    ],
    removal: { file: RULES, was: '!LICENCES.includes(license)', becomes: "license.startsWith('GPL')" },
  },
  {
    id: 'supply-chain-bill',
    asset,
    threat: 'a package turns out to be bad, and nobody knows whether it is in here',
    stoppedBy:
      'one command writes a bill of materials that names every package with its hash, and the same one each time',
    tests: [{ file: TESTS, title: 'names every package that runs with its hash and licence' }],
    removal: { file: RULES, was: 'serialNumber: _serial, ', becomes: '' },
  },
  {
    id: 'supply-chain-bytes',
    asset,
    threat: 'what is deployed is not what this source gives',
    stoppedBy: 'a build gives the same bytes in any folder, so that anybody can compare',
    tests: [{ file: TESTS, title: 'are the same, byte for byte, from two checkouts in different folders' }],
    removal: { file: 'lib/vendor-code.ts', was: '    absWorkingDir: ROOT,\n', becomes: '' },
  },
]
