import { figure } from '../support/figure.ts'
import { machineTemplate } from '../support/machine-stack.ts'
import { BOX, ZOOM } from '../support/wrong-descriptions.ts'
import { API_PROPERTIES } from './template/api.ts'
import { FUNCTION_PROPERTIES } from './template/functions.ts'
import { PERMISSION_PROPERTIES } from './template/permissions.ts'
import type { Synthesised } from './template/property.ts'
import { STORAGE_PROPERTIES } from './template/storage.ts'

const machine = machineTemplate().toJSON()
const everything = machineTemplate({
  alertEmail: 'platform@example.com',
  chatTopic: true,
  hostedCallback: true,
  allowedHosts: { iobeya: ['boards.example.com'] },
  callers: { '111122223333': ['accelo/hq'], 'arn:aws:iam::444455556666:role/erp': ['iobeya/*'] },
  secretsKey: 'arn:aws:kms:eu-west-1:111122223333:key/0f7d3c6e-0000-4000-8000-000000000000',
  reservedConcurrency: { accelo: 20 },
  restAfterDays: 30,
  oauthVendors: { box: BOX, zoom2: { ...ZOOM, keep: 'memory' } },
}).toJSON()

/** What no rule pack looks at, or not closely enough. */
const PROPERTIES = [...API_PROPERTIES, ...FUNCTION_PROPERTIES, ...PERMISSION_PROPERTIES, ...STORAGE_PROPERTIES]

describe('of the template it holds that', () => {
  it.each(PROPERTIES)('$title', ({ faults }) => {
    expect(faults(machine)).toEqual([])
    expect(faults(everything)).toEqual([])
  })

  // Each is looked at for what it says: of a template in which one thing is otherwise it does not hold.
  it.each(PROPERTIES.map(({ title, faults, broken: [how, change] }) => ({ title, how, faults, change })))(
    '$title, which is noticed with $how',
    ({ faults, change }) => {
      const changed: Synthesised = structuredClone(everything)
      change(changed)
      expect(changed).not.toEqual(everything)
      expect(faults(changed)).not.toEqual([])
    },
  )

  it('each is said once', () => {
    const titles = PROPERTIES.map(({ title }) => title)
    expect([...new Set(titles)]).toEqual(titles)
    expect(titles.length).toBeGreaterThan(60)
    figure('template', `${titles.length} properties hold, ${titles.length} of ${titles.length} noticed when broken`)
  })
})
