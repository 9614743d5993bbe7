import { defaultProvider } from '@aws-sdk/credential-provider-node'
import * as z from 'zod/mini'
import { signedRequest } from '../client/signed-request.ts'
import { EXIT, type Shell, UsageError } from './command.ts'

/** A refusal of the machine or of the gateway before it, and the exit code it comes to. */
export class ApiError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

const problem = z.object({ title: z.string(), detail: z.string(), next_step: z.string(), request_id: z.string() })
/** API Gateway spells it either way. */
const gatewayError = z.union([z.object({ message: z.string() }), z.object({ Message: z.string() })])

/** Calls the machine at VENDOMAT_URL, signed with the default AWS credential chain. Throws ApiError or UsageError. */
export async function callApi(method: string, path: string, { environment, http }: Shell): Promise<unknown> {
  const url = addressOf(path, environment)
  const credentials = defaultProvider()
  const response = await signedRequest(method, url, { region: regionOf(url, environment), credentials, http }).catch(
    (error: Error) => {
      if (error.name === 'CredentialsProviderError')
        throw new ApiError(EXIT.forbidden, `no AWS credentials: ${error.message}`)
      throw new ApiError(EXIT.unavailable, `${url.origin} does not answer (${error.name})`)
    },
  )
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body
  throw new ApiError(exitCodeOf(response.status), describe(response.status, body))
}

function addressOf(path: string, { VENDOMAT_URL: base }: Shell['environment']): URL {
  if (!base) throw new UsageError('set VENDOMAT_URL to the address of the machine; on a laptop: . .local/env')
  if (!URL.canParse(base)) throw new UsageError('VENDOMAT_URL is not an address')
  return new URL(`${base.replace(/\/+$/, '')}${path}`)
}

function regionOf({ hostname }: URL, { AWS_REGION, AWS_DEFAULT_REGION }: Shell['environment']): string {
  const region = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/.exec(hostname)?.[1] ?? AWS_REGION ?? AWS_DEFAULT_REGION
  if (!region) throw new UsageError('set AWS_REGION to the region of the machine')
  return region
}

function exitCodeOf(status: number): number {
  if (status === 400 || status === 422) return EXIT.usage
  if (status === 403) return EXIT.forbidden
  if (status === 404) return EXIT.notFound
  if (status === 424) return EXIT.personNeeded
  return status === 429 || status === 503 || status === 504 ? EXIT.unavailable : EXIT.failed
}

function describe(status: number, body: unknown): string {
  const ours = problem.safeParse(body)
  if (ours.success) {
    const { title, detail, next_step, request_id } = ours.data
    return `${title}: ${detail}\nnext step: ${next_step}\nrequest: ${request_id}`
  }
  const gateway = gatewayError.safeParse(body)
  if (!gateway.success) return `the gateway answered ${status}`
  const message = 'message' in gateway.data ? gateway.data.message : gateway.data.Message
  const hint = /Missing Authentication Token/.test(message)
    ? '\nthere is no such vendor, or the call was not signed'
    : ''
  return `the gateway answered ${status}: ${message}${hint}`
}
