// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code
import type { Equivalent, ModelRun, Mutant } from './mutant.ts'

/*
 * Guards whose loss costs a grant, hands out what must not be handed out, or calls a vendor who should be left alone.
 * One is removed at a time (run.ts), and a test has to notice. Whoever changes a guarded line changes its text here.
 */

type Tests = readonly string[]
type Entry = readonly [name: string, was: string, becomes: string, more?: { tests?: Tests; model?: ModelRun }]

const of = (file: string, tests: Tests, entries: readonly Entry[]): Mutant[] =>
  entries.map(([name, was, becomes, more]) => ({ name, file, was, becomes, tests, ...more }))

const VEND = 'test/core/vend.test.ts'
const GRANT = 'test/core/grant.test.ts'
const MEMORY = 'test/core/memory.test.ts'
const MEMORY_TOKEN = 'test/core/memory-token.test.ts'
const STATIC = 'test/core/static-token.test.ts'
const REVOKE = 'test/api/revoke.test.ts'
const SWEEP = 'test/keeper/sweep.test.ts'
const CHECK = 'test/keeper/check.test.ts'
const LIST = 'test/api/list.test.ts'
const ENVELOPE = 'test/aws/envelope.test.ts'

const TOKENS = 'functions/aws/dynamo-tokens.ts'
const ACQUIRE = 'condition: `${unseen}(fence = :fence AND ${OPEN})`'
const RECORD = 'condition: grantEnds ? `${HELD} AND ${SAME_GENERATION}` : HELD'
const READING = 'condition: epoch === 0 ? `attribute_not_exists(pk) OR (${OPEN})` : OPEN'

