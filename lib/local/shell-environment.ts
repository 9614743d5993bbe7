import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** What a machine opens itself unless the environment names another. */
export const SIMULATORS = { name: 'VENDOMAT_SIMULATOR_URL', called: 'vendors' } as const
export const ENDPOINTS = { name: 'AWS_ENDPOINT_URL', called: 'AWS endpoints' } as const
type Part = typeof SIMULATORS | typeof ENDPOINTS

/** The variable that says which addresses of a shell are a machine's own, as it has them from `.local/env`. */
const BUILT_IN = 'VENDOMAT_BUILT_IN'

/** Settings that would go before those of the machine, or along with them. The last two are of another deployment. */
const IN_THE_WAY = [
  ...['AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE'],
  ...['VENDOMAT_STAGE', 'VENDOMAT_SECRETS_KEY'],
]

const bare = (url: string): string => url.replace(/\/+$/, '')

/**
 * Returns the address that a person set for one of the parts; undefined for none. What a shell has from the `.local/env`
 * of a machine, stopped or running, of this checkout or another, is that machine's own and asks for nothing.
 */
export function outsideAddress({ name }: Part, environment: Environment): string | undefined {
  const url = bare(environment[name] ?? '')
  return url === '' || environment[BUILT_IN]?.split(',').includes(url) ? undefined : url
}

/** What is set in every function (AWS Lambda Developer Guide, "Defined runtime environment variables"). */
const OF_LAMBDA = ['AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT']

/** Throws where a laptop's machine has no place: inside Lambda, or before vendors or services that are not on this computer. */
export function ensureLaptop(environment: Environment): void {
  const lambda = OF_LAMBDA.find((name) => environment[name])
  if (lambda !== undefined) throw new Error(`npm start is for laptops, and ${lambda} says that this is Lambda`)
  for (const part of [SIMULATORS, ENDPOINTS]) {
    const address = outsideAddress(part, environment)
    if (address !== undefined && !isHere(address))
      throw new Error(`${part.name} is not an address of this computer: npm start calls no others; unset it`)
  }
}

function isHere(address: string): boolean {
  const { protocol, hostname } = URL.canParse(address) ? new URL(address) : { protocol: '', hostname: '' }
  return /^https?:$/.test(protocol) && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** In one line, whose vendors and endpoints are in use. */
export function whose(environment: Environment): string {
  const parts = [SIMULATORS, ENDPOINTS].map((part) => {
    const outside = outsideAddress(part, environment)
    if (outside !== undefined) return `${part.called}: yours, ${outside} (${part.name})`
    const earlier = environment[part.name] ? ` (${part.name} of this shell is from a .local/env)` : ''
    return `${part.called}: built in${earlier}`
  })
  return parts.join('; ')
}

/** The setting by which a later start knows what this one opened itself. */
export const builtIn = (addresses: readonly string[]) => ({ [BUILT_IN]: addresses.join(',') })

/** `env` is that of the machine started last; each has a file of its own beside it. */
export function writeEnvironment(home: string, port: number, settings: Readonly<Record<string, string>>): void {
  const exported = Object.entries(settings).map(([name, value]) => `export ${name}=${value}\n`)
  const text = [`unset ${IN_THE_WAY.join(' ')}\n`, ...exported].join('')
  for (const name of ['env', `env.${port}`]) writeFileSync(join(home, name), text, { mode: 0o600 })
}
