import { TABLE_KEY_ACTIONS, TOKEN_ATTRIBUTES } from './asks.ts'
import { DEPLOYED, type Machine, type Role } from './machine.ts'

/** All that a role may do, by the names of asks.ts. What is not here it may not. */
export function mayOf(role: Role, machine: Machine): readonly string[] {
  return [...ofDuty(role, machine), ...(role.leavesFailed ? ['leave a call in the queue'] : [])]
}

function ofDuty({ duty, vendor = '' }: Role, machine: Machine): readonly string[] {
  switch (duty) {
    case 'vending':
      return [...machineWork('vending', vendor, machine), ...mayFind(vendor)]
    case 'exchange':
      return machineWork('exchange', vendor, machine)
    case 'callback':
      return [
        ...logs('the callback'),
        ...CONSENTING.flatMap((id) => [`carry a consent of ${id} on`, `call the exchange function of ${id}`]),
        ...TABLE_KEY,
      ]
    case 'schedules':
      return [`call the vending function of ${vendor}`]
    case 'gateway log':
      return []
  }
}

/** What a vendor's code needs, whether it vends and keeps tokens or exchanges a code. */
const machineWork = (duty: 'vending' | 'exchange', vendor: string, { topics, secretsKey }: Machine): string[] => [
  ...logs(`the ${duty} function of ${vendor}`),
  `read the secret of ${vendor}`,
  ...(secretsKey === undefined ? [] : [`open the secret of ${vendor}`]),
  `get a row of ${vendor}`,
  `get a consent of ${vendor}`,
  `query rows of ${vendor}`,
  `update a row of ${vendor}`,
  `update a row of ${vendor} and see what changed`,
  ...(inMemory(vendor)
    ? []
    : [
        `update a row of ${vendor} and see the whole`,
        `update a row of ${vendor} and name no attribute`,
        `carry a consent of ${vendor} on`,
        ...TOKEN_ATTRIBUTES.map((one) => `write ${one} of ${vendor}`),
        `make a data key of ${vendor}`,
        `open a data key of ${vendor}`,
      ]),
  ...TABLE_KEY,
  'Decrypt under the key of notices',
  'GenerateDataKey under the key of notices',
  ...['mail', 'chat'].slice(0, topics.length).map((topic) => `publish to ${topic}`),
  'send an event',
]

/** What lists, sweeps and checks need besides. AWS does not say which key a query of an index names, if any (lib/token-table.ts). */
const mayFind = (vendor: string): string[] => [
  'list the names of secrets',
  `get many rows of ${vendor}`,
  ...['due', 'names'].flatMap((index) => [
    `query the index ${index} of ${vendor}`,
    `query the index ${index} by a row of ${vendor}`,
    `query the index ${index} without a key`,
  ]),
]

const TABLE_KEY = TABLE_KEY_ACTIONS.map((action) => `${action} under the table's key`)
const logs = (of: string): string[] => [`begin a stream in the log of ${of}`, `write to the log of ${of}`]
const inMemory = (id: string) => DEPLOYED.some((one) => one.id === id && one.tokens.storage === 'memory')
const CONSENTING = DEPLOYED.flatMap(({ id, authorization }) => (authorization ? [id] : []))
