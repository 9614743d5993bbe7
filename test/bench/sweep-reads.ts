/** What a sweep reads with ten connections due, by how many there are: flat, since it reads the index of what is due. */
import { localAws } from '../support/local-aws.ts'
import { readsOfSweep } from '../support/sweep-reads.ts'

const aws = await localAws()
const sizes = [250, 1000, 4000]
const rows = []
for (const connections of sizes) rows.push({ connections, ...(await readsOfSweep(aws, connections)) })
const [least] = rows
for (const { connections, queries, items } of rows) {
  const ratio = (items / (least?.items ?? 1)).toFixed(2)
  console.log(`sweep of ${connections} connections, 10 due: ${queries} reads, ${items} items, ratio ${ratio}`)
}
await aws.close()
