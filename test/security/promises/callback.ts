// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { SecurityPromise } from '../promise.ts'

const CALLBACKS = 'test/security/callbacks.test.ts'
const FUNCTION = 'test/lambda/callback.test.ts'
const TEMPLATE = 'test/lib/hosted-callback.test.ts'
const CONSENT = 'test/consent/consent.test.ts'
const CONSENTS = 'functions/aws/dynamo-consents.ts'
const HANDLER = 'functions/lambda/callback.ts'

/** The consent of a person, from its beginning to the exchange of its code (RFC 6749 section 4.1, RFC 9700). */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'consent-sealed',
    asset: 'whose account a connection is',
    threat: 'who has taken over the public function writes a consent of their own, and connects their account',
    stoppedBy:
      'a consent is sealed for its connection and its state by the function that began it, and the public function has no key; ' +
      'in a consent that is under way it can still put a code of its own, once, and it sees the codes that come back',
    tests: [
      { file: CALLBACKS, title: 'who has taken over the public function gets no code exchanged' },
      { file: CALLBACKS, title: 'who has taken over the public function can put a code of its own into' },
      { file: CALLBACKS, title: 'who may write the whole table but has no key forges no consent' },
      { file: 'test/aws/envelope.test.ts', title: 'a sealed consent opens for its own state alone' },
    ],
    removal: {
      file: 'functions/aws/jwe-envelope.ts',
      was: "'id' in which ? which.id",
      becomes: "'id' in which ? ''",
    },
  },
  {
    id: 'consent-ends-once',
    asset: 'whose account a connection is',
    threat: 'who has taken over the public function has a consent of yesterday exchanged again, with another code',
    stoppedBy: 'which consents are open stands where the public function may not write, and ending one strikes it out',
    tests: [
      {
        file: CALLBACKS,
        title: 'who has taken over the public function gets no code exchanged for one that has ended',
      },
    ],
    removal: {
      file: CONSENTS,
      was: 'const condition = `${place} = :hash OR ${place} = :ended`',
      becomes: "const condition = 'attribute_exists(pk)'",
    },
  },
  {
    id: 'callback-role',
    asset: 'tokens and states in the table',
    threat: 'who has taken over the public function reads tokens, or writes what others go by',
    stoppedBy:
      'its role may update the consents under way of vendors that want consent, by their keys, and call the exchange: nothing else',
    tests: [
      { file: CALLBACKS, title: 'who has taken over the public function writes consents under way and nothing else' },
      { file: TEMPLATE, title: 'the bundle of the callback holds no code that reads tokens, secrets or keys' },
    ],
    removal: {
      file: 'lib/token-table.ts',
      was: 'conditions: leadingKeys(`${vendorId}#FLOW`)',
      becomes: 'conditions: leadingKeys(`${vendorId}#*`)',
    },
  },
  {
    id: 'exchange-answers-no-token',
    asset: 'access tokens',
    threat: 'who has taken over the public function has the exchange hand it the token',
    stoppedBy: 'the exchange answers one word',
    tests: [{ file: FUNCTION, title: 'the exchange answers no token, and writes neither token nor code' }],
    removal: {
      file: 'functions/lambda/exchange.ts',
      was: "    return { outcome: 'connected' }",
      becomes: '    return { outcome: token.accessToken.value.reveal() }',
    },
  },
  {
    id: 'callback-state',
    asset: 'whose account a connection is',
    threat: 'a page elsewhere sends a browser to the callback with a code of its own (RFC 9700 section 4.7)',
    stoppedBy: 'the state is tied to the browser that began, by a cookie; who comes with another uses nothing up',
    tests: [
      { file: CALLBACKS, title: 'an odd call with' },
      { file: FUNCTION, title: 'a hosted consent over DynamoDB is not burnt by another browser' },
    ],
    removal: {
      file: CONSENTS,
      was: "'#bind = :bind AND #until > :now",
      becomes: "'attribute_exists(#bind) AND #until > :now",
    },
  },
  {
    id: 'callback-once',
    asset: 'whose account a connection is',
    threat: 'an answer of the vendor is sent again by who has seen it',
    stoppedBy: 'a state is taken by one conditional write, once, whatever comes of it',
    tests: [
      { file: CALLBACKS, title: 'a consent that is over, with a hundred equal requests at once, is exchanged once' },
      { file: CALLBACKS, title: 'a consent that is over, with a used state' },
    ],
    removal: { file: CONSENTS, was: ' AND attribute_not_exists(taken)', becomes: '' },
  },
  {
    id: 'callback-ten-minutes',
    asset: 'whose account a connection is',
    threat: 'a link that somebody left lying about is opened later',
    stoppedBy: 'a consent is over after ten minutes, at each of its steps',
    tests: [
      { file: CALLBACKS, title: 'a consent that is over, with its ten minutes gone by, is refused at either step' },
    ],
    removal: { file: CONSENTS, was: '#bind = :bind AND #until > :now AND', becomes: '#bind = :bind AND' },
  },
  {
    id: 'callback-prefetch',
    asset: 'ability to connect',
    threat: 'a browser or a mail scanner that fetches pages ahead uses up the link',
    stoppedBy: 'a call that says it is a prefetch is refused before anything is used',
    tests: [
      { file: CALLBACKS, title: 'an odd call with a prefetch is refused' },
      { file: CALLBACKS, title: 'an odd call with a prefetch leaves the ticket unused' },
    ],
    removal: { file: HANDLER, was: "['sec-purpose', 'purpose', 'x-moz']", becomes: "['x-moz']" },
  },
  {
    id: 'callback-mix-up',
    asset: 'authorization codes',
    threat: 'a code of one vendor is sent to another, who keeps it (RFC 9700 section 4.4)',
    stoppedBy:
      'each vendor has a redirect URI and consents of its own, and who says in `iss` that they sent the person back has to be the issuer that is sealed with the consent; a vendor that is known to say it has to (RFC 9207)',
    tests: [
      { file: CALLBACKS, title: 'a consent of a vendor that says' },
      { file: CALLBACKS, title: 'an odd call with the state of another vendor' },
      { file: CONSENT, title: 'a consent of a vendor that says who it is (RFC 9207) and that comes back from' },
      { file: 'test/lib/cli/consent.test.ts', title: 'consent in the browser hands on who says' },
    ],
    removal: {
      file: 'functions/consent/consent.ts',
      was: 'if (issuer !== undefined) return iss === issuer',
      becomes: 'if (issuer !== undefined && iss === issuer) return true',
    },
  },
  {
    id: 'consent-pinned',
    asset: 'authorization codes',
    threat:
      'credentials are changed between the beginning and the end of a consent, and the code goes to another server',
    stoppedBy:
      'page and token endpoint are sealed with the consent, and have to be those of the credentials at its end',
    tests: [
      { file: CALLBACKS, title: 'a consent that is over, with its token endpoint changed' },
      { file: CONSENT, title: 'a consent whose credentials have come to lead to another' },
    ],
    removal: {
      file: 'functions/consent/consent.ts',
      was: "(['authorizationUrl', 'tokenEndpoint', 'issuer'] as const)",
      becomes: "(['authorizationUrl', 'issuer'] as const)",
    },
  },
  {
    id: 'consent-pkce',
    asset: 'authorization codes',
    threat: 'who has seen a code, or reads the table, exchanges it, or slips in the code of another request (RFC 7636)',
    stoppedBy:
      'where the vendor has PKCE the code verifier is sealed with the consent, and its challenge is part of the page that the consent is pinned to; without it no code is sent',
    tests: [
      { file: 'test/aws/dynamo-consents.test.ts', title: 'a consent in the table shows its code verifier in no form' },
      { file: CONSENT, title: 'a consent of a vendor with PKCE sends the challenge ahead' },
      { file: CONSENT, title: 'a consent of a vendor with PKCE whose record' },
    ],
    removal: {
      file: CONSENTS,
      was: "const sealed = await seal(recordOf(consent), { key, use: 'consent', id: stateHash })",
      becomes:
        "const sealed = `${await seal(recordOf(consent), { key, use: 'consent', id: stateHash })}${consent.codeVerifier?.reveal()}`",
    },
  },
  {
    id: 'consent-ends-with-revoke',
    asset: 'ability to shut a connection off',
    threat: 'a consent that was begun before a revoke or a disable connects the account again',
    stoppedBy: 'a consent holds the epoch of its beginning, and ends nowhere else and on no disabled connection',
    tests: [
      { file: CALLBACKS, title: 'a consent that is over, with its epoch moved' },
      { file: CALLBACKS, title: 'a consent that is over, with its connection disabled' },
      { file: CONSENT, title: 'a consent that was begun before a revoke leads to no exchange' },
    ],
    removal: {
      file: 'functions/consent/consent.ts',
      was: 'if (state.epoch !== consent.epoch)',
      becomes: 'if (Number.isNaN(consent.epoch))',
    },
  },
  {
    id: 'consent-three-open',
    asset: 'whose account a connection is',
    threat: 'links pile up, each of which connects an account',
    stoppedBy: 'three consents of a connection are open at most, the newest ones',
    tests: [
      { file: CONSENT, title: 'a consent is one of three: the oldest is over when a fourth is begun' },
      {
        file: 'test/aws/dynamo-consents.test.ts',
        title: 'DynamoDB as a store of consents keeps three of a connection open',
      },
    ],
    removal: {
      file: 'functions/consent/store.ts',
      was: 'export const MOST_OPEN = 3',
      becomes: 'export const MOST_OPEN = 4',
    },
  },
  {
    id: 'consent-exact-redirect',
    asset: 'authorization codes',
    threat: 'a consent is begun that comes back to somebody else',
    stoppedBy:
      'a redirect URI is the literal of the hosted callback or an address on the own machine, and is sent again as it was',
    tests: [
      { file: FUNCTION, title: 'beginning through the API is refused when the credentials send people elsewhere' },
      { file: FUNCTION, title: 'a hosted consent over DynamoDB connects the connection' },
      { file: CONSENT, title: 'a consent is not begun towards https://evil.example/callback' },
    ],
    removal: {
      file: 'functions/consent/consent.ts',
      was: 'if (consent.redirectUri !== redirectUri) {',
      becomes: 'if (!consent.redirectUri) {',
    },
  },
  {
    id: 'callback-no-open-redirect',
    asset: 'trust in our address',
    threat: 'a link to our address sends people on to a page of somebody else',
    stoppedBy: 'the page of the vendor comes from the credentials and the last page is ours; no parameter names either',
    tests: [{ file: CALLBACKS, title: 'what else is sent as' }],
    removal: {
      file: HANDLER,
      was: 'return seeOther(`${consent.authorizationUrl}&',
      becomes: "return seeOther(`${only(event, 'next') ?? consent.authorizationUrl}&",
    },
  },
  {
    id: 'callback-303',
    asset: 'what a browser sends',
    threat: 'a browser repeats a body at the place it is sent to (RFC 9700 section 4.12)',
    stoppedBy: 'every redirect is a 303',
    tests: [
      { file: CALLBACKS, title: 'an odd call with' },
      { file: FUNCTION, title: 'a hosted consent over DynamoDB connects the connection' },
    ],
    removal: { file: HANDLER, was: 'statusCode: 303', becomes: 'statusCode: 307' },
  },
  {
    id: 'callback-no-referrer',
    asset: 'state and authorization codes',
    threat: 'state or code leave by a Referer header, a frame, a cache or the history (RFC 9700 section 4.2)',
    stoppedBy: 'each answer forbids all of it, loads nothing, and sends the browser on to an address without either',
    tests: [
      { file: FUNCTION, title: 'every answer has the headers of the design, and the page is one of two' },
      {
        file: TEMPLATE,
        title: 'the hosted callback has the headers of the function in what the gateway answers itself',
      },
    ],
    removal: {
      file: 'functions/lambda/callback-page.ts',
      was: "'referrer-policy': 'no-referrer'",
      becomes: "'referrer-policy': 'unsafe-url'",
    },
  },
  {
    id: 'callback-https',
    asset: 'state and authorization codes',
    threat: 'who listens on the way reads the code',
    stoppedBy: "the callback is at AWS's own name, which speaks https alone, and tells browsers to insist on it",
    tests: [
      { file: FUNCTION, title: 'every answer has the headers of the design, and the page is one of two' },
      { file: TEMPLATE, title: 'the hosted callback is reached by https at the name that AWS gives it' },
    ],
    removal: {
      file: 'functions/lambda/callback-page.ts',
      was: "'strict-transport-security': 'max-age=31536000'",
      becomes: "'strict-transport-security': 'max-age=0'",
    },
  },
  {
    id: 'callback-access-log',
    asset: 'state and authorization codes',
    threat: 'who may read the access log reads codes',
    stoppedBy: 'the access log has the resource and no query, and there is no execution log',
    tests: [
      { file: TEMPLATE, title: 'the hosted callback has a stage of its own, throttled, whose log holds no query' },
    ],
    removal: { file: 'lib/hosted-callback.ts', was: '$context.resourcePath', becomes: '$context.path' },
  },
  {
    id: 'callback-log',
    asset: 'state and authorization codes',
    threat: 'who may read the log of the function reads codes, or strangers write what they like into it',
    stoppedBy: 'a line of the log is a support id, a word of ours, and the name of a connection that there is',
    tests: [
      { file: CALLBACKS, title: 'an odd call with' },
      { file: FUNCTION, title: 'the exchange answers no token, and writes neither token nor code' },
    ],
    removal: { file: HANDLER, was: "return 'code_malformed'", becomes: 'return `code_malformed ${state}`' },
  },
  {
    id: 'callback-support-id',
    asset: 'ability to find out what happened',
    threat: 'somebody is sent away, and nobody can say why',
    stoppedBy:
      'the last page shows a random id, which stands in the log beside the reason; strangers are told no more than that',
    tests: [
      { file: FUNCTION, title: 'every answer to who is sent away has an id' },
      { file: FUNCTION, title: 'a consent that came back ends like a denied one when' },
    ],
    removal: {
      file: HANDLER,
      was: "world.record({ op: 'callback', support_id, ...ended })",
      becomes: "world.record({ op: 'callback', support_id, ...ended, outcome: 'refused' })",
    },
  },
  {
    id: 'callback-junk',
    asset: 'ability to connect',
    threat: 'a flood of calls runs up the bill of the table and the keys',
    stoppedBy:
      'what has the wrong shape is refused before anything is asked; a well-shaped guess costs one conditional write that fails',
    tests: [{ file: CALLBACKS, title: 'ten thousand calls that are junk reach neither the table nor a key' }],
    removal: {
      file: HANDLER,
      was: "if (!state || !RANDOM.test(state)) return 'state_malformed'",
      becomes: "if (!state) return 'state_malformed'",
    },
  },
  {
    id: 'callback-throttled',
    asset: 'ability to vend',
    threat: 'a flood from the internet takes the concurrency that vending needs',
    stoppedBy: 'the stage takes five calls a second, and the function runs twice at once at most',
    tests: [
      { file: TEMPLATE, title: 'the hosted callback has a stage of its own, throttled' },
      {
        file: TEMPLATE,
        title: 'the hosted callback has two names in its environment, and few copies of it run at once',
      },
    ],
    removal: { file: 'lib/hosted-callback.ts', was: 'throttlingRateLimit: 5,', becomes: 'throttlingRateLimit: 5000,' },
  },
  {
    id: 'web-acl',
    asset: 'ability to connect and to vend',
    threat: 'one address guesses states or floods a stage',
    stoppedBy: "a web ACL of the deployer's stands before the stage that the setting `webAcl` names",
    tests: [{ file: TEMPLATE, title: 'a web ACL stands before the stage it was named for, and before no other' }],
    removal: {
      file: 'lib/web-acl.ts',
      was: 'resourceArn: stage.stageArn',
      becomes: "resourceArn: stage.stageArn.concat('-other')",
    },
  },
]
