import { asksOf } from './asks.ts'
import { type Decision, decide, type Request } from './decide.ts'
import type { Machine } from './machine.ts'
import { mayOf } from './matrix.ts'
import type { Attached, Statement } from './statement.ts'

/** A request to the machine, and whether it has to be allowed. */
export interface Case extends Request {
  readonly title: string
  readonly isAllowed: boolean
  /** What the caller's own account lets it do. @default nothing beside the policies of the template */
  readonly own?: readonly Statement[]
}

export function decisionOf({ own = [], ...request }: Case, policies: readonly Attached[]): Decision {
  const { principal } = request
  const on = typeof principal === 'object' && 'arn' in principal ? principal.arn : ''
  const callers = own.map((statement) => ({ kind: 'identity', on, where: 'the caller', statement }) as const)
  return decide(request, [...policies, ...callers])
}

export const isAllowed = (one: Case, policies: readonly Attached[]): boolean => decisionOf(one, policies) === 'allowed'

/** Every role of the machine, and everything that it could try. */
export function roleCases(machine: Machine): readonly Case[] {
  const asks = asksOf(machine)
  return machine.roles.flatMap((role) => {
    const may = new Set(mayOf(role, machine))
    return asks.map(({ name, ...ask }) => ({
      title: `${role.duty}${role.vendor === undefined ? '' : ` ${role.vendor}`}: ${name}`,
      principal: { arn: role.arn },
      isAllowed: may.has(name),
      ...ask,
    }))
  })
}
