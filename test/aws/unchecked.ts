import { egress } from '../../functions/aws/egress.ts'

// What a self-signed server on the given port is told where NODE_TLS_REJECT_UNAUTHORIZED is 0: by fetch, and by the egress.
const [port] = process.argv.slice(2)
const http = egress({
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  mayCall: () => true,
})

async function outcome(calling: Promise<Response>): Promise<string> {
  try {
    return await (await calling).text()
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'another error'
  }
}

process.stdout.write(
  JSON.stringify({
    fetch: await outcome(fetch(`https://localhost:${port}/`)),
    egress: await outcome(http(`https://auth.vendor.example:${port}/`)),
  }),
)
