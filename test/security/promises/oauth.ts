import type { SecurityPromise } from '../promise.ts'

const ANSWER = 'test/oauth/token-answer.test.ts'
const KEY = 'test/oauth/signing-key.test.ts'
const METADATA = 'test/oauth/metadata.test.ts'

/** Of the standards that every vendor is written with: who we take for whom, and what leaves for a vendor. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'metadata-issuer',
    asset: 'vendor credentials',
    threat: 'metadata of another issuer have our secrets and codes sent to its endpoints',
    stoppedBy: 'metadata that do not repeat the issuer letter by letter are not used (RFC 8414 section 3.3)',
    tests: [{ file: METADATA, title: 'are of another issuer: ' }],
    removal: {
      file: 'functions/oauth/metadata-request.ts',
      was: 'stated === issuer',
      becomes: 'typeof stated === typeof issuer',
    },
  },
  {
    id: 'metadata-hosts',
    asset: 'vendor credentials',
    threat: 'an issuer’s metadata name an endpoint at a host that nobody has allowed',
    stoppedBy: 'every endpoint of metadata passes the list of hosts, at each use',
    tests: [
      { file: METADATA, title: 'have their ' },
      { file: METADATA, title: 'is held against the hosts of each call, also what was read before' },
      { file: 'test/security/metadata.fuzz.test.ts', title: 'whatever an issuer answers, no endpoint is anywhere but' },
    ],
    removal: {
      file: 'functions/oauth/metadata.ts',
      was: 'vendorUrl(endpoint, context.hosts)',
      becomes: 'vendorUrl(endpoint, [new URL(endpoint).hostname])',
    },
  },
  {
    id: 'bearer-only',
    asset: 'access tokens',
    threat: 'a token that is bound to a key is handed on as if having it were enough',
    stoppedBy: 'a token that its type or its own claims bind to a key or a certificate is refused',
    tests: [
      { file: ANSWER, title: 'is refused in plain words where its type is ' },
      { file: ANSWER, title: 'is refused where the token itself says that it is bound: ' },
    ],
    removal: {
      file: 'functions/oauth/bearer-token.ts',
      was: "named === 'dpop' || confirmation === 'key'",
      becomes: "named === ''",
    },
  },
  {
    id: 'form-answers',
    asset: 'access tokens',
    threat: 'a page or a document of another kind is read as an answer with a token',
    stoppedBy: 'an answer is a form only by its content type and its grammar, with no member twice',
    tests: [
      { file: ANSWER, title: 'is no form of type ' },
      { file: ANSWER, title: 'is no form that gives a token: ' },
    ],
    removal: {
      file: 'functions/oauth/form-answer.ts',
      was: 'TYPES.includes(contentType)',
      becomes: "(TYPES.length > 0 || contentType === '')",
    },
  },
  {
    id: 'signing-key-unechoed',
    asset: 'vendor credentials',
    threat: 'a private key that cannot be read is quoted by what refuses it',
    stoppedBy: 'a key is refused in words of our own; no error of the cryptography is passed on',
    tests: [{ file: KEY, title: 'is a JWK that is none: it is refused in words that hold none of it' }],
    removal: {
      file: 'functions/oauth/signing-key.ts',
      was: '  } catch {\n    return BROKEN',
      becomes: '  } catch (error) {\n    return String(error)',
    },
  },
  {
    id: 'signing-key-strength',
    asset: 'vendor credentials',
    threat: 'a key that can be factored signs for a connection',
    stoppedBy: 'an RSA key of fewer than 2048 bits is refused before it is used',
    tests: [{ file: KEY, title: 'is a key of 1024 bits: ' }],
    removal: {
      file: 'functions/oauth/signing-key.ts',
      was: '(details?.modulusLength ?? 0) < 2048',
      becomes: '(details?.modulusLength ?? 0) < 512',
    },
  },
  {
    id: 'client-proof-fixed',
    asset: 'vendor credentials',
    threat: 'settings of an endpoint put another client in the place of the one whose credentials these are',
    stoppedBy: 'what proves the client goes before any other parameter of its name',
    tests: [{ file: 'test/oauth/grants.test.ts', title: 'never goes in the place of who we are' }],
    removal: {
      file: 'functions/oauth/token-endpoint.ts',
      was: '...always, ...proof }',
      becomes: '...always }',
    },
  },
  {
    id: 'consent-page-fixed',
    asset: 'authorization codes',
    threat: 'further parameters of a consent page change where its code goes, or ask for a token in the URL',
    stoppedBy: 'response type, client, redirect URI, state and challenge are ours whatever else is sent',
    tests: [{ file: 'test/oauth/authorization.test.ts', title: 'is never another ' }],
    removal: {
      file: 'functions/oauth/authorization.ts',
      was: '...parameters, ...fixed }',
      becomes: '...fixed, ...parameters }',
    },
  },
]
