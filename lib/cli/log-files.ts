import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { type AuditLine, type Wanted, wantedLine } from './audit-line.ts'
import { CommandFailed, EXIT } from './command.ts'

/** Looks through the log files of a laptop's machine. Throws CommandFailed where there are none. */
export async function linesInFiles(folder: string, wanted: Wanted): Promise<AuditLine[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.log'))
  if (names.length === 0) {
    const next = 'run this in the folder of the machine, or set VENDOMAT_LOGS to its folder of logs'
    throw new CommandFailed(EXIT.unavailable, `there are no logs in ${folder}\nnext step: ${next}`)
  }
  const found: AuditLine[] = []
  for (const name of names)
    for await (const text of createInterface({ input: createReadStream(join(folder, name)) })) {
      const line = wantedLine(text, wanted)
      if (line) found.push(line)
    }
  return found
}