export const MUTANTS: readonly Mutant[] = [
  ...of(
    TOKENS,
    ['test/aws/dynamo-tokens.test.ts'],
    [
      ['acquire does not look at the fence', ACQUIRE, 'condition: `${unseen}(${OPEN})`'],
      ['acquire does not look at the epoch', ACQUIRE, 'condition: `${unseen}(fence = :fence AND #status = :active)`'],
      ['acquire does not look at the status', ACQUIRE, 'condition: `${unseen}(fence = :fence AND epoch = :epoch)`'],
      [
        'acquire makes a row that was there when it was read',
        "seen.fence === 0 && seen.epoch === 0 ? 'attribute_not_exists(pk) OR ' : ''",
        "'attribute_not_exists(pk) OR '",
      ],
      [
        'acquire gives a lease to who has seen the connection disabled',
        "      if (seen.status !== 'active') return undefined\n",
        '',
      ],
      ['acquire takes the lease of another for its own', 'if (item?.leaseId?.S !== id)', 'if (!item)'],
      [
        'acquire keeps a lease whose refresh token or key cannot be had',
        '        await giveBack(connection, id).catch(() => {})\n',
        '',
      ],
      ['the data key is not fetched before the vendor is called', 'seals.set(lease, await envelope.sealer(key))', ''],
      ['a revoke whose answer was lost forgets the grant', 'ifRepeated: async () => seen,', ''],
      ['noteSend does not look whose the lease is', 'condition: HELD,', 'condition: OPEN,'],
      ['noteSend does not look at the status', 'condition: HELD,', "condition: 'leaseId = :id AND epoch = :epoch',"],
      ['record does not look whose the lease is', RECORD, RECORD.replaceAll('HELD', 'OPEN')],
      [
        'record does not look at the status',
        RECORD,
        "condition: grantEnds ? `leaseId = :id AND epoch = :epoch AND ${SAME_GENERATION}` : 'leaseId = :id AND epoch = :epoch'",
      ],
      ['the end of a grant does not look at the generation', RECORD, 'condition: HELD'],
      ['a lost lease is not given back', "    await giveBack(connection, id, unconfirmed && 'unconfirmed')\n", ''],
      ['giving back does not look whose the lease is', "      condition: 'leaseId = :id',\n", ''],
      ['a new refresh token of a lost lease is thrown away', '    if (grant) {', "    if (grant && id === '') {"],
      ['the end of a grant outlives the grant', "hasStored && !grantEnd && 'grantEnd'", ''],
      ['a late refresh token is kept without its end', ", success?.grantEnd && 'grantEnd = :grant'", ''],
      [
        'a late refresh token is kept after a revoke',
        'condition: `epoch = :epoch AND ${SAME_GENERATION}`',
        'condition: SAME_GENERATION',
      ],
      [
        'a late refresh token replaces a newer one',
        'condition: `epoch = :epoch AND ${SAME_GENERATION}`',
        "condition: 'epoch = :epoch'",
      ],
      [
        'an outcome without a lease does not look at the epoch',
        READING,
        "condition: epoch === 0 ? 'attribute_not_exists(pk) OR #status = :active' : '#status = :active'",
      ],
      [
        'an outcome without a lease does not look at the status',
        READING,
        "condition: epoch === 0 ? 'attribute_not_exists(pk) OR epoch = :epoch' : 'epoch = :epoch'",
      ],
      ['an outcome of a later epoch makes a row', READING, 'condition: `attribute_not_exists(pk) OR (${OPEN})`'],
      ['put does not look at the fence', "        condition: 'attribute_not_exists(pk) OR fence <= :fence',\n", ''],
      [
        'a revoke that is sent again counts twice',
        "const NOT_REPEATED = 'attribute_not_exists(stopId) OR stopId <> :stop'",
        "const NOT_REPEATED = 'attribute_not_exists(sealed)'",
      ],
      [
        'a revoke leaves the lease and the refresh token',
        "remove: hasStored ? [...LEASE, 'refreshToken', 'unconfirmedSends', 'grantEnd'] : [],",
        'remove: [],',
      ],
      [
        'an enable that is sent again undoes a later disable',
        "AND ${item.stopId ? 'stopId = :seen' : 'attribute_not_exists(stopId)'}`",
        '`',
      ],
    ],
  ),
  ...of(
    'functions/aws/dynamo-row.ts',
    ['test/aws/dynamo-tokens.test.ts'],
    [
      ['read takes an answer that may be out of date', '      ConsistentRead: true,\n', ''],
      ['a key is fetched for a token that has ended', "if (now && date(item, 'expiresAt') <= now())", 'if (!item)'],
    ],
  ),
  ...of(
    'functions/aws/dynamo-table.ts',
    ['test/aws/dynamo-tokens.test.ts'],
    [
      ['an item is read from an answer that may be out of date', ', ConsistentRead: true })', ' })'],
      [
        'what is noted of a connection enables it',
        "'#status = if_not_exists(#status, :active)'",
        "'#status = :active'",
      ],
      ['what is noted of a connection sets its epoch back', "'epoch = if_not_exists(epoch, :zero)'", "'epoch = :zero'"],
      ['what is noted of a connection sets its fence back', "'fence = if_not_exists(fence, :zero)'", "'fence = :zero'"],
      [
        'a table that does not answer counts as a condition that did not hold',
        " throw storeUnavailable('the table', error)\n        const",
        ' return undefined\n        const',
      ],
    ],
  ),
  ...of(
    'functions/aws/dynamo-registry.ts',
    ['test/aws/dynamo-registry.test.ts'],
    [
      ['postpone puts off a turn that has been put off since', "        condition: 'sweepAt <= :now',\n", ''],
      ['touch makes a row', "        condition: 'attribute_exists(pk)',\n", ''],
      [
        'register moves a turn that is set',
        "wakes ? 'sweepAt = :sweep' : 'sweepAt = if_not_exists(sweepAt, :sweep)'",
        "'sweepAt = :sweep'",
      ],
    ],
  ),
  ...of(
    'functions/aws/dynamo-rounds.ts',
    ['test/aws/dynamo-rounds.test.ts'],
    [
      ['a round is noted by a run that has lost it', "'roundId = :seen'", "'attribute_exists(roundId)'"],
      ['a round is begun by several runs', "'attribute_not_exists(roundId)'", "'attribute_not_exists(noSuchName)'"],
    ],
  ),
  ...of(
    'functions/aws/dynamo-allowance.ts',
    ['test/aws/dynamo-allowance.test.ts'],
    [
      ['take does not look at the limit', 'size(#ids) < :most OR ', 'size(#ids) >= size(#ids) OR '],
      ['take counts a repeated write again', ' OR contains(#ids, :id))`', ')`'],
      ['take counts in a stretch that is over', '`#window >= :window AND ${UNBLOCKED}', '`${UNBLOCKED}'],
      ['take does not look at the block', '`#window >= :window AND ${UNBLOCKED}', '`#window >= :window'],
      [
        'a new stretch begins while one is under way',
        '(attribute_not_exists(#window) OR #window < :window) AND ${UNBLOCKED}',
        '${UNBLOCKED}',
      ],
      [
        'a new stretch ends a block',
        '(attribute_not_exists(#window) OR #window < :window) AND ${UNBLOCKED}',
        '(attribute_not_exists(#window) OR #window < :window)',
      ],
      ['a limit of nothing gives one', '      if (limit.most < 1) return undefined\n', ''],
      ['giving back makes an item without an end', "        condition: 'contains(#ids, :id)',\n", ''],
      ['use counts what was taken in a stretch before', " && number(item, 'window') >= windowOf(limit, now)", ''],
      [
        'a shorter block ends a longer one',
        "        condition: 'attribute_not_exists(#until) OR #until < :until',\n",
        '',
      ],
    ],
  ),
  ...of(
    'functions/consent/store.ts',
    ['test/contracts/memory.test.ts'],
    [['a fourth consent leaves the oldest open', 'export const MOST_OPEN = 3', 'export const MOST_OPEN = 4']],
  ),
  ...of(
    'functions/aws/dynamo-consents.ts',
    ['test/aws/dynamo-consents.test.ts'],
    [
      ['a consent is bound to a second browser', 'attribute_not_exists(#bind) AND #until', '#until'],
      [
        'a consent is bound after its end',
        "attribute_not_exists(#bind) AND #until > :now'",
        "attribute_not_exists(#bind)'",
      ],
      ['a consent is taken after its end', '#bind = :bind AND #until > :now AND', '#bind = :bind AND'],
      ['a consent is taken twice', ' AND attribute_not_exists(taken)', ''],
      [
        'a consent is taken by another browser',
        "'#bind = :bind AND #until > :now",
        "'attribute_exists(#bind) AND #until > :now",
      ],
      ['a consent ends that goes another way', ' || consent.through !== through', ''],
      ['a consent of the private API ends after its end', 'return endsAt > now', 'return true'],
      ['a hosted consent ends that nobody took', "item.taken !== undefined && date(item, 'taken') > since", 'true'],
      [
        'a code is exchanged long after it came back',
        "item.taken !== undefined && date(item, 'taken') > since",
        'item.taken !== undefined',
      ],
      [
        'a consent ends twice',
        'const condition = `${place} = :hash OR ${place} = :ended`',
        "const condition = 'attribute_exists(pk)'",
      ],
      [
        'a consent that is begun twice pushes an older one out',
        "condition: `NOT (${PLACES.map((place) => `${place} = :hash`).join(' OR ')})`,",
        '',
      ],
    ],
  ),
  ...of(
    'functions/aws/dynamo-ledger.ts',
    ['test/aws/dynamo-ledger.test.ts'],
    [
      ['a notice is replaced by who has not seen the last one', '`${name} = :seen`', '`attribute_exists(${name})`'],
      ['a first notice is claimed by several', '`attribute_not_exists(${name})`', '`attribute_not_exists(noSuchName)`'],
    ],
  ),
  ...of(
    'functions/aws/jwe-envelope.ts',
    [ENVELOPE],
    [
      [
        'the encryption context does not name the machine',
        "{ app: 'vendomat', vendor, connection }",
        '{ vendor, connection }',
      ],
      [
        'the encryption context does not name the vendor',
        "{ app: 'vendomat', vendor, connection }",
        "{ app: 'vendomat', connection }",
      ],
      [
        'the encryption context does not name the connection',
        "{ app: 'vendomat', vendor, connection }",
        "{ app: 'vendomat', vendor }",
      ],
      ['a sealed token is not bound to its connection', '`vendomat1|${key}|${use}|', '`vendomat1|${use}|'],
      ['a sealed token is not bound to its use', '`vendomat1|${key}|${use}|', '`vendomat1|${key}|'],
      ['a sealed token is not bound to its epoch', '`${which.epoch}|${which.fence}`', '`${which.fence}`'],
      ['a sealed token is not bound to its fence', '`${which.epoch}|${which.fence}`', '`${which.epoch}`'],
      ['a sealed consent is not bound to its state', "'id' in which ? which.id", "'id' in which ? ''"],
      ['what a sealed token is bound to is not compared', 'ctx !== textOf(binding) || typeof edk', 'typeof edk'],
      ['a data key is kept for ever', 'now().getTime() - key.heldSince < HELD.maxAgeMs', 'key'],
      ['a data key seals for every connection', 'held(sealing, key)', '[...sealing.values()][0]'],
      ['an initialization vector is used twice', 'randomBytes(IV_BYTES)', 'Buffer.alloc(IV_BYTES)'],
    ],
  ),
  ...of(
    'functions/aws/signed-call.ts',
    ['test/aws/signed-call.test.ts'],
    [
      ['an error of the service is taken for an answer', 'response.statusCode === 200 ? text : undefined', 'text'],
      ['a signed call is made twice whatever failed', 'request.reusedSocket && ', ''],
    ],
  ),
  ...of(
    'functions/core/lease.ts',
    [GRANT, VEND],
    [
      [
        'a lease is asked for although another holds it',
        'if ((other && other.until > now) || runtime.timeLeft()',
        'if (runtime.timeLeft()',
        { tests: [], model: { only: 'calm table', seeds: 5 } },
      ],
      [
        'a lease is taken without the time to use it',
        'if ((other && other.until > now) || runtime.timeLeft() < renewalSeconds(policy)) ',
        'if (other && other.until > now) ',
      ],
      ['a lease that has lapsed counts', '(other && other.until > now)', 'other'],
      [
        'work that throws keeps the lease',
        '    await bestEffort(runtime.tokens.record(lease, { unconfirmed: true }))\n',
        '',
      ],
      ['work that throws settles the send', 'record(lease, { unconfirmed: true })', 'record(lease, {})'],
      ['the lease of a single-use token lasts 3 s', 'reusable: 15, singleUse: 32', 'reusable: 15, singleUse: 3'],
      [
        'the lease of a single-use token does not outlive the function',
        'reusable: 15, singleUse: 32',
        'reusable: 15, singleUse: 27',
      ],
      [
        'the lease of a usual token is too short for the vendor and the record',
        'reusable: 15, singleUse: 32',
        'reusable: 13, singleUse: 32',
      ],
      ['the vendor is not stopped before the function ends', 'Math.min(runtime.timeLeft(), ofLease)', 'ofLease'],
      [
        'the vendor is not stopped before the lease ends',
        'Math.min(runtime.timeLeft(), ofLease)',
        'runtime.timeLeft()',
      ],
      [
        'a single-use token is sent with less than its time left',
        "(kind === 'singleUse' ? VENDOR_SECONDS.singleUse : LEAST_VENDOR_SECONDS)",
        'LEAST_VENDOR_SECONDS',
      ],
    ],
  ),
  ...of(
    'functions/core/attempt.ts',
    [GRANT, VEND],
    [
      [
        'a single-use token is sent without a note',
        'if (lease?.refreshToken && !job.call && hasSingleUse(vendor.tokens)) {',
        'if (lease?.refreshToken && job.call && hasSingleUse(vendor.tokens)) {',
      ],
      [
        'a token is sent although its note was refused',
        "    if (sends === undefined) return 'superseded'\n    heard.sends = sends\n",
        '    if (sends !== undefined) heard.sends = sends\n',
      ],
      [
        'a refresh token is forgotten when the rest of its answer is unusable',
        '    heard.refreshToken = token\n',
        '    void token\n',
        { tests: [GRANT], model: { only: 'odd answers rotating', seeds: 10 } },
      ],
      [
        'a refresh token is forgotten when its access token has ended',
        '  if (refreshToken) received(refreshToken)\n',
        '',
      ],
      ['a refresh token may be sent twice in one call', ' || lease?.refreshToken)', ')'],
      [
        'a second call is made although a refresh token came',
        'if (first.refreshToken || secondsBetween',
        'if (secondsBetween',
      ],
      [
        'a second call is made however late',
        'if (first.refreshToken || secondsBetween(startedAt, runtime.now()) > AGAIN_WITHIN_SECONDS) ',
        'if (first.refreshToken) ',
      ],
      [
        'a token that has ended on its way is recorded as a success',
        '  if (isExpired(accessToken, runtime.now()))\n    throw',
        '  if (accessToken.expiresAt < new Date(0))\n    throw',
      ],
      [
        'the access token is cached before the refresh token is durable',
        "  const recorded = await record(job, { success, ...(refreshToken && { refreshToken }) }, runtime)\n  const cached = recorded === 'recorded' && lease ? await cache(lease, token, runtime) : 'kept'\n",
        "  const cached = lease ? await cache(lease, token, runtime) : 'kept'\n  const recorded = await record(job, { success, ...(refreshToken && { refreshToken }) }, runtime)\n",
      ],
      [
        'the access token is at hand before the refresh token is durable',
        '  const recorded = await record(job, { success,',
        '  runtime.memory.copies.set(key, { token, checkedAt: at })\n  const recorded = await record(job, { success,',
      ],
      [
        'what another has superseded is handed out',
        "if (recorded === 'superseded' || cached === 'overtaken') ",
        "if (cached === 'overtaken') ",
      ],
      [
        'a token that a later one has overtaken is handed out',
        "if (recorded === 'superseded' || cached === 'overtaken') ",
        "if (recorded === 'superseded') ",
      ],
      [
        'a copy counts as checked when its success has been written',
        'copies.set(key, { token, warnings: said, checkedAt: at })',
        'copies.set(key, { token, warnings: said, checkedAt: runtime.now() })',
      ],
      [
        'a token counts as checked when its success has been written',
        'return { token, warnings: said, checkedAt: at }',
        'return { token, warnings: said, checkedAt: runtime.now() }',
      ],
      [
        'a failure counts as checked when it has been written',
        'return { failure, checkedAt: now }',
        'return { failure, checkedAt: runtime.now() }',
        { tests: [STATIC, VEND] },
      ],
      [
        'record is not tried again',
        "!isFailure(error, 'store_unavailable') || !lease || !isCostly",
        'error !== undefined || !lease',
        { tests: [GRANT], model: { only: 'faults rotating', seeds: 10 } },
      ],
      [
        'record is tried again beyond the lease',
        'Math.min(runtime.timeLeft(), secondsBetween(runtime.now(), lease.until))',
        'runtime.timeLeft()',
      ],
      [
        'record is tried again beyond the function',
        'Math.min(runtime.timeLeft(), secondsBetween(runtime.now(), lease.until))',
        'secondsBetween(runtime.now(), lease.until)',
      ],
      [
        'a lost answer leaves no send unconfirmed',
        'isAmbiguous(error) && { unconfirmed: true as const }',
        'isAmbiguous(error) && {}',
      ],
      [
        'the refusal of a static token is not noted',
        ', ...(refused && { refusedVersion: credentials.version })',
        '',
        { tests: [STATIC] },
      ],
    ],
  ),
  ...of(
    'functions/core/vend.ts',
    [VEND],
    [
      [
        'a token of before a revoke is vended',
        'if (token?.epoch !== state.epoch) return undefined',
        'if (!token) return undefined',
        { tests: [VEND], model: { only: 'revokes lenient', seeds: 5 } },
      ],
      [
        'a token of a disabled connection is vended',
        "if (row.state.status === 'disabled') {",
        'if (row.state.status !== row.state.status) {',
        { tests: [VEND], model: { only: 'disabling table', seeds: 5 } },
      ],
      ['a token is handed out that was checked too long ago', 'isRecent(checkedAt ?? readAt, now) && ', ''],
      ['a token is handed out that has ended meanwhile', ' && !isExpired(token.accessToken, now)', ''],
      [
        'a row counts as read when its answer came',
        '      const readAt = read?.readAt ?? runtime.now()\n      const row = read?.row ?? (await readRow(request, runtime))\n',
        '      const row = read?.row ?? (await readRow(request, runtime))\n      const readAt = read?.readAt ?? runtime.now()\n',
        { tests: [MEMORY_TOKEN] },
      ],
      [
        'a copy of before a revoke is served when the table fails',
        'if (spare?.epoch === row.state.epoch && isUsable(',
        'if (isUsable(',
      ],
      [
        'a copy is served that the caller cannot use while the table is down',
        "if (row.code === 'store_unavailable' && isUsable(copy?.token, request, now))",
        "if (row.code === 'store_unavailable' && copy)",
      ],
      [
        'a token of replaced credentials is vended on',
        'isReplaced: newest !== undefined && newest !== token.credentialVersion',
        'isReplaced: newest !== undefined && newest === token.credentialVersion',
      ],
      [
        'a token is handed out although the grant is over, without a word',
        'if (held && isEnough && !needsConsent(row.state.failure)) ',
        'if (held && isEnough) ',
        { tests: [GRANT] },
      ],
      [
        'the refresh token of a grant that is over is sent',
        'if (needsConsent(state.failure)) return',
        'if (!needsConsent(state.failure) && needsConsent(state.failure)) return',
        { tests: [GRANT, REVOKE, VEND] },
      ],
      [
        'a sweep waits for who is renewing',
        "if (isLast || (found === 'leased' && request.ahead)) ",
        'if (isLast) ',
        { tests: [SWEEP] },
      ],
      [
        'a document that does not fit takes the place of a static token that works',
        'if (await isStatic({ connection, state, credentials }, runtime)) ',
        'if (connection.vendor.isStatic?.(credentials.document)) ',
        { tests: [MEMORY] },
      ],
      [
        'what the table said a moment ago is asked again and again',
        'recallHold(memory, key, at)',
        'recallHold({ ...memory, holds: new Map() }, key, at)',
        { tests: [MEMORY] },
      ],
      [
        'who could not use a token is answered from memory',
        'const reason = request.ahead || request.rejected !== undefined ? undefined : recallHold',
        'const reason = request.ahead ? undefined : recallHold',
        { tests: [MEMORY] },
      ],
      [
        'a deleted or unreadable secret ends a late token',
        "if (!isOurs && !isFailure(error, 'unknown_connection', 'configuration', 'not_connected')) throw error",
        'if (!isOurs) throw error',
        { tests: [MEMORY] },
      ],
    ],
  ),
  ...of(
    'functions/core/renew.ts',
    [VEND],
    [
      ['asking for the impossible costs a vendor call', '  refuseTheImpossible(request, held)\n', ''],
      [
        'a vendor is called although a failure bars it',
        '  if (failure && bars(failure, credentials.version, now)) return { failure, checkedAt: readAt }\n',
        '',
      ],
      [
        'callers force renewals without end',
        '    if (isForced(held, request, now)) await takeRefreshPermit(connection, runtime)\n',
        '',
        { tests: [], model: { only: 'greedy memory', seeds: 3 } },
      ],
      [
        'tokens are obtained for memory without end',
        'lease ? 0 : await countObtained(connection, runtime)',
        'lease ? 0 : Number(connection.name.length)',
        { tests: [MEMORY_TOKEN] },
      ],
      ['a token is handed out that is shorter than asked for', '    refuseTheImpossible(request, outcome.token)\n', ''],
      [
        'the refused token is handed out once more',
        "    if (isSame) throw new VendingError('vendor_malformed', again)\n",
        '    void isSame, again, VendingError\n',
        { tests: [GRANT] },
      ],
    ],
  ),
  ...of(
    'functions/core/request.ts',
    [GRANT, MEMORY_TOKEN],
    [
      [
        'who renews what is ageing anyway is taken for one who forces it',
        "['short', 'refused'].includes(freshnessFor(token, request, now)) &&\n  freshness(token, { policy: request.connection.vendor.tokens, minTtlSeconds: 0, now }) === 'fresh'",
        "['short', 'refused'].includes(freshnessFor(token, request, now))",
      ],
      [
        'a token of replaced credentials is as fresh as any',
        "  if (token.isReplaced && fit === 'fresh') return 'late'\n",
        '',
        { tests: [VEND] },
      ],
      [
        'a token that is refused is served to who reports it',
        "  if (fit !== 'expired' && isRejected) return 'refused'\n",
        '',
      ],
    ],
  ),
  ...of(
    'functions/kit/grant.ts',
    ['test/kit/grant.test.ts'],
    [
      [
        'each answer of a vendor is an end of its own',
        'Math.abs(secondsBetween(before.until, until)) <= JITTER_SECONDS',
        'before.until.getTime() === until.getTime()',
      ],
      ['a token outlives its grant after a second answer', 'turn > askedAt', 'turn < askedAt'],
      ['a total limit begins anew with each renewal', 'const since = before?.since ?? at', 'const since = at'],
      ['people are reminded of an end that renewals put off', 'isBeforeHalf(grant, now) ? undefined : ', ''],
    ],
  ),
  ...of(
    'functions/core/attempt.ts',
    ['test/core/grant.test.ts', 'test/scenarios/grant.test.ts'],
    [
      ['a consent does not begin a grant anew', 'newGrant ? undefined : state.grantEnd', 'state.grantEnd'],
      [
        'a token outlives its grant',
        'earlier(ofToken, (grantEnd && renewGrantAt(grantEnd, accessToken.issuedAt, key)) ?? ofToken)',
        'ofToken',
      ],
    ],
  ),
  ...of(
    'functions/keeper/ends.ts',
    [CHECK],
    [
      [
        'a grant that was over before its end is reminded of',
        "failure.code === 'grant_rejected' || needsConsent(failure) ? undefined : grantEnd",
        'grantEnd',
      ],
    ],
  ),
  ...of(
    'functions/kit/token.ts',
    [VEND],
    [
      [
        'a token is handed out within its margin',
        'secondsBetween(now, token.expiresAt) <= marginSeconds(token)',
        'token.expiresAt <= now',
      ],
      [
        'a short token has no margin to speak of',
        'Math.min(60, Math.max(1, lifeSeconds(token) / 10))',
        'Math.min(60, lifeSeconds(token) / 10)',
      ],
    ],
  ),
  ...of(
    'functions/core/allowance.ts',
    [VEND],
    [
      [
        'credentials that never worked are sent without a permit',
        'allowance.take(vendor, REFUSALS, permit)',
        'allowance.take(vendor, COUNTED, permit)',
      ],
      [
        'credentials that worked are sent beyond the budget',
        "if (credentials === 'unproven' || taken >= REFUSALS.most)",
        "if (credentials === 'unproven')",
        { tests: [VEND], model: { only: 'lock-out table', seeds: 4 } },
      ],
      [
        'the refusal of credentials that worked is not counted',
        '      await bestEffort(allowance.take(vendor, COUNTED, { ...permit, now: now() }))\n',
        '      await bestEffort(Promise.resolve())\n',
      ],
      [
        'credentials that never worked are sent where no permit was left',
        "if (credentials === 'unproven' || taken >= REFUSALS.most)",
        'if (taken >= REFUSALS.most)',
      ],
      [
        'a call that went well stays counted as refused',
        "    if (credentials === 'unproven') await bestEffort(allowance.giveBack(vendor, REFUSALS, permit))\n    return answer",
        '    return answer',
      ],
      [
        'a vendor who fails counts as one who refuses',
        "    if (!refused && credentials === 'unproven') await bestEffort(allowance.giveBack(vendor, REFUSALS, permit))\n",
        '',
      ],
      ['a lock-out blocks nobody', '      await bestEffort(allowance.block(vendor, REFUSALS, until))\n', ''],
      [
        'a vendor who has locked us out is called',
        '    if (blockedUntil) throw paused(',
        '    if (blockedUntil && taken < 0) throw paused(',
      ],
    ],
  ),
  ...of(
    'functions/core/failure.ts',
    [GRANT, VEND],
    [
      [
        'a doubtful grant is never given up',
        'count >= (error.strikes ?? 3) || (at.sends ?? 0) > 1',
        '(at.sends ?? 0) > 1',
      ],
      [
        'a refused refresh token that may be spent leaves a doubt',
        'count >= (error.strikes ?? 3) || (at.sends ?? 0) > 1',
        'count >= (error.strikes ?? 3)',
      ],
      [
        'other failures count as strikes against a grant',
        "error.code !== 'grant_doubtful' || continued?.code === 'grant_doubtful'",
        'true',
      ],
      ['new credentials revive a grant that is over', "!(code === 'grant_rejected' && at.endsGrant) && ", ''],
      [
        'no failure means that the grant is over',
        'failure !== undefined && failure.credentialVersion === undefined',
        'false',
      ],
      [
        'a failure bars the vendor for no time',
        'return failure.until === undefined || now < failure.until',
        'return failure.until === undefined',
      ],
      [
        'a refusal of other credentials bars the vendor',
        '  if (isCuredByNew(failure) && failure.credentialVersion !== credentialVersion) return false\n',
        '',
      ],
      [
        'a vendor who cannot be asked takes back a refusal',
        "if (continued?.code === 'credential_expired' && FAILURES[error.code].remember === 'back-off')",
        "if (continued?.code === 'credential_expired' && continued?.code !== 'credential_expired')",
        { tests: [STATIC] },
      ],
      ['a refresh token that may be spent is sent again soon', '  if (sends > 1) return PROBE_SECONDS\n', ''],
    ],
  ),
  ...of(
    'functions/core/static-token.ts',
    [STATIC, REVOKE],
    [
      [
        'a static token that was refused or revoked before is shown to the vendor again',
        'if (!failure && state.refusedVersions?.has(version)) {',
        "if (!failure && state.refusedVersions?.has('')) {",
      ],
      [
        'a static token that was just refused is shown to the vendor again',
        '  if (failure && bars(failure, version, runtime.now())) return unproven(newest, asError(failure, runtime.now()))\n',
        '',
      ],
      ['an earlier static token that was refused is vended', ' || refusedVersions?.has(proven)) return', ') return'],
      [
        'a refused earlier static token keeps a new one from being vended',
        'provenVersion !== undefined && !refusedVersions?.has(provenVersion)',
        'provenVersion !== undefined',
      ],
      [
        'a static token with something against it is vended unchecked',
        "if (hasBetter || ['credential_expired', 'credential_revoked', 'grant_revoked'].includes(error.code)) ",
        'if (hasBetter) ',
      ],
      [
        'an unchecked static token takes the place of one that works',
        "if (hasBetter || ['credential_expired', 'credential_revoked', 'grant_revoked'].includes(error.code)) ",
        "if (['credential_expired', 'credential_revoked', 'grant_revoked'].includes(error.code)) ",
      ],
      ['every report has a static token checked', '    await takeRefreshPermit(connection, runtime)\n', ''],
      [
        'a vendor who cannot be asked costs a static token that worked',
        "records = worked ? 'verdict' : undefined",
        'records = undefined',
      ],
      [
        'a static token that was checked counts as asked for when its row was read',
        'const { issued, checkedAt = readAt } = inUse',
        'const { issued } = inUse\n  const checkedAt = readAt',
      ],
    ],
  ),
  ...of(
    'functions/api/revoke.ts',
    [REVOKE],
    [
      [
        'a revoke needs the secret',
        '  const forgotten = await runtime.tokens.stop(connection, stop)\n',
        '  await runtime.credentials.read(connection, 0)\n  const forgotten = await runtime.tokens.stop(connection, stop)\n',
      ],
      [
        'a revoke reads the secret before it writes',
        '  const forgotten = await runtime.tokens.stop(connection, stop)\n',
        '  await orFailure(runtime.credentials.read(connection, 0))\n  const forgotten = await runtime.tokens.stop(connection, stop)\n',
      ],
      [
        'a stop needs the secret',
        '  if (!row.exists) await credentials.read(connection, 0)\n',
        '  await credentials.read(connection, 0)\n',
      ],
      ['nobody is stopped without a trace', '  if (!row.exists) await credentials.read(connection, 0)\n', ''],
      [
        'a process serves on what it has revoked',
        '  runtime.memory.copies.delete(key)\n\n',
        '\n',
        { tests: [REVOKE, VEND] },
      ],
      [
        'a process serves on what it has disabled',
        "  await runtime.tokens.stop(connection, { kind: 'disable' })\n  runtime.memory.copies.delete(keyOf(connection))\n",
        "  await runtime.tokens.stop(connection, { kind: 'disable' })\n",
        { tests: [VEND] },
      ],
      [
        'a static token that only its secret shows is not barred',
        'if (credentials.version !== stop.failure?.credentialVersion)',
        'if (credentials.version === undefined)',
        { tests: [STATIC, REVOKE] },
      ],
    ],
  ),
  ...of(
    'functions/kit/time.ts',
    ['test/aws/table-clock.test.ts'],
    [
      [
        'the clock does not learn that it is behind',
        'Math.min(Math.max(offsetMs, least), most)',
        'Math.min(offsetMs, most)',
      ],
      [
        'the clock does not learn that it is ahead',
        'Math.min(Math.max(offsetMs, least), most)',
        'Math.max(offsetMs, least)',
      ],
    ],
  ),
  ...of(
    'functions/core/memory.ts',
    [VEND],
    [
      ['a copy from the future counts as recent', 'return age >= 0 && age < seconds', 'return age < seconds'],
      ['a copy is believed without end', 'return age >= 0 && age < seconds', 'return age >= 0'],
    ],
  ),
  ...of(
    'functions/keeper/pool.ts',
    [SWEEP],
    [
      ['one who throws ends the work of the others', 'void thrown.push(error)', '{ throw error }'],
      ['work is begun that cannot end in time', 'runtime.timeLeft() < secondsEach || isOver()', 'isOver()'],
      ['a sweep has no end', 'timeLeft() < secondsEach || isOver()', 'timeLeft() < secondsEach'],
      ['the function answers while work runs', '  await Promise.all(running)\n', ''],
    ],
  ),
  ...of(
    'functions/keeper/round.ts',
    [CHECK],
    [
      ['a round is taken on while another run is at it', 'last.done || (last.until && last.until > now)', 'last.done'],
      ['a round that is done is gone on with', 'if (last.done || (last.until', 'if ((last.until'],
      [
        'a new deployment waits for the morning',
        'if (!last) return begun(last, { now, until })',
        'if (!last) return undefined',
      ],
      [
        'a round that its day was too short for is begun at the beginning again',
        '  const from = last?.done ? undefined : (last?.after ?? last?.from)\n',
        '  const from = undefined\n',
      ],
      [
        'a repeated call begins a round again',
        'secondsBetween(last.since, now) < DAY_IS_OVER_SECONDS',
        'now < last.since',
      ],
    ],
  ),
  ...of(
    'functions/keeper/check.ts',
    [CHECK],
    [
      [
        'a run goes on beside another that was first',
        ' || !(await rounds.replace(vendor, { seen: last, next: round }))',
        '',
      ],
      [
        'new credentials that nobody could try count as checked',
        '  if (fault) throw new VendingError(fault, `the new credentials of ${labelOf(connection)} do not work`)\n',
        '  void fault\n',
      ],
      [
        'a run outlasts its minute',
        'Math.min(runtime.timeLeft(), secondsBetween(runtime.now(), until))',
        'runtime.timeLeft()',
      ],
    ],
  ),
  ...of(
    'functions/api/cursor.ts',
    [LIST],
    [
      ['a list goes on where another vendor’s has stopped', ' && cursorAfter(connection) === cursor', ''],
      ['a list goes on behind what is no name', 'NAME.test(connection.name) && cursorAfter', 'cursorAfter'],
    ],
  ),
  ...of(
    'functions/api/connections.ts',
    [LIST],
    [
      [
        'a failing connection is not looked at',
        'token !== undefined && !row.state.failure && ',
        'token !== undefined && ',
      ],
      ['an ageing token says enough', ' && now < token.refreshAt && ', ' && '],
      ['a token of before a revoke is shown', 'return held?.epoch === state.epoch ? held : undefined', 'return held'],
    ],
  ),
  ...of(
    'functions/api/state.ts',
    ['test/api/state.test.ts'],
    [
      ['a vendor that fails does not until it has worked', "  if (state.failure) return 'failing'\n", ''],
      [
        'a secret that may not be read is like one that is gone',
        "'secret_deleted' : 'secret_unreadable'",
        "'secret_deleted' : 'secret_deleted'",
      ],
      ['nobody is told that a token of a person is dead', "  if (isDead(standing, now)) return 'expired'\n", ''],
      [
        'what rests is said to be renewed',
        "['ok', 'ageing', 'ending'].includes(is)",
        "['ok', 'ageing', 'ending', 'resting'].includes(is)",
      ],
    ],
  ),
  ...of(
    'functions/keeper/inventory.ts',
    ['test/keeper/inventory.test.ts'],
    [
      ['what is known is found again', '.filter(({ exists }) => !exists)', ''],
      ['what was found is in use for ever', '    await bestEffort(runtime.registry.touch(connection, now))\n', ''],
    ],
  ),
  ...of(
    'functions/aws/secret-refusal.ts',
    ['test/aws/credentials.test.ts'],
    [
      [
        'a secret that waits for its deletion is one that cannot be read',
        '/marked for deletion|was deleted/.test(message)',
        'false',
      ],
      [
        'whatever keeps a secret from being read, it is gone',
        '/marked for deletion|was deleted/.test(message)',
        'true',
      ],
    ],
  ),
  ...of(
    'functions/keeper/sweep.ts',
    [SWEEP],
    [
      ['a grant whose refresh token may be used again dies of rest', 'vendor.authorization || ', ''],
      ['a dead grant has its turn again and again', 'needsConsent(state.failure) || rests', 'rests'],
      ['what was begun hides what comes after it', 'begun.size + limit', 'limit'],
      ['a vendor that is down is asked for every connection', 'isDown() || pace.isOver()', 'pace.isOver()'],
      ['what the next sweep does in time is an alarm', 'secondsAfter(now(), -OVERDUE_SECONDS)', 'now()'],
    ],
  ),
  ...of(
    'functions/oauth/expiry.ts',
    ['test/vendors/accelo.test.ts', 'test/vendors/accessia.test.ts'],
    [['a token lives longer than was asked for or agreed', 'Math.min(seconds, ', 'Math.max(seconds, ']],
  ),
  ...of(
    'functions/notices/credential-end.ts',
    ['test/notices/listen.test.ts', CHECK],
    [['who edits a scope is told to delete the secret in use', '  if (isKept) return\n', '']],
  ),
  ...of(
    'functions/kit/same-secrets.ts',
    ['test/vendors/clearid.test.ts'],
    [['a new key counts as the old one', 'value instanceof KeyObject)', "value instanceof KeyObject && path === '')"]],
  ),
  ...of(
    'functions/oauth/token-answer.ts',
    ['test/oauth/token-answer.test.ts', GRANT],
    [
      ['a refresh token is heard of after the rest is judged', '  if (refreshToken) received(refreshToken)\n', ''],
      [
        'an answer is read through its prototype',
        'Object.getOwnPropertyDescriptor(body, name)?.value ?? undefined',
        '(body as Record<string, unknown>)[name] ?? undefined',
      ],
      ['an error is looked up in a prototype', 'Object.hasOwn(codes, error)', 'error in codes'],
      [
        'a token that comes with an error is taken',
        'if (error !== undefined || !isSuccess(answer)) ',
        'if (!isSuccess(answer)) ',
      ],
    ],
  ),
  ...of(
    'functions/lambda/gateway-event.ts',
    ['test/security/identities.test.ts', 'test/security/paths.test.ts'],
    [
      [
        'the caller is who a header says',
        "text(member(context, 'identity'), 'userArn')",
        "text(member(event, 'headers'), 'x-caller') || text(member(context, 'identity'), 'userArn')",
      ],
      [
        'the caller may be who a header says where the gateway names none',
        "text(member(context, 'identity'), 'userArn')",
        "text(member(context, 'identity'), 'userArn') || text(member(event, 'headers'), 'x-caller')",
      ],
      [
        'a call without a caller is answered',
        "text(member(context, 'identity'), 'userArn')",
        "text(member(context, 'identity'), 'userArn') || 'arn:nobody'",
      ],
      [
        'a connection is what the gateway has decoded',
        'spells(path, resource, connection) ? ',
        'spells(path, resource, connection) || connection ? ',
      ],
      ['anything may stand before a route', ' && BASE_PATH.test(path.slice(0, -route.length))', ''],
    ],
  ),
  ...of(
    'functions/lambda/vendor-function.ts',
    ['test/lambda/vendor-function.test.ts'],
    [
      [
        'a call takes as long as a task may',
        'during(machine, context, callSeconds(vendor))',
        'during(machine, context)',
      ],
      [
        'a task ends with the time of a call',
        'audited(during(machine, context), by, record)',
        'audited(during(machine, context, callSeconds(vendor)), by, record)',
      ],
    ],
  ),
]

export const EQUIVALENT: readonly Equivalent[] = [
  {
    name: 'noteSend does not look at the epoch',
    file: TOKENS,
    was: 'condition: HELD,',
    becomes: "condition: 'leaseId = :id AND #status = :active',",
    proof: 'only a revoke raises the epoch, and the same write takes the lease away.',
  },
  {
    name: 'record does not look at the epoch',
    file: TOKENS,
    was: RECORD,
    becomes:
      "condition: grantEnds ? `leaseId = :id AND #status = :active AND ${SAME_GENERATION}` : 'leaseId = :id AND #status = :active'",
    proof: 'only a revoke raises the epoch, and the same write takes the lease away.',
  },
]
