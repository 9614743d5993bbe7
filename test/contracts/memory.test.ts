import { memoryTable } from '../support/memory-store.ts'
import { allowanceContract } from './allowance.ts'
import { consentStoreContract } from './consents.ts'
import { noticeLedgerContract } from './ledger.ts'
import { registryContract } from './registry.ts'
import { tokenStoreContract } from './token-store.ts'

tokenStoreContract('memory', async () => memoryTable())
registryContract('memory', async () => memoryTable())
allowanceContract('memory', async () => memoryTable().allowance)
consentStoreContract('memory', async () => memoryTable().consents)
noticeLedgerContract('memory', async () => memoryTable())
