import type { SecurityPromise } from '../promise.ts'

const DISCOVERY = 'test/generic/discovery.test.ts'
const PLACEHOLDERS = 'test/generic/placeholders.test.ts'
const VENDOR = 'test/generic/vendor.test.ts'

/** Of vendors that a description makes: what connections and answers say goes into addresses. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'described-placeholders',
    asset: 'vendor credentials',
    threat:
      'who writes a connection’s secret leads its credentials to another host or path by what fills a placeholder',
    stoppedBy: 'a value in an address is one label of letters, digits, - and _',
    tests: [{ file: PLACEHOLDERS, title: 'cause no call where it is a part of ' }],
    removal: {
      file: 'functions/generic/placeholders.ts',
      was: 'LABEL.test(value)',
      becomes: '(LABEL.test(value) || value.length > 1)',
    },
  },
  {
    id: 'described-secret-placeholders',
    asset: 'vendor credentials',
    threat: 'a description puts a secret where logs and other parties read it: into a URL, a claim or a parameter',
    stoppedBy: 'a description in which a placeholder names a secret makes no vendor',
    tests: [{ file: PLACEHOLDERS, title: 'are never ' }],
    removal: {
      file: 'functions/generic/placeholders.ts',
      was: "const SECRETS = ['client_secret', 'private_key']",
      becomes: "const SECRETS = ['']",
    },
  },
  {
    id: 'described-answer-addresses',
    asset: 'access tokens',
    threat: 'an answer names an address of somebody else’s, and callers send their token there',
    stoppedBy: 'an address beside a token that is on none of the vendor’s domains is left out, and a warning says so',
    tests: [{ file: VENDOR, title: 'comes without ' }],
    removal: {
      file: 'functions/generic/answer.ts',
      was: 'if (!isUrl(name, value)) return [[name, value]]',
      becomes: 'if (isUrl(name, value) || value) return [[name, value]]',
    },
  },
  {
    id: 'look-up-spends-nothing',
    asset: 'refresh tokens',
    threat:
      'an issuer that is slow or down eats the time of a renewal: its refresh token is sent and the answer comes too late, or it passes for spent',
    stoppedBy:
      'where a single-use refresh token goes is looked up before it is noted as sent, and the time that its vendor may take is measured after that',
    tests: [
      { file: DISCOVERY, title: 'is sent with all the time that its vendor may take' },
      { file: DISCOVERY, title: 'is not sent where the function has no time left' },
      { file: DISCOVERY, title: 'is not sent, nor counted as sent, refused or over, however often the issuer ' },
    ],
    removal: {
      file: 'functions/core/attempt.ts',
      was: 'await vendor.authorization?.tokenEndpoint(credentials.document, contextFor(vendor, runtime, LOOK_UP_SECONDS))',
      becomes: 'void LOOK_UP_SECONDS',
    },
  },
  {
    id: 'absurd-grant-ends',
    asset: 'the attention of people',
    threat: 'a vendor states with each token that its grant is about to end, and people are mailed day after day',
    stoppedBy:
      'an end that is closer than three renewals of the schedule, or beyond the year 9999, is not taken for one',
    tests: [
      { file: 'test/scenarios/grant.test.ts', title: 'is no notice, and its token is not renewed each minute' },
      { file: 'test/kit/grant.test.ts', title: 'is none that nobody can keep or be told of' },
    ],
    removal: {
      file: 'functions/kit/grant.ts',
      was: 'secondsBetween(at, stated) >= LEAST_SECONDS',
      becomes: 'secondsBetween(at, stated) > 0 && LEAST_SECONDS',
    },
  },
  {
    id: 'no-echo-described',
    asset: 'vendor credentials',
    threat: 'a described vendor repeats what it is sent, and logs, refusals or notices repeat it after it',
    stoppedBy: 'of an answer its status, its length and errors that we know are said, whatever else is in it',
    tests: [
      { file: 'test/security/canary.test.ts', title: 'leaves no trace of what it is sent, however it repeats that' },
    ],
    removal: {
      file: 'functions/oauth/token-answer.ts',
      was: 'text.length} characters)',
      becomes: 'text.reveal()} characters)',
    },
  },
  {
    id: 'code-of-another-vendor',
    asset: 'grants',
    threat:
      'a code that was given at one of two described vendors with one authorization server is slipped into the other',
    stoppedBy: 'a code is good with the verifier of its own request alone (RFC 7636), which stays here',
    tests: [{ file: 'test/consent/shared-server.test.ts', title: 'have no use for each other' }],
    removal: {
      file: 'functions/generic/vendor.ts',
      was: "...(description.pkce !== 'none' && { pkce: 'S256' }),",
      becomes: "...(description.pkce === 'none' && { pkce: 'S256' }),",
    },
  },
]
