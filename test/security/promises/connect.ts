import type { SecurityPromise } from '../promise.ts'

const TESTS = 'test/lib/cli/connect.test.ts'
const IMPORT = 'test/lib/cli/import.test.ts'
const IMPORTED = 'test/consent/import.test.ts'
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
  {
    id: 'import-unseen',
    asset: 'tokens that a team has already, while the machine takes them over',
    threat: 'who reads the list of processes, the history of a shell or over a shoulder has the token',
    stoppedBy: 'it is typed unseen or comes from standard input, and is repeated in no message',
    tests: [
      { file: IMPORT, title: 'vendomat connect --import asks a person for it, unseen' },
      { file: IMPORT, title: 'vendomat connect --import has no place for the token itself among its words' },
      { file: IMPORT, title: 'vendomat connect --import hands a refresh token from standard input' },
    ],
    removal: { file: 'lib/cli/import.ts', was: 'shell.person?.askSecret(', becomes: 'shell.person?.ask(' },
  },
  {
    id: 'import-not-logged',
    asset: 'tokens that a team has already, while the machine takes them over',
    threat: 'who may read the log, the audit trail or an answer reads the token',
    stoppedBy: 'it is a Secret from the body on, of which the audit trail has the fingerprint, and no error quotes it',
    tests: [
      { file: 'test/security/canary.test.ts', title: 'an import leaves no trace of its token' },
      { file: IMPORTED, title: 'an import at ' },
    ],
    removal: {
      file: 'functions/api/app.ts',
      was: 'record: { outcome, fingerprint: value.fingerprint }',
      becomes: 'record: { outcome, fingerprint: value.reveal() }',
    },
  },
  {
    id: 'import-tried-first',
    asset,
    threat: 'a token that is dead, mistyped or of another platform takes a working grant from a connection',
    stoppedBy:
      'an imported token is tried under the lease, and the grant before is over when it has worked, with its refresh token in the table',
    tests: [
      { file: IMPORTED, title: 'an imported refresh token that is refused leaves the grant of before' },
      { file: IMPORTED, title: 'an imported refresh token that meets ' },
      { file: IMPORTED, title: 'an imported access token that is ' },
    ],
    removal: {
      file: 'functions/consent/import.ts',
      was: "if (checked === 'refused' || checked === 'login page') throw",
      becomes: 'if (checked === undefined) throw',
    },
  },
]
