import { tokenStoreContract } from '../contracts/token-store.ts'
import { memoryStore } from '../memory-store.ts'

tokenStoreContract('memory', async () => memoryStore())
