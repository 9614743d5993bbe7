import { NoToken, tokenSource } from 'vendomat'

const source = tokenSource({ vendor: 'acme', connection: process.argv[2] ?? 'hq' })
try {
  console.log(await source.getToken())
} catch (error) {
  if (error instanceof NoToken) console.error(error.code, error.nextStep)
  throw error
}
