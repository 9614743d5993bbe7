import { type Operation, operationOf, ROUTES } from '../../functions/api/routes.ts'
import { figure } from '../support/figure.ts'

// It has the keys of ROUTES.
const operations = Object.keys(ROUTES) as Operation[]

/** What IAM sees of a call, and what a policy says of this operation of all connections: a star stands for slashes too. */
const seenBy = (operation: Operation, connection: string): string =>
  ROUTES[operation].method + ROUTES[operation].path.replace('{vendor}', 'accelo').replace('{connection}', connection)
const allows = (policy: string, seen: string): boolean => new RegExp(`^${policy.replace('*', '.*')}$`).test(seen)

describe('a route', () => {
  it('is allowed by a policy on its operation of all connections, which allows no other operation', () => {
    let pairs = 0
    for (const allowed of operations) {
      const policy = seenBy(allowed, '*')
      const found = operations.filter((operation) => allows(policy, seenBy(operation, 'hq')))
      expect([policy, found]).toEqual([policy, [allowed]])
      pairs += operations.length - found.length
    }
    figure('one-command-one-permission', `${pairs} of ${pairs} other operations refused by a policy on one`)
  })

  it('is found by its method and resource, of its own vendor alone', () => {
    for (const operation of operations) {
      const { method, path } = ROUTES[operation]
      const resource = path.replace('{vendor}', 'accelo')
      expect(operationOf(method, resource, 'accelo')).toBe(operation)
      expect(operationOf(method, resource, 'netrex')).toBeUndefined()
      expect(operationOf('PATCH', resource, 'accelo')).toBeUndefined()
      expect(operationOf(method, `${resource}/`, 'accelo')).toBeUndefined()
    }
  })
})
