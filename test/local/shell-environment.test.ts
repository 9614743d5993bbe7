import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  builtIn,
  ENDPOINTS,
  outsideAddress,
  SIMULATORS,
  whose,
  writeEnvironment,
} from '../../lib/local/shell-environment.ts'

const [ENDPOINT, SIMULATOR, OTHER] = ['http://127.0.0.1:8788', 'http://127.0.0.1:8789', 'http://127.0.0.1:9999']

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vendomat-'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** What a shell exports that has read the file of a machine at these addresses, some of which it opened itself. */
function sourced(addresses: { simulators: string; aws: string }, own: readonly string[], before = {}) {
  const settings = { AWS_ENDPOINT_URL: addresses.aws, VENDOMAT_SIMULATOR_URL: addresses.simulators, ...builtIn(own) }
  writeEnvironment(home, 8787, settings)
  const env = execFileSync('sh', ['-euc', '. ./env; env'], { cwd: home, env: before, encoding: 'utf8' })
  return Object.fromEntries(env.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)))
}
const builtInMachine = () => sourced({ simulators: SIMULATOR, aws: ENDPOINT }, [ENDPOINT, SIMULATOR])

describe('a machine', () => {
  it('uses the addresses that the environment names, and says whose they are', () => {
    const environment = { VENDOMAT_SIMULATOR_URL: `${OTHER}/`, AWS_ENDPOINT_URL: ENDPOINT }
    expect(outsideAddress(SIMULATORS, environment)).toBe(OTHER)
    expect(outsideAddress(ENDPOINTS, environment)).toBe(ENDPOINT)
    expect(whose(environment)).toBe(
      `vendors: yours, ${OTHER} (VENDOMAT_SIMULATOR_URL); AWS endpoints: yours, ${ENDPOINT} (AWS_ENDPOINT_URL)`,
    )
  })

  it.each([{}, { VENDOMAT_SIMULATOR_URL: '', AWS_ENDPOINT_URL: '' }])('has its own where %j names none', (none) => {
    expect([outsideAddress(SIMULATORS, none), outsideAddress(ENDPOINTS, none)]).toEqual([undefined, undefined])
    expect(whose(none)).toBe('vendors: built in; AWS endpoints: built in')
  })

  it('has its own in a shell that has read the file of an earlier one, and says so', () => {
    const environment = builtInMachine()
    expect(environment.VENDOMAT_SIMULATOR_URL).toBe(SIMULATOR)
    expect(outsideAddress(SIMULATORS, environment)).toBeUndefined()
    expect(outsideAddress(ENDPOINTS, environment)).toBeUndefined()
    expect(whose(environment)).toBe(
      'vendors: built in (VENDOMAT_SIMULATOR_URL of this shell is from a .local/env); ' +
        'AWS endpoints: built in (AWS_ENDPOINT_URL of this shell is from a .local/env)',
    )
  })

  it('uses in such a shell what somebody has set since, and its own for the rest', () => {
    const environment = { ...builtInMachine(), VENDOMAT_SIMULATOR_URL: OTHER }
    expect(outsideAddress(SIMULATORS, environment)).toBe(OTHER)
    expect(outsideAddress(ENDPOINTS, environment)).toBeUndefined()
  })

  it('uses simulators of somebody’s own at the second start as at the first, though its file names them', () => {
    const simulators = { VENDOMAT_SIMULATOR_URL: OTHER }
    const afterwards = sourced({ simulators: OTHER, aws: ENDPOINT }, [ENDPOINT], simulators)
    for (const environment of [simulators, afterwards]) expect(outsideAddress(SIMULATORS, environment)).toBe(OTHER)
    expect(outsideAddress(ENDPOINTS, afterwards)).toBeUndefined()
  })

  it('uses an address that a person typed, even one at which a machine has been', () => {
    builtInMachine()
    expect(outsideAddress(SIMULATORS, { VENDOMAT_SIMULATOR_URL: SIMULATOR })).toBe(SIMULATOR)
  })
})

describe('the file for shells', () => {
  it('takes away what would go before the machine’s own settings, in a strict shell too', () => {
    const ofAccount = { AWS_SESSION_TOKEN: 't', AWS_SECURITY_TOKEN: 't', AWS_PROFILE: 'work', AWS_DEFAULT_PROFILE: 'p' }
    const inTheWay = { ...ofAccount, VENDOMAT_STAGE: 'dev', VENDOMAT_SECRETS_KEY: 'arn' }
    const environment = sourced({ simulators: OTHER, aws: ENDPOINT }, [], { ...inTheWay, HOME: '/nowhere' })
    expect(environment).toMatchObject({ HOME: '/nowhere', AWS_ENDPOINT_URL: ENDPOINT, VENDOMAT_BUILT_IN: '' })
    expect(Object.keys(environment).filter((name) => name in inTheWay)).toEqual([])
  })

  it('is for its owner alone, and there is one for each port', () => {
    builtInMachine()
    expect(readdirSync(home)).toEqual(['env', 'env.8787'])
    expect(statSync(join(home, 'env')).mode & 0o777).toBe(0o600)
  })
})
