import type { SecurityPromise } from '../promise.ts'

const PATHS = 'test/security/paths.test.ts'
const BODIES = 'test/security/bodies.test.ts'
const IDENTITIES = 'test/security/identities.test.ts'
const APP = 'test/api/app.test.ts'
const ROUTES = 'test/api/routes.test.ts'
const EVENT = 'functions/lambda/gateway-event.ts'

/** The API: who may ask it for what, and what it refuses before it asks anybody. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'exact-path',
    asset: 'access tokens',
    threat: 'a caller whom a policy keeps from one connection asks for it in another spelling: %68%71 for hq',
    stoppedBy: 'the path that IAM has judged has to end with the route and the connection, letter by letter',
    tests: [
      { file: PATHS, title: 'with hq encoded for a connection' },
      { file: PATHS, title: 'with its connection encoded is not the path of' },
      { file: PATHS, title: 'with a letter of its vendor encoded is not the path of' },
      { file: PATHS, title: 'is taken as it is, also behind the base path of a custom domain' },
    ],
    removal: {
      file: EVENT,
      was: 'spells(path, resource, connection) ? ',
      becomes: 'spells(path, resource, connection) || connection ? ',
    },
  },
  {
    id: 'names-only',
    asset: 'access tokens',
    threat: 'what a path has in the place of a connection becomes the name of a secret or the key of a row of another',
    stoppedBy:
      'a connection is named with a-z, 0-9 and hyphens, at most 63 of them, and nothing is asked for any other',
    tests: [
      { file: PATHS, title: 'with upper case for a connection' },
      { file: PATHS, title: 'with the key of a row for a connection' },
      { file: PATHS, title: 'with a wildcard for a connection' },
      { file: APP, title: 'for the connection' },
    ],
    removal: {
      file: 'functions/api/app.ts',
      was: 'ofVendor(operation) : NAME.test(connection)',
      becomes: 'ofVendor(operation) : NAME.test(connection) || connection.length > 0',
    },
  },
  {
    id: 'verified-caller',
    asset: 'the record of who got which token',
    threat: 'a caller names somebody else in a header, a query or a body',
    stoppedBy: 'the caller is the ARN that the gateway has verified, and where it names none there is no answer',
    tests: [
      { file: IDENTITIES, title: 'is nobody where the identity' },
      { file: IDENTITIES, title: 'is recorded as it is' },
      { file: IDENTITIES, title: 'is not whom a body names' },
    ],
    removal: {
      file: EVENT,
      was: "text(member(context, 'identity'), 'userArn')",
      becomes: "text(member(event, 'headers'), 'x-caller') || text(member(context, 'identity'), 'userArn')",
    },
  },
  {
    id: 'gateway-events-only',
    asset: 'access tokens',
    threat: 'an event that no gateway has made, or one of another vendor, is answered as a call',
    stoppedBy: 'a call has a verified caller, and a method, a resource and a path of a route of this vendor',
    tests: [
      { file: IDENTITIES, title: 'is not asked of what is no call' },
      { file: ROUTES, title: 'is found by its method and resource, of its own vendor alone' },
    ],
    removal: { file: EVENT, was: '!requestId || ', becomes: '' },
  },
  {
    id: 'one-command-one-permission',
    asset: 'whether connections work',
    threat: 'who may acknowledge a reminder disables the connection with the same permission',
    stoppedBy: 'each command has a method and a path of its own, which a policy can allow without the others',
    tests: [
      { file: ROUTES, title: 'is allowed by a policy on its operation of all connections' },
      { file: APP, title: 'acknowledge refuses' },
    ],
    removal: {
      file: 'functions/api/routes.ts',
      was: "'/connections/{vendor}/{connection}/status'",
      becomes: "'/connections/{vendor}/{connection}/owner'",
    },
  },
  {
    id: 'strict-bodies',
    asset: 'what the table says of connections',
    threat: 'a body or a query that means more than was asked changes it, or one of 10 MB ends the process',
    stoppedBy: 'a body has the members of its operation and no other, of bounded length, and is not said back',
    tests: [
      { file: BODIES, title: 'of refresh that is' },
      { file: BODIES, title: 'of setStatus that is nearly one is refused' },
      { file: BODIES, title: 'is not what vend takes from its query' },
    ],
    removal: {
      file: 'functions/api/bodies.ts',
      was: "z.strictObject({ status: z.enum(['active', 'disabled']) })",
      becomes: "z.object({ status: z.enum(['active', 'disabled']) })",
    },
  },
  {
    id: 'strict-http',
    asset: 'access tokens on a laptop',
    threat: 'a program on the laptop without its keys asks the gateway, or changes what another has signed',
    stoppedBy: 'the gateway on a laptop verifies the signature over method, path, query, headers and body',
    tests: [
      { file: BODIES, title: 'a call without a signature' },
      { file: BODIES, title: 'a call with another method than signed' },
      { file: BODIES, title: 'a call with a body that is not signed' },
    ],
    removal: {
      file: 'lib/local/sigv4.ts',
      was: "if (!sameText(hmac(key, toSign).toString('hex'), signature))",
      becomes: "if (sameText(hmac(key, toSign).toString('hex'), ''))",
    },
  },
  {
    id: 'no-store',
    asset: 'access tokens',
    threat: 'a proxy or a browser on the way keeps an answer with a token',
    stoppedBy: 'no answer may be stored by anybody (RFC 6749 section 5.1), refusals included',
    tests: [
      { file: APP, title: 'has the names of RFC 6749, the end in UTC' },
      { file: APP, title: 'of any code may be stored by nobody' },
    ],
    removal: { file: 'functions/api/problem.ts', was: "'cache-control': 'no-store', ", becomes: '' },
  },
]
