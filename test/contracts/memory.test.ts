import { memoryTable } from '../support/memory-store.ts'
import { allowanceContract } from './allowance.ts'
import { consentStoreContract } from './consents.ts'
import { directoryContract } from './directory.ts'
import { noticeLedgerContract } from './ledger.ts'
import { registryContract } from './registry.ts'
import { roundsContract } from './rounds.ts'
import { tokenStoreContract } from './token-store.ts'

tokenStoreContract('memory', async () => memoryTable())
registryContract('memory', async () => memoryTable())
allowanceContract('memory', async () => memoryTable().allowance)
consentStoreContract('memory', async () => memoryTable().consents)
noticeLedgerContract('memory', async () => memoryTable())
roundsContract('memory', async () => memoryTable().rounds)
directoryContract('memory', async () => memoryTable())
