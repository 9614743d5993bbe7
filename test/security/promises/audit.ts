// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { SecurityPromise } from '../promise.ts'

const AUDIT = 'test/security/audit.test.ts'
const MACHINE = 'test/end-to-end.test.ts'
const COMMAND = 'test/lib/cli/audit.test.ts'

/** Of the audit trail: who did what, told by records alone. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'audit-complete',
    asset: 'audit trail',
    threat: 'a token is given out or a connection changed, and nobody can say to whom, when and by whom',
    stoppedBy: 'every answer has a record with caller, connection, outcome and fingerprint, written before it leaves',
    tests: [
      { file: AUDIT, title: 'each operation has as many last lines as answers' },
      { file: AUDIT, title: 'every line of a call is there before its answer' },
      { file: AUDIT, title: 'each token that was answered stands in the line of its answer' },
      { file: MACHINE, title: 'has a line of each call in its logs' },
    ],
    removal: {
      file: 'functions/api/app.ts',
      was: '    record({ ...event, ...done.record, ms: ms() })',
      becomes: "    if (done.record.outcome !== 'cache') record({ ...event, ...done.record, ms: ms() })",
    },
  },
  {
    id: 'audit-first',
    asset: 'audit trail',
    threat: 'who fills or breaks the log gets tokens of which there is no record',
    stoppedBy: 'what cannot be recorded is answered 500, without a token',
    tests: [{ file: AUDIT, title: 'what cannot be recorded is answered 500, without a token' }],
    removal: {
      file: 'functions/api/app.ts',
      was: '    record({ ...event, ...done.record, ms: ms() })',
      becomes: '    recorded(() => record({ ...event, ...done.record, ms: ms() }))',
    },
  },
  {
    id: 'audit-before-change',
    asset: 'audit trail',
    threat: 'a connection is revoked, changed or removed while no record of it can be written',
    stoppedBy: 'a call that changes something is recorded before it begins, and not begun where that fails',
    tests: [
      { file: AUDIT, title: 'revoke is not begun' },
      { file: AUDIT, title: 'setStatus is not begun' },
      { file: AUDIT, title: 'once it has been done has a line of who asked for it' },
    ],
    removal: {
      file: 'functions/api/app.ts',
      was: "    if (ROUTES[operation].method !== 'GET') record(",
      becomes: "    if (ROUTES[operation].method === 'GET') record(",
    },
  },
  {
    id: 'audit-sink',
    asset: 'audit trail',
    threat: 'standard output is gone, its console says nothing, and tokens go on leaving',
    stoppedBy: 'after each record the stream is asked whether it could be written',
    tests: [{ file: AUDIT, title: 'because nobody reads standard output any more is known by that line' }],
    removal: {
      file: 'functions/lambda/log.ts',
      was: '  if (process.stdout.errored) throw process.stdout.errored\n',
      becomes: '',
    },
  },
  {
    id: 'audit-obtained',
    asset: 'audit trail',
    threat: 'a leaked token was obtained by a sweep or a trial, of which no caller has a record',
    stoppedBy: 'each token of a vendor leaves a record before it is cached or vended, with the version of the secret',
    tests: [
      { file: AUDIT, title: 'each token of the vendor leaves one line' },
      { file: AUDIT, title: 'is recorded under the schedule' },
    ],
    removal: {
      file: 'functions/api/audit.ts',
      was: '      if (event) record({ ...event, ...by })',
      becomes: "      if (event?.op === 'rotate') record({ ...event, ...by })",
    },
  },
  {
    id: 'audit-rotation',
    asset: 'audit trail',
    threat: 'nobody can say when a version of a secret came into use, and so which tokens are of the leaked one',
    stoppedBy: 'a version that works for the first time leaves a record with its id',
    tests: [{ file: AUDIT, title: 'a version of the credentials that comes into use leaves one line' }],
    removal: {
      file: 'functions/api/audit.ts',
      was: '      if (state.provenVersion === version) return undefined',
      becomes: '      if (state.provenVersion !== undefined) return undefined',
    },
  },
  {
    id: 'audit-keeps-grant',
    asset: 'vendor grants',
    threat: 'a record that cannot be written costs the new refresh token, and with it the consent of a person',
    stoppedBy: 'a refresh token that came is stored even where its access token is refused for want of a record',
    tests: [{ file: AUDIT, title: 'keeps the refresh token that came with the token' }],
    removal: {
      file: 'functions/core/attempt.ts',
      was: '  if (refreshToken) received(refreshToken)\n',
      becomes: '  if (refreshToken) setImmediate(() => received(refreshToken))\n',
    },
  },
  {
    id: 'audit-answers',
    asset: 'audit trail',
    threat: 'a token has leaked, and finding who had it takes days',
    stoppedBy: 'one command searches the records for the fingerprint, deployed and on a laptop, and says how to end it',
    tests: [
      { file: COMMAND, title: 'draws who had a token and when it was obtained' },
      { file: COMMAND, title: 'searches the logs of its functions and no others' },
      { file: COMMAND, title: 'judges what it gets by itself' },
      { file: MACHINE, title: 'leaves no trace of a secret in anything it writes' },
    ],
    removal: {
      file: 'lib/cli/audit-line.ts',
      was: '[`"fingerprint":"${fingerprint}"`]',
      becomes: '[`"fingerprint":"`]',
    },
  },
  {
    id: 'audit-token-unseen',
    asset: 'access tokens',
    threat: 'who searches for a leaked token leaks it once more: in a list of processes, a terminal or its history',
    stoppedBy: 'the token comes from standard input or a hidden question, and no message repeats what was given',
    tests: [
      { file: COMMAND, title: 'finds a token that it reads from' },
      { file: COMMAND, title: 'called with "c4nary' },
      { file: COMMAND, title: 'called with "--token c4nary' },
    ],
    removal: {
      file: 'lib/cli/audit.ts',
      was: '\'--token takes "-": the token comes from standard input, where no list of processes shows it\'',
      becomes: '`--token takes "-" and not ${token}`',
    },
  },
]
