// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { SecurityPromise } from '../promise.ts'

const VEND = 'test/core/vend.test.ts'
const GRANT = 'test/core/grant.test.ts'
const TOKENS = 'test/aws/dynamo-tokens.test.ts'
const ENVELOPE = 'test/aws/envelope.test.ts'
const MEMORY_TOKEN = 'test/core/memory-token.test.ts'
const REVOKE = 'test/api/revoke.test.ts'
const STATIC = 'test/core/static-token.test.ts'
const CREDENTIALS = 'test/aws/credentials.test.ts'
const SECRETS = 'test/security/secrets.test.ts'
const EVENTS = 'test/security/events.test.ts'
const FUZZ = 'test/security/gateway-events.fuzz.test.ts'

const ACQUIRE = 'condition: `${unseen}(fence = :fence AND ${OPEN})`'

/** Of storage, engine and secrets: what is written down, who is given what, and what a vendor is spared. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'sealed-at-rest',
    asset: 'tokens at rest',
    threat: 'who reads the table, an export or a backup of it has every token in it',
    stoppedBy: 'each token is sealed under a data key of a second KMS key before it is written',
    tests: [{ file: TOKENS, title: 'is sealed: neither token is in any item' }],
    removal: {
      file: 'functions/aws/dynamo-tokens.ts',
      was: "':sealed': S(await seal(value, { key, use: 'access', epoch, fence }))",
      becomes: "':sealed': S((await seal(value, { key, use: 'access', epoch, fence })) && value.reveal())",
    },
  },
  {
    id: 'sealed-to-its-row',
    asset: 'tokens at rest',
    threat: 'who writes the table copies the token of one connection into the row of another, or an old one back',
    stoppedBy: 'a sealed token names its connection, epoch and fence, and opens under no other',
    tests: [
      { file: TOKENS, title: 'does not open in another row, and says so' },
      { file: TOKENS, title: 'does not open with' },
    ],
    removal: {
      file: 'functions/aws/jwe-envelope.ts',
      was: 'ctx !== textOf(binding) || typeof edk',
      becomes: 'typeof edk',
    },
  },
  {
    id: 'sealed-to-its-use',
    asset: 'tokens at rest',
    threat: 'a refresh token is put in the place of an access token, and vended',
    stoppedBy: 'a sealed token names what it is for, and opens as nothing else',
    tests: [{ file: TOKENS, title: 'does not open as an access token when it is the refresh token' }],
    removal: {
      file: 'functions/aws/jwe-envelope.ts',
      was: '`vendomat1|${key}|${use}|',
      becomes: '`vendomat1|${key}|',
    },
  },
  {
    id: 'sealed-whole',
    asset: 'tokens at rest',
    threat: 'parts of sealed tokens are cut, changed or put together anew until one opens',
    stoppedBy: 'a sealed token is authenticated with its header, and has its five parts and no other',
    tests: [{ file: ENVELOPE, title: 'is opened by nobody when a part of it was changed, cut or added' }],
    removal: {
      file: 'functions/aws/jwe-envelope.ts',
      was: "if (none !== '' || !iv || !text || !tag || more.length > 0) return undefined",
      becomes: "if (none === 'none' || !iv || !text || !tag) return undefined",
    },
  },
  {
    id: 'data-key-of-the-connection',
    asset: 'tokens at rest',
    threat: 'the function of one vendor opens the tokens of another',
    stoppedBy: 'data keys are made and opened under an encryption context that names vendor and connection',
    tests: [
      { file: ENVELOPE, title: 'has its key made and opened under the machine, the vendor and the connection' },
      { file: ENVELOPE, title: 'of one connection seals for no other' },
    ],
    removal: {
      file: 'functions/aws/jwe-envelope.ts',
      was: "{ app: 'vendomat', vendor, connection }",
      becomes: "{ app: 'vendomat', connection }",
    },
  },
  {
    id: 'vector-once',
    asset: 'tokens at rest',
    threat: 'two tokens sealed with one initialization vector give away the key stream of both',
    stoppedBy: 'each sealing draws a vector of its own',
    tests: [{ file: ENVELOPE, title: 'differs each time: no initialization vector is used twice' }],
    removal: { file: 'functions/aws/jwe-envelope.ts', was: 'randomBytes(IV_BYTES)', becomes: 'Buffer.alloc(IV_BYTES)' },
  },
  {
    id: 'data-key-an-hour',
    asset: 'tokens at rest',
    threat: 'a process goes on opening tokens long after the right to the key was taken away',
    stoppedBy: 'a data key is kept in memory for an hour at most',
    tests: [{ file: ENVELOPE, title: 'is kept by who sealed with it, for the next token of the connection' }],
    removal: {
      file: 'functions/aws/jwe-envelope.ts',
      was: 'now().getTime() - key.heldSince < HELD.maxAgeMs',
      becomes: 'key',
    },
  },
  {
    id: 'memory-only',
    asset: 'tokens at rest',
    threat: 'a token that its vendor forbids to store is written down',
    stoppedBy: 'a token is cached only under a lease, and a vendor whose policy says memory is given none',
    tests: [
      { file: MEMORY_TOKEN, title: 'is never handed to a port, by any method' },
      { file: MEMORY_TOKEN, title: 'does not fit into a store: the compiler refuses it' },
      { file: TOKENS, title: 'of a vendor whose tokens are never stored names no attribute that could hold one' },
    ],
    removal: {
      file: 'functions/core/lease.ts',
      was: "return vendor.tokens.storage === 'table' && !vendor.isStatic?.(document) ? vendor.tokens : undefined",
      becomes: 'return vendor.isStatic?.(document) ? undefined : (vendor.tokens as TablePolicy)',
    },
  },
  {
    id: 'memory-bounded',
    asset: 'vendor accounts',
    threat: 'processes that come and go obtain tokens kept in memory without end',
    stoppedBy: 'what a connection obtains is counted for all processes: people hear of 30 in an hour, and 120 end it',
    tests: [
      { file: MEMORY_TOKEN, title: 'is counted: people hear of 30 in an hour, and at 120 it ends until the next' },
    ],
    removal: {
      file: 'functions/core/renew.ts',
      was: 'lease ? 0 : await countObtained(connection, runtime)',
      becomes: 'lease ? 0 : Number(connection.name.length)',
    },
  },
  {
    id: 'revoke-in-5-seconds',
    asset: 'revoked access',
    threat: 'a process goes on vending what was revoked or disabled from its own memory',
    stoppedBy:
      'a copy is believed for 5 seconds after the table was asked, and the process that revokes forgets its own',
    tests: [
      { file: REVOKE, title: 'reaches every process within 5 seconds, and this one at once' },
      { file: VEND, title: 'is served from memory for less than 5 seconds, then the table is read again' },
      { file: VEND, title: 'reaches who has cached a token within 5 seconds after that was recorded' },
    ],
    removal: {
      file: 'functions/core/memory.ts',
      was: 'return age >= 0 && age < seconds',
      becomes: 'return age >= 0',
    },
  },
  {
    id: 'outage-5-minutes',
    asset: 'revoked access',
    threat: 'who keeps a process from the table keeps it vending for ever',
    stoppedBy: 'while the table does not answer a copy is served for 5 minutes after it last did, and no longer',
    tests: [
      { file: VEND, title: 'leaves the copy of this process, as stale, for 5 minutes after it was last read' },
      { file: VEND, title: 'does not have a token served that this process has revoked or seen disabled' },
    ],
    removal: {
      file: 'functions/core/vend.ts',
      was: 'recall(runtime.memory, keyOf(request.connection), now, OUTAGE_SECONDS)',
      becomes: 'recall(runtime.memory, keyOf(request.connection), now, OUTAGE_SECONDS * 1000)',
    },
  },
  {
    id: 'epoch',
    asset: 'revoked access',
    threat: 'a token from before a revoke comes back: a late writer caches it, or somebody puts it back',
    stoppedBy: 'a revoke raises the epoch in one write, and nothing of another epoch is vended',
    tests: [
      { file: VEND, title: 'ends every token of before, also one that a late writer puts back' },
      { file: VEND, title: 'in the middle of a renewal throws away what the vendor gives' },
    ],
    removal: {
      file: 'functions/core/vend.ts',
      was: 'if (token?.epoch !== state.epoch) return undefined',
      becomes: 'if (!token) return undefined',
    },
  },
  {
    id: 'disabled-vends-nothing',
    asset: 'revoked access',
    threat: 'a connection that its owner has disabled is used all the same',
    stoppedBy: 'the state is read before a token is, and a disabled connection has none',
    tests: [{ file: VEND, title: 'is not needed for a disabled connection, which vends nothing at all' }],
    removal: {
      file: 'functions/core/vend.ts',
      was: "if (row.state.status === 'disabled') {",
      becomes: 'if (row.state.status !== row.state.status) {',
    },
  },
  {
    id: 'stop-needs-the-table-alone',
    asset: 'revoked access',
    threat: 'a secret that cannot be read, or slowly, keeps somebody from stopping a connection',
    stoppedBy: 'a revoke and a disable are written before anything else is asked',
    tests: [
      { file: REVOKE, title: 'is written before the secret is read, which may take its time' },
      { file: REVOKE, title: 'is revoked when it has a row, and vends nothing of before' },
    ],
    removal: {
      file: 'functions/api/revoke.ts',
      was: '  const forgotten = await runtime.tokens.stop(connection, stop)\n',
      becomes:
        '  await orFailure(runtime.credentials.read(connection, 0))\n  const forgotten = await runtime.tokens.stop(connection, stop)\n',
    },
  },
  {
    id: 'revoked-static-token',
    asset: 'revoked access',
    threat: 'a token that a person made is vended on after it was revoked, since it still stands in its secret',
    stoppedBy: 'a revoke bars the versions of the secret that hold it until there is another',
    tests: [
      { file: REVOKE, title: 'bars a static token until it is replaced' },
      { file: REVOKE, title: 'whose secret is ' },
      { file: REVOKE, title: 'that took the place of a grant is not vended when it was revoked while the secret was ' },
      { file: STATIC, title: 'is not brought back by a check that was under way' },
    ],
    removal: {
      file: 'functions/api/revoke.ts',
      was: 'if (credentials.version !== stop.failure?.credentialVersion)',
      becomes: 'if (credentials.version === undefined)',
    },
  },
  {
    id: 'fence',
    asset: 'access tokens',
    threat: 'a process that stood still puts its old token over a newer one',
    stoppedBy: 'each lease raises a fence, and a token of an earlier fence replaces none of a later one',
    tests: [{ file: TOKENS, title: 'refuses one of an earlier fence once a later one is there' }],
    removal: {
      file: 'functions/aws/dynamo-tokens.ts',
      was: "        condition: 'attribute_not_exists(pk) OR fence <= :fence',\n",
      becomes: '',
    },
  },
  {
    id: 'consistent-reads',
    asset: 'access tokens',
    threat: 'a replica that is behind has an older state believed',
    stoppedBy: 'every reading that a token or a lease depends on is strongly consistent',
    tests: [{ file: TOKENS, title: 'is never read from an answer that may be out of date' }],
    removal: { file: 'functions/aws/dynamo-row.ts', was: '      ConsistentRead: true,\n', becomes: '' },
  },
  {
    id: 'expired-never-served',
    asset: 'access tokens',
    threat: 'a caller is handed a token that has ended, or ends on its way to the vendor',
    stoppedBy: 'within its margin a token counts as expired, whatever the table still holds',
    tests: [
      { file: VEND, title: 'is never served once it has come within its margin' },
      { file: VEND, title: 'is no reason to serve an expired one that the table has not deleted yet' },
      { file: VEND, title: 'does not have an expired token served' },
    ],
    removal: {
      file: 'functions/kit/token.ts',
      was: 'secondsBetween(now, token.expiresAt) <= marginSeconds(token)',
      becomes: 'token.expiresAt <= now',
    },
  },
  {
    id: 'judged-when-handed-out',
    asset: 'access tokens',
    threat: 'a token ends while vendor or table take their time, and is handed out after that',
    stoppedBy: 'what is handed out is judged at that moment, not when it was looked up',
    tests: [
      { file: VEND, title: 'and ended while the vendor was giving it is not answered' },
      { file: VEND, title: 'and ended while the table was slow to' },
    ],
    removal: {
      file: 'functions/core/vend.ts',
      was: ' && !isExpired(token.accessToken, now)',
      becomes: '',
    },
  },
  {
    id: 'clock-of-the-table',
    asset: 'access tokens',
    threat: 'a process whose clock is wrong serves what has ended, or takes a lease that is held',
    stoppedBy: 'time is the table’s: each process learns from the answers how far it is off',
    tests: [{ file: 'test/aws/table-clock.test.ts', title: 'brings a clock that is ' }],
    removal: {
      file: 'functions/kit/time.ts',
      was: 'Math.min(Math.max(offsetMs, least), most)',
      becomes: 'Math.min(offsetMs, most)',
    },
  },
  {
    id: 'connections-apart',
    asset: 'access tokens',
    threat: 'a caller gets the token of another connection or vendor out of memory or table',
    stoppedBy: 'whatever is kept is kept under vendor and connection',
    tests: [
      { file: VEND, title: 'is never shared with another connection or vendor' },
      { file: TOKENS, title: 'keeps the connections of a vendor apart, and those of the same name at two vendors' },
    ],
    removal: {
      file: 'functions/kit/connection.ts',
      was: 'export const keyOf = ({ vendor, name }: Connection): string => `${vendor.id}#${name}`',
      becomes: 'export const keyOf = ({ vendor, name }: Connection): string => `${vendor.id}#${name.slice(0, 0)}`',
    },
  },
  {
    id: 'one-renewal',
    asset: 'vendor accounts',
    threat: 'a herd of callers of a cold connection becomes a herd of vendor calls',
    stoppedBy: 'one caller takes the lease of the connection, on condition that nobody has since it was read',
    tests: [
      { file: TOKENS, title: 'gives one to 50 who ask at once' },
      { file: VEND, title: 'makes one call for 100 callers in one process and 100 processes alike' },
    ],
    removal: {
      file: 'functions/aws/dynamo-tokens.ts',
      was: ACQUIRE,
      becomes: 'condition: `${unseen}(${OPEN})`',
    },
  },
  {
    id: 'refresh-token-durable',
    asset: 'grants',
    threat: 'a new refresh token is lost, and with it what only a person can give again',
    stoppedBy: 'the refresh token is durable before the access token beside it is handed out or cached',
    tests: [
      { file: VEND, title: 'is stored before the access token and sent at the next renewal' },
      { file: VEND, title: 'that cannot be stored at all costs the caller the access token' },
    ],
    removal: {
      file: 'functions/core/attempt.ts',
      was: '  const recorded = await record(job, { success,',
      becomes: '  if (lease) await cache(lease, token, runtime)\n  const recorded = await record(job, { success,',
    },
  },
  {
    id: 'refresh-token-sent-once',
    asset: 'grants',
    threat: 'a refresh token that its first use ends is sent twice, and the vendor ends the grant',
    stoppedBy: 'it is sent under a noted lease, and not again where no answer came',
    tests: [
      { file: GRANT, title: 'is refreshed once for 100 callers over 4 processes, and its refresh token used once' },
      { file: VEND, title: 'is not tried twice with a refresh token, whose first use may have counted' },
    ],
    removal: { file: 'functions/core/attempt.ts', was: ' || lease?.refreshToken)', becomes: ')' },
  },
  {
    id: 'refresh-token-of-odd-answers',
    asset: 'grants',
    threat: 'an answer of the vendor that is of no use otherwise takes its refresh token with it',
    stoppedBy: 'a refresh token is heard before the rest of the answer is judged',
    tests: [{ file: GRANT, title: 'that comes with an answer of no other use is kept and sent the next time' }],
    removal: {
      file: 'functions/oauth/token-answer.ts',
      was: '  if (refreshToken) received(refreshToken)\n',
      becomes: '',
    },
  },
  {
    id: 'lock-out-budget',
    asset: 'vendor accounts',
    threat: 'wrong secrets of many connections have the vendor lock our address out',
    stoppedBy: 'all connections of a vendor together have 10 calls refused in 5 minutes; then it is left alone',
    tests: [
      { file: VEND, title: 'hears at most 10 wrong secrets in each stretch of 5 minutes, and 20 in any 5 minutes' },
      { file: VEND, title: 'hears few of the wrong secrets of 150 connections that worked before' },
    ],
    removal: {
      file: 'functions/core/allowance.ts',
      was: "if (credentials === 'unproven' || taken >= REFUSALS.most)",
      becomes: 'if (taken >= REFUSALS.most * 2)',
    },
  },
  {
    id: 'lock-out-heard-by-all',
    asset: 'vendor accounts',
    threat: 'calls that go on during a lock-out make it last',
    stoppedBy: 'who hears of it bars the vendor for every connection and process',
    tests: [{ file: VEND, title: 'that has locked us out is left alone by every connection' }],
    removal: {
      file: 'functions/core/allowance.ts',
      was: '      await bestEffort(allowance.block(vendor, REFUSALS, until))\n',
      becomes: '      void until\n',
    },
  },
  {
    id: 'refused-credentials-rest',
    asset: 'vendor accounts',
    threat: 'refused credentials are sent with every request until the account is locked',
    stoppedBy: 'the failure is remembered for all processes until the secret has another version',
    tests: [
      {
        file: VEND,
        title: 'that refuses our credentials is not called again for 200 requests, until they are replaced',
      },
    ],
    removal: {
      file: 'functions/core/renew.ts',
      was: '  if (failure && bars(failure, credentials.version, now)) return { failure, checkedAt: readAt }\n',
      becomes: '',
    },
  },
  {
    id: 'failures-remembered',
    asset: 'vendor accounts',
    threat: 'a vendor that asks for a pause, or fails, is called by every request all the same',
    stoppedBy: 'pauses stand in the table, where every process reads them, and grow',
    tests: [
      { file: VEND, title: 'is not called before the time in its Retry-After' },
      { file: VEND, title: 'is given a pause that grows, and never one longer than a minute while a token is at hand' },
    ],
    removal: {
      file: 'functions/core/failure.ts',
      was: 'return failure.until === undefined || now < failure.until',
      becomes: 'return failure.until === undefined',
    },
  },
  {
    id: 'forced-renewals',
    asset: 'vendor accounts',
    threat: 'a caller burns the vendor’s quota by reporting good tokens as refused',
    stoppedBy:
      'a report names the token it is about, and a connection is renewed by force once a minute, 30 times an hour',
    tests: [
      { file: GRANT, title: 'is replaced by one renewal for 200 reports over 4 processes' },
      { file: GRANT, title: 'of an earlier time gets the current one and no vendor call, also when that is ageing' },
      { file: GRANT, title: 'is renewed once a minute and 30 times an hour at most' },
    ],
    removal: {
      file: 'functions/core/renew.ts',
      was: '    if (isForced(held, request, now)) await takeRefreshPermit(connection, runtime)\n',
      becomes: '    void [isForced, takeRefreshPermit]\n',
    },
  },
  {
    id: 'no-vendor-text',
    asset: 'secrets in answers and logs',
    threat: 'a vendor’s error text, which may quote what we sent, reaches callers, logs or people',
    stoppedBy: 'of a vendor’s answer only status, known codes and its length are ever said',
    tests: [
      { file: 'test/oauth/token-answer.test.ts', title: 'repeats nothing of what the vendor wrote' },
      { file: 'test/oauth/token-endpoint.test.ts', title: 'no failure gives away what was sent or answered' },
    ],
    removal: {
      file: 'functions/oauth/token-answer.ts',
      was: 'named && `error ${named}`',
      becomes: 'error !== undefined && `error ${String(error)}`',
    },
  },
  {
    id: 'causes-stay-inside',
    asset: 'secrets in answers and logs',
    threat: 'an error that nobody foresaw carries a value to a caller in its text',
    stoppedBy: 'a caller is told our own words alone, and of any other error the request id',
    tests: [
      { file: 'test/api/app.test.ts', title: 'that nobody foresaw tells the caller nothing but the request id' },
      { file: 'test/api/app.test.ts', title: 'never shows the cause of an error' },
    ],
    removal: {
      file: 'functions/api/problem.ts',
      was: "new VendingError('internal', `see the log of request ${requestId}`)",
      becomes: "new VendingError('internal', `see the log of request ${requestId}: ${String(thrown)}`)",
    },
  },
  {
    id: 'secrets-5-minutes',
    asset: 'vendor credentials',
    threat: 'a process uses credentials long after they were taken back or replaced',
    stoppedBy: 'what was read of a secret is believed for 5 minutes, and not at all once it was refused',
    tests: [
      { file: CREDENTIALS, title: 'are read once in 300 seconds, and once for all who ask at the same time' },
      { file: CREDENTIALS, title: 'are of the newest version for who asks for it' },
    ],
    removal: {
      file: 'functions/aws/credentials.ts',
      was: 'if (cached && now().getTime() - cached.readAt < maxAgeSeconds * 1000) return cached.credentials',
      becomes: 'if (cached && maxAgeSeconds > 0) return cached.credentials',
    },
  },
  {
    id: 'malformed-secrets',
    asset: 'vendor credentials',
    threat: 'a value that somebody stores by mistake is sent to a vendor, or quoted in an error',
    stoppedBy: 'a document has to fit its vendor before any call, and an error names its members, never their values',
    tests: [
      { file: SECRETS, title: 'a secret of ' },
      { file: SECRETS, title: 'a document with a fault of its own' },
    ],
    removal: {
      file: 'functions/kit/vendor.ts',
      was: "credentials do not fit: ${faults.join('; ')}`",
      becomes: "credentials do not fit: ${faults.join('; ')} in ${JSON.stringify(document)}`",
    },
  },
  {
    id: 'token-outlives-its-secret',
    asset: 'access tokens',
    threat: 'who spoils a secret, or the right to read it, takes a working token from its callers',
    stoppedBy: 'a token at hand is served, with a warning, until it ends or is revoked',
    tests: [
      { file: SECRETS, title: 'that comes to hold ' },
      { file: 'test/core/memory.test.ts', title: 'when the secret may not be read any more, and it ' },
    ],
    removal: {
      file: 'functions/core/vend.ts',
      was: "if (!isOurs && !isFailure(error, 'unknown_connection', 'configuration', 'not_connected')) throw error",
      becomes: 'if (!isOurs) throw error',
    },
  },
  {
    id: 'events',
    asset: 'the functions',
    threat: 'who can send a function an event forges a schedule that names connections, or a call that nobody signed',
    stoppedBy: 'a schedule says a task and nothing else, and whatever is no call of the gateway is refused',
    tests: [
      { file: EVENTS, title: 'that is ' },
      { file: EVENTS, title: 'of the schedule that ' },
    ],
    removal: {
      file: 'functions/lambda/task.ts',
      was: "throw new Error('the schedule asked for a task that there is not')",
      becomes: 'return renewDue(vendor, runtime)',
    },
  },
  {
    id: 'vendor-of-the-function',
    asset: 'the functions',
    threat: 'a call for one vendor is answered by the function, and with the secrets, of another',
    stoppedBy: 'a function’s vendor is fixed where it is built, and it knows the routes of that vendor alone',
    tests: [{ file: EVENTS, title: 'of the gateway that is for the function of another vendor is refused' }],
    removal: {
      file: 'functions/api/routes.ts',
      was: 'resource.replace(`/${vendorId}`,',
      becomes: 'resource.replace(/(?<=^.tokens|^.connections).[a-z]+/,',
    },
  },
  {
    id: 'gateway-events',
    asset: 'the functions',
    threat: 'a caller finds the call that breaks a function, reaches what IAM did not judge, or is echoed',
    stoppedBy: 'what a call says is parsed once, at its entry, and refused in our own words',
    tests: [{ file: FUZZ, title: 'any event of the gateway is answered or refused in our words' }],
    removal: {
      file: 'functions/api/app.ts',
      was: 'NAME.test(connection)',
      becomes: '(NAME.source.length > 0)',
    },
  },
]
