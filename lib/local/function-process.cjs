// One execution environment of a function, in plain Node as in Lambda: loads the bundle, then answers one call at a time.
// Asked to stop (SIGTERM), it ends the call it is at and starts no other.
const [, , name, bundle] = process.argv
process.title = name
const { handler } = require(bundle)

let busy = false
let stopping = false
const stop = () => {
  stopping = true
  if (!busy) process.exit()
}
process.on('SIGTERM', stop)
process.on('disconnect', stop)

process.on('message', async ({ event, requestId, timeoutSeconds }) => {
  if (stopping) return
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
    (result) => ({ result }),
    (error) => {
      console.error(error)
      return { failed: true }
    },
  )
  busy = false
  process.send(outcome, () => stopping && process.exit())
})
process.send({ ready: true })
