import { memoryTable } from '../support/memory-store.ts'
import { fakeSecrets } from '../support/world.ts'
import { allowanceContract } from './allowance.ts'
import { consentStoreContract } from './consents.ts'
import { directoryContract } from './directory.ts'
import { inventoryContract } from './inventory.ts'
import { noticeLedgerContract } from './ledger.ts'
import { registryContract } from './registry.ts'
import { roundsContract } from './rounds.ts'
import { tokenStoreContract } from './token-store.ts'
import { now } from './vendors.ts'

tokenStoreContract('memory', async () => memoryTable())
registryContract('memory', async () => memoryTable())
allowanceContract('memory', async () => memoryTable().allowance)
consentStoreContract('memory', async () => memoryTable().consents)
noticeLedgerContract('memory', async () => memoryTable())
roundsContract('memory', async () => memoryTable().rounds)
directoryContract('memory', async () => memoryTable())
inventoryContract('memory', async () => {
  const secrets = fakeSecrets(() => now, {})
  return {
    inventory: secrets.inventory(),
    store: async ({ vendor, name }) => secrets.replace(`${vendor.id}/${name}`, {}),
    remove: async ({ vendor, name }) => secrets.remove(`${vendor.id}/${name}`),
  }
})
