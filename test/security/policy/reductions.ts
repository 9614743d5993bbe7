import type { Attached, Statement } from './statement.ts'

/** The same policies with less in them. */
export interface Reduction {
  /** What is gone, for people. */
  readonly title: string
  readonly of: Attached
  readonly left: Statement | undefined
}

/**
 * Every way to take one thing out of a statement: all of it, a key of its condition, and of what a role may do an action
 * or a resource. If no case changes, nobody needs it, or no case knows what it is for.
 */
export function reductionsOf(of: Attached): readonly Reduction[] {
  const { where, kind, statement } = of
  const { Action = [], Resource = [], Condition = {} } = statement
  const without = (what: string, left?: Statement): Reduction => ({ title: `${where}: without ${what}`, of, left })
  const conditions = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.keys(keys).map((key) => {
      const { [key]: _, ...others } = keys
      return without(`${operator} ${key}`, { ...statement, Condition: { ...Condition, [operator]: others } })
    }),
  )
  if (kind === 'resource') return [without('it'), ...conditions]
  const actions = Action.map((one) =>
    without(`its action ${one}`, { ...statement, Action: Action.filter((other) => other !== one) }),
  )
  const resources = Resource.map((one) =>
    without(`its resource ${one}`, { ...statement, Resource: Resource.filter((other) => other !== one) }),
  )
  return [
    without('it'),
    ...conditions,
    ...(actions.length > 1 ? actions : []),
    ...(resources.length > 1 ? resources : []),
  ]
}
