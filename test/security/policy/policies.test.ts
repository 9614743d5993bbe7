import { figure } from '../../support/figure.ts'
import { asksOf, TOKEN_ATTRIBUTES } from './asks.ts'
import { callerCases } from './callers.ts'
import { type Case, decisionOf, isAllowed, roleCases } from './case.ts'
import { isAbout } from './decide.ts'
import { type Machine, machineOf, OF_SECRETS, SETTINGS, VENDORS } from './machine.ts'
import { mayOf } from './matrix.ts'
import { reductionsOf } from './reductions.ts'
import { strangerCases } from './strangers.ts'

const machines = Object.entries(SETTINGS).map(([name, settings]) => [name, machineOf(settings)] as const)
const [[, asItIs] = []] = machines
if (!asItIs) throw new Error('there is no deployment')

/** The cases that come out otherwise than they have to, for people. */
const wrong = (cases: readonly Case[], { policies }: Machine): string[] =>
  cases
    .filter((one) => isAllowed(one, policies) !== one.isAllowed)
    .map(({ title, isAllowed }) => `${isAllowed ? 'has to be allowed' : 'must not be allowed'}: ${title}`)

const counted = (cases: readonly Case[]): string =>
  `${cases.length} tried, ${cases.filter((one) => one.isAllowed).length} allowed`

describe.each(machines)('the machine, %s,', (_, machine) => {
  it('lets each role do what it needs, and nothing else that there is to try', () => {
    const cases = roleCases(machine)
    expect(wrong(cases, machine)).toEqual([])
    figure('least-privilege', `${machine.roles.length} roles: ${counted(cases)}`)
    expect(cases.length).toBeGreaterThan(3000)
  })

  it('lets services, administrators and other accounts do what they are there for, and nothing else', () => {
    const cases = strangerCases(machine)
    expect(wrong(cases, machine)).toEqual([])
    figure('services-and-accounts', counted(cases))
    expect(cases.length).toBeGreaterThan(500)
  })

  it('lets callers get what their IAM policies and its own say', () => {
    const cases = callerCases(machine)
    expect(wrong(cases, machine)).toEqual([])
    figure('caller-scope', counted(cases))
    expect(cases.length).toBeGreaterThanOrEqual(40)
  })

  it('is asked for everything that a role may do', () => {
    const names = asksOf(machine).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const may = machine.roles.flatMap((role) => mayOf(role, machine))
    expect(may.filter((name) => !names.includes(name))).toEqual([])
  })
})

/** What a vendor has, of which no other vendor's function may have any, by the names of the asks. */
const OWN = {
  'may read the secret': (id: string) => `read the secret of ${id}`,
  'may read a row': (id: string) => `get a row of ${id}`,
  'may write a row': (id: string) => `update a row of ${id}`,
  'may query the index due': (id: string) => `query the index due of ${id}`,
  'may make a data key': (id: string) => `make a data key of ${id}`,
  'may open a data key': (id: string) => `open a data key of ${id}`,
  'may write a sealed token': (id: string) => `write sealed of ${id}`,
} as const

/** Their tokens are never stored, so their functions have no data key and no attribute for one. */
const MEMORY = ['clearid', 'zoom']
const STORES = ['may make a data key', 'may open a data key', 'may write a sealed token']

describe('the function of a vendor', () => {
  const asks = asksOf(asItIs)
  const may = (id: string, name: string): boolean => {
    const role = asItIs.roles.find(({ duty, vendor }) => duty === 'vending' && vendor === id)
    const ask = asks.find((one) => one.name === name)
    if (!role || !ask) throw new Error(`nobody can ${name}`)
    return isAllowed({ ...ask, title: name, principal: { arn: role.arn }, isAllowed: true }, asItIs.policies)
  }

  it.each(Object.entries(OWN))('%s of its own vendor and of no other', (what, nameOf) => {
    const found = VENDORS.map((id) => [id, VENDORS.filter((other) => may(id, nameOf(other)))])
    const expected = VENDORS.map((id) => [id, MEMORY.includes(id) && STORES.includes(what) ? [] : [id]])
    expect(found).toEqual(expected)
  })

  it('whose tokens are never stored may write no attribute that could hold one, and others may', () => {
    const writes = VENDORS.map((id) => [id, TOKEN_ATTRIBUTES.filter((one) => may(id, `write ${one} of ${id}`))])
    expect(writes).toEqual(VENDORS.map((id) => [id, MEMORY.includes(id) ? [] : TOKEN_ATTRIBUTES]))
  })

  it('counts the matrix', () => {
    const cells = VENDORS.length ** 2 * Object.keys(OWN).length
    const allowed = Object.values(OWN).flatMap((nameOf) =>
      VENDORS.flatMap((id) => VENDORS.filter((other) => may(id, nameOf(other)))),
    )
    expect([cells, allowed.length]).toEqual([343, 43])
    figure(
      'vendor-isolation',
      `${VENDORS.length} x ${VENDORS.length} x ${cells / VENDORS.length ** 2}: ${allowed.length} allowed, none of another vendor`,
    )
  })
})

describe('every statement', () => {
  it.each(machines)('and every condition of the machine, %s, is one that a case needs', (_, machine) => {
    const cases = [...roleCases(machine), ...strangerCases(machine), ...callerCases(machine)]
    const reductions = machine.policies.filter((one) => one !== OF_SECRETS).flatMap(reductionsOf)
    const asked = cases.map((one) => ({
      one,
      about: machine.policies.filter((policy) => isAbout(policy, one)),
      decision: decisionOf(one, machine.policies),
    }))
    // A case changes, too, that is denied as before but not explicitly, whatever else may allow it.
    const missed = reductions.filter(({ of, left }) => {
      const less = left ? [{ ...of, statement: left }] : []
      return asked.every(({ one, about, decision }) => {
        if (!about.includes(of)) return true
        const policies = about.flatMap((policy) => (policy === of ? less : [policy]))
        return decisionOf(one, policies) === decision
      })
    })
    // Each line is a statement to be removed from the stack, or one that asks.ts, strangers.ts or callers.ts has no case for.
    expect(missed.map(({ title }) => `no case changes in ${title}`)).toEqual([])
    const statements = reductions.filter(({ left }) => left === undefined).length
    figure(
      'no-idle-statement',
      `${statements} statements and ${reductions.length - statements} parts of them, each with a case`,
    )
  })
})
