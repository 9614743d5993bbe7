// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { SecurityPromise } from '../promise.ts'

const EGRESS = 'test/aws/egress.test.ts'
const URLS = 'test/security/urls.test.ts'
const FUZZ = 'test/security/vendor-bodies.fuzz.test.ts'
const NETWORKS = 'test/kit/networks.test.ts'
const RUNTIME = 'test/lambda/runtime.test.ts'
const VENDOR = 'test/contracts/vendor.test.ts'
const ENDPOINT = 'test/oauth/token-endpoint.test.ts'
const ANSWER = 'test/oauth/token-answer.test.ts'
const VENDOR_URL = 'test/oauth/vendor-url.test.ts'

/** Of calls to vendors: where secrets go, and what an answer can do. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'host-allow-list',
    asset: 'vendor credentials',
    threat: 'who writes a connection’s URL has our secrets sent to a host of their own',
    stoppedBy: 'only the vendor’s own domains, those that the deployment added, and names below them are called',
    tests: [
      { file: VENDOR_URL, title: 'refuses ' },
      { file: VENDOR, title: 'calls no host that is not allowed' },
      { file: ENDPOINT, title: 'makes no call to ' },
    ],
    removal: {
      file: 'functions/oauth/vendor-url.ts',
      was: 'host === allowed || host.endsWith(`.${allowed}`)',
      becomes: 'host.endsWith(allowed)',
    },
  },
  {
    id: 'url-form',
    asset: 'vendor credentials',
    threat: 'a URL is read in one way when it is checked and in another when it is called',
    stoppedBy: 'a URL is https, a host name of plain letters and a plain path, or it is refused before a look-up',
    tests: [
      { file: URLS, title: 'of accessia is refused as ' },
      { file: VENDOR_URL, title: 'refuses ' },
    ],
    removal: {
      file: 'functions/oauth/vendor-url.ts',
      was: '/^https:\\/\\/[a-z0-9][a-z0-9._~:/-]*$/i',
      becomes: '/^https:/i',
    },
  },
  {
    id: 'checked-address',
    asset: 'vendor credentials',
    threat: 'a name of an allowed domain is pointed at Lambda’s runtime API, at the metadata or into a private network',
    stoppedBy: 'a host with one private or reserved address is refused before anybody is connected to',
    tests: [
      { file: URLS, title: 'is not called for ' },
      { file: NETWORKS, title: 'is not called that is ' },
      { file: RUNTIME, title: 'calls vendors on the internet alone: a name of this computer is refused' },
    ],
    removal: {
      file: 'functions/aws/egress.ts',
      was: 'addresses.every(({ address }) => mayCall(address))',
      becomes: 'addresses.some(({ address }) => mayCall(address))',
    },
  },
  {
    id: 'one-look-up',
    asset: 'vendor credentials',
    threat: 'a name stands for another address when it is called than when it was checked',
    stoppedBy: 'the addresses that were looked up and judged are those that are connected to',
    tests: [
      { file: URLS, title: 'is looked up once for each connection, and the one that changes then is not called' },
    ],
    removal: {
      file: 'functions/aws/egress.ts',
      was: '(addresses) => done(null, addresses)',
      becomes: '() => resolve(host).then((addresses) => done(null, [...addresses]))',
    },
  },
  {
    id: 'vendors-by-the-egress',
    asset: 'vendor credentials',
    threat: 'a call of a vendor takes another way than the one that checks addresses',
    stoppedBy: 'a deployed function has one way to call vendors',
    tests: [{ file: RUNTIME, title: 'calls vendors on the internet alone: a name of this computer is refused' }],
    removal: {
      file: 'functions/lambda/runtime.ts',
      was: 'async (...call) => (await ports()).http(...call)',
      becomes: 'fetch',
    },
  },
  {
    id: 'no-address-as-host',
    asset: 'vendor credentials',
    threat: 'an address in the place of a name is connected to without a look-up, and so without a check',
    stoppedBy: 'vendors are called by https and by their names alone',
    tests: [{ file: EGRESS, title: 'is called by https and its name alone: ' }],
    removal: {
      file: 'functions/aws/egress.ts',
      was: "|| isIP(url.hostname.replace(/[[\\]]/g, '')) !== 0",
      becomes: "|| isIP('') !== 0",
    },
  },
  {
    id: 'no-map-of-the-inside',
    asset: 'the network inside',
    threat: 'who may call reads addresses of the inside from what we say of a failure',
    stoppedBy: 'a failure names the host, and no address that it stands for',
    tests: [{ file: URLS, title: 'is not called for ' }],
    removal: {
      file: 'functions/aws/egress.ts',
      was: '`${host} has an address in',
      becomes: '`${host} has ${addresses.map(({ address }) => address)} in',
    },
  },
  {
    id: 'allowed-networks',
    asset: 'the network inside',
    threat: 'the setting for vendors inside opens loopback, the metadata, or more than somebody meant',
    stoppedBy: 'only parts of private networks can be opened, each to one vendor; to the variable the same applies',
    tests: [
      { file: NETWORKS, title: 'is not called, whatever was allowed' },
      { file: NETWORKS, title: 'is none that can be opened: ' },
      { file: RUNTIME, title: 'calls vendors on the internet alone: a name of this computer is refused' },
      { file: 'test/lib/vending-stack.test.ts', title: 'opens a private network to the functions of the vendor' },
    ],
    removal: {
      file: 'functions/kit/networks.ts',
      was: '(isPrivate(address) && !isAwsLocal(address) && isAllowed(address))',
      becomes: '((isPrivate(address) || !isAwsLocal(address)) && isAllowed(address))',
    },
  },
  {
    id: 'no-redirects',
    asset: 'vendor credentials',
    threat: 'a vendor’s answer sends our secrets on to another place',
    stoppedBy: 'no redirect is followed: its status is a failure',
    tests: [
      { file: ENDPOINT, title: 'posts a form and asks for JSON' },
      { file: ENDPOINT, title: 'does not follow a redirect' },
      { file: VENDOR, title: 'sends its secrets to its own hosts alone, and never after a redirect' },
      { file: EGRESS, title: 'of 301 is not followed, whatever was asked for' },
    ],
    removal: { file: 'functions/oauth/whole-answer.ts', was: "redirect: 'manual', ", becomes: '' },
  },
  {
    id: 'tls-verified',
    asset: 'vendor credentials',
    threat: 'somebody on the way answers in the place of a vendor, with a certificate of their own',
    stoppedBy: 'nothing is sent before the certificate is verified: its authority, its host and its days',
    tests: [{ file: EGRESS, title: 'is sent nothing: ' }],
    removal: {
      file: 'functions/aws/egress.ts',
      was: 'rejectUnauthorized: true',
      becomes: 'rejectUnauthorized: ca === ""',
    },
  },
  {
    id: 'tls-not-switched-off',
    asset: 'vendor credentials',
    threat: 'a variable in a function’s environment has no certificate verified any more',
    stoppedBy: 'calls of vendors do not hang on NODE_TLS_REJECT_UNAUTHORIZED, and a function does not start with it',
    tests: [
      { file: EGRESS, title: 'is sent nothing, though the environment says that nobody is checked' },
      { file: RUNTIME, title: 'refuses to run with certificates unchecked' },
    ],
    removal: { file: 'functions/aws/egress.ts', was: '    rejectUnauthorized: true,\n', becomes: '' },
  },
  {
    id: 'safe-environment',
    asset: 'vendor credentials',
    threat: 'a variable writes what is sent into the log, sends it through a proxy, or trusts another authority',
    stoppedBy: 'inside Lambda a function does not start with any of them',
    tests: [{ file: RUNTIME, title: 'does not start inside Lambda with ' }],
    removal: {
      file: 'functions/lambda/runtime.ts',
      was: 'if (inLambda && unsafe) throw',
      becomes: "if (inLambda && unsafe === '') throw",
    },
  },
  {
    id: 'simulators-on-laptops-only',
    asset: 'vendor credentials',
    threat: 'a deployed function is turned to simulated vendors, and sends them real secrets',
    stoppedBy: 'no setting makes the variable, and inside Lambda a function does not start with it',
    tests: [
      { file: RUNTIME, title: 'refuses simulated vendors inside Lambda and takes them outside' },
      { file: 'test/lib/vending-stack.test.ts', title: 'has no switch to simulated vendors or other endpoints' },
      { file: 'test/lib/vendor-code.test.ts', title: 'does not start with simulated vendors inside Lambda' },
    ],
    removal: {
      file: 'functions/lambda/runtime.ts',
      was: 'if (inLambda && environment[ENV.simulatorUrl])',
      becomes: "if (inLambda && environment[ENV.simulatorUrl] === '')",
    },
  },
  {
    id: 'bounded-answers',
    asset: 'the machine’s availability',
    threat: 'a vendor’s answer does not end, and takes all memory',
    stoppedBy: 'of an answer no more than 1 MiB is read, and its connection is closed then',
    tests: [
      { file: ENDPOINT, title: 'refuses one byte more' },
      { file: ENDPOINT, title: 'stops reading a body that does not end' },
      { file: EGRESS, title: 'that does not end is left after 1 MiB, and its connection with it' },
    ],
    removal: {
      file: 'functions/oauth/whole-answer.ts',
      was: 'const LONGEST = 2 ** 20',
      becomes: 'const LONGEST = 2 ** 24',
    },
  },
  {
    id: 'nothing-unpacked',
    asset: 'the machine’s availability',
    threat: 'a vendor’s answer of some kilobytes unpacks to gigabytes',
    stoppedBy: 'no compression is asked for, and none is undone',
    tests: [{ file: EGRESS, title: 'asks for no compression, and what is compressed all the same is not undone' }],
    removal: {
      file: 'functions/aws/egress.ts',
      was: "'accept-encoding': 'identity'",
      becomes: "'accept-encoding': 'gzip'",
    },
  },
  {
    id: 'vendor-deadline',
    asset: 'the machine’s availability',
    threat: 'a vendor holds its connections open, and with them every function there is',
    stoppedBy: 'look-up, request and answer end with one deadline, and their connection with them',
    tests: [
      { file: EGRESS, title: 'that passes before the headers ends the call and its connection' },
      { file: EGRESS, title: 'that passes within the look-up ends the call' },
      { file: ENDPOINT, title: 'is given up when the time is up ' },
    ],
    removal: {
      file: 'functions/aws/egress.ts',
      was: ', signal: init?.signal ?? asked.signal }',
      becomes: ' }',
    },
  },
  {
    id: 'no-echo',
    asset: 'access tokens',
    threat: 'an answer that repeats our secrets, or a token, gets into logs, notices and answers by way of an error',
    stoppedBy: 'of an answer only status, known content types, length and known error codes are said',
    tests: [
      { file: ANSWER, title: 'repeats nothing of what the vendor wrote' },
      { file: VENDOR, title: 'fails with ' },
      { file: FUZZ, title: 'it comes to a token that was in the answer or to a failure of the table' },
    ],
    removal: {
      file: 'functions/oauth/token-answer.ts',
      was: "typeof error === 'string' && Object.hasOwn(codes, error) ? error",
      becomes: "typeof error === 'string' ? error",
    },
  },
  {
    id: 'own-members',
    asset: 'access tokens',
    threat: 'names like __proto__ and constructor in an answer are taken for members, or change every object there is',
    stoppedBy: 'only an answer’s own members are read, and nothing is ever copied from it by name',
    tests: [
      { file: ANSWER, title: 'comes with no error where the vendor calls that ' },
      { file: ANSWER, title: 'is not taken from a prototype, and leaves every prototype as it was' },
    ],
    removal: {
      file: 'functions/oauth/token-answer.ts',
      was: 'Object.getOwnPropertyDescriptor(body, name)?.value ?? undefined',
      becomes: 'Reflect.get(body, name) ?? undefined',
    },
  },
  {
    id: 'only-tokens',
    asset: 'access tokens',
    threat: 'nonsense in an answer is stored and vended as a token, with line breaks that split a header',
    stoppedBy: 'a token is at most 16 KiB of visible ASCII, or the answer is malformed and nothing is stored',
    tests: [
      { file: ANSWER, title: 'is no token: ' },
      { file: FUZZ, title: 'it comes to a token that was in the answer or to a failure of the table' },
    ],
    removal: { file: 'functions/oauth/token-answer.ts', was: '!/^[!-~]+$/.test(value)', becomes: "value === ''" },
  },
]
