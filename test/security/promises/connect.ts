import type { SecurityPromise } from '../promise.ts'

const TESTS = 'test/lib/cli/connect.test.ts'
const asset = 'connections, while a person gives new credentials'

export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'tried-before-use',
    asset,
    threat:
      'credentials that were mistyped, or are of another account, are used for callers before anybody has seen them work',
    stoppedBy: 'they are stored beside those in use, the machine tries them there, and only then they take their place',
    tests: [
      { file: TESTS, title: 'are beside an empty version until they have worked' },
      { file: TESTS, title: 'and refused leave those before them in use' },
    ],
    removal: {
      file: 'lib/cli/secret-store.ts',
      was: 'VersionStages: [PENDING]',
      becomes: 'VersionStages: [PENDING, CURRENT]',
    },
  },
  {
    id: 'interrupted-is-not-used',
    asset,
    threat: 'credentials whose trial somebody has interrupted come into use when its answer comes late',
    stoppedBy: 'what is interrupted is taken back, and nothing that is still under way puts it into use',
    tests: [{ file: TESTS, title: 'are not used when their trial succeeds after Ctrl-C' }],
    removal: {
      file: 'lib/cli/trial.ts',
      was: 'reject(new Interrupted())',
      becomes: 'reject.length > 9',
    },
  },
]
