// One execution environment of a function, in plain Node as in Lambda: loads the bundle, then answers one call at a time.
const [, , name, bundle] = process.argv
process.title = name
const { handler } = require(bundle)

process.on('disconnect', () => process.exit())
process.on('message', async ({ event, requestId, timeoutSeconds }) => {
  const endsAt = Date.now() + timeoutSeconds * 1000
  const context = {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  }
  try {
    process.send({ result: await handler(event, context) })
  } catch (error) {
    console.error(error)
    process.send({ failed: true })
  }
})
process.send({ ready: true })
