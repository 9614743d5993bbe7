// One execution environment of a function, in plain Node as in Lambda: loads the bundle, then answers one call at a time.
// After SIGTERM it finishes its current call and starts no other.
const [, , name, bundle] = process.argv
process.title = name

// The machine's clock may be ahead of the laptop's. The bundle sees the real Date, whose `new Date()` and `Date.now()`
// are later by that. Timers and performance.now() measure durations and stay as they are.
let aheadMs = 0
const RealDate = Date
const realNow = RealDate.now
RealDate.now = () => realNow() + aheadMs
globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, self) => Reflect.construct(target, given.length === 0 ? [target.now()] : given, self),
  apply: (target) => new target(target.now()).toString(),
})
RealDate.prototype.constructor = globalThis.Date

const { handler } = require(bundle)

let busy = false
let stopping = false
const stop = () => {
  stopping = true
  if (!busy) process.exit()
}
process.on('SIGTERM', stop)
process.on('disconnect', stop)

process.on('message', async ({ event, requestId, timeoutSeconds, ...clock }) => {
  if (stopping) return
  aheadMs = clock.aheadMs
  busy = true
  process.send({ started: true })
  const endsAt = Date.now() + timeoutSeconds * 1000
  const context = {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  }
  const outcome = await handler(event, context).then(
    // As in Lambda, no result is null: undefined would be lost in the message.
    (result = null) => ({ result }),
    (error) => {
      console.error(error)
      return { failed: true }
    },
  )
  busy = false
  process.send(outcome, () => stopping && process.exit())
})
process.send({ ready: true })
