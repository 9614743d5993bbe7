import { memoryStore } from '../support/memory-store.ts'
import { tokenStoreContract } from './token-store.ts'

tokenStoreContract('memory', async () => memoryStore())
