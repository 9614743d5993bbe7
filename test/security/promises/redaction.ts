// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { SecurityPromise } from '../promise.ts'

const CANARY = 'test/security/canary.test.ts'
const REVEAL = 'test/security/reveal.test.ts'
const LOG = 'test/lambda/log.test.ts'

/** Of what is written: logs, metrics, notices, rows, templates, refusals, the command line. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'no-leak',
    asset: 'secrets in what is written',
    threat:
      'who may read logs, metrics, notices, the table, templates or refusals finds a token, a code or a key there',
    stoppedBy: 'nothing of a request, an answer or an error is written but what is named; a whole run is searched',
    tests: [
      { file: 'test/end-to-end.test.ts', title: 'leaves no trace of a secret in anything it writes' },
      { file: CANARY, title: 'leaves no trace of its ticket, cookie, code and tokens' },
    ],
    removal: {
      file: 'functions/api/app.ts',
      was: '    op: operation,\n',
      becomes: '    op: operation,\n    ...(request.body && { body: request.body }),\n',
    },
  },
  {
    id: 'no-leak-search',
    asset: 'secrets in what is written',
    threat: 'a secret is written coded, packed or in pieces, and the search for it is blind to that',
    stoppedBy: 'the search knows each form, any 12 characters, and is tested with a plant of each kind in each form',
    tests: [
      { file: CANARY, title: 'finds each kind planted in each form' },
      { file: CANARY, title: 'finds any 12 characters of a value' },
      { file: CANARY, title: 'finds nothing in what was written without them' },
    ],
    removal: {
      file: 'test/support/canary.ts',
      was: '[0, 1, 2].map((before)',
      becomes: '[0].map((before)',
    },
  },
  {
    id: 'secret-one-door',
    asset: 'secrets in memory',
    threat: 'code takes the text of a secret where nobody sees it, and puts it into a message or a log',
    stoppedBy:
      'a secret is a value of a type that shows a fingerprint; each place that takes it out is pinned with a reason',
    tests: [
      { file: REVEAL, title: 'is taken out in the places above and no other' },
      { file: REVEAL, title: 'taken out as' },
    ],
    removal: {
      file: 'functions/oauth/token-answer.ts',
      was: '${text.length} characters',
      becomes: '${text.reveal().length} characters',
    },
  },
  {
    id: 'secret-redacted',
    asset: 'secrets in memory',
    threat: 'a secret is printed, logged or serialised by accident, as part of something else',
    stoppedBy: 'whatever way it is written as, a secret writes four digits of its fingerprint',
    tests: [{ file: REVEAL, title: 'shows itself in none of the ways' }],
    removal: {
      file: 'functions/kit/secret.ts',
      was: '  toJSON(): string {\n    return this.toString()',
      becomes: '  toJSON(): string {\n    return this.#value',
    },
  },
  {
    id: 'vendor-words-unwritten',
    asset: 'secrets in what is written',
    threat: 'a vendor repeats what we sent in its refusal, and that is logged',
    stoppedBy: 'of a failure only our own words are written, and of its cause only the name',
    tests: [{ file: LOG, title: 'never shows the text of what a vendor failure was caused by' }],
    removal: {
      file: 'functions/lambda/log.ts',
      was: "error.code === 'store_unavailable' && cause instanceof Error",
      becomes: 'cause instanceof Error',
    },
  },
  {
    id: 'bug-words-unwritten',
    asset: 'secrets in what is written',
    threat: 'an error that nobody foresaw has a secret in its message, and that is logged',
    stoppedBy: 'of such an error the name and the place are written',
    tests: [{ file: LOG, title: 'names the reason when a service of ours fails' }],
    removal: {
      file: 'functions/lambda/log.ts',
      was: '{ error: nameOf(error), at: placeOf(error) }',
      becomes: '{ error: String(error), at: placeOf(error) }',
    },
  },
  {
    id: 'bug-words-unanswered',
    asset: 'secrets in what is written',
    threat: 'an error that nobody foresaw shows a caller what is inside',
    stoppedBy: 'its answer has the request id and nothing of the error',
    tests: [{ file: 'test/api/app.test.ts', title: 'that nobody foresaw tells the caller nothing but the request id' }],
    removal: {
      file: 'functions/api/problem.ts',
      was: "new VendingError('internal', `see the log of request ${requestId}`)",
      becomes: "new VendingError('internal', `see the log of request ${requestId}: ${thrown}`)",
    },
  },
  {
    id: 'session-token-unsaid',
    asset: 'AWS credentials of people',
    threat:
      'the gateway repeats the headers of a refused signature, a session token among them, and the command prints it',
    stoppedBy: 'the command says the first line of a refusal',
    tests: [
      {
        file: 'test/lib/cli/token.test.ts',
        title: 'says no more of a refused signature than the gateway’s first line',
      },
    ],
    removal: {
      file: 'lib/cli/api.ts',
      was: ": data.Message))?.split('\\n')[0]",
      becomes: ': data.Message))',
    },
  },
]
