import { parseArgs } from 'node:util'
import { callApi, readAnswer } from './api.ts'
import type { Command, Result, Shell } from './command.ts'
import { connectionNamed, connectionState, stateInWords } from './connection.ts'

export const disable: Command = {
  summary: 'stop vending for a connection',
  help: `vendomat disable <vendor> <connection>

Callers get no token of this connection any more, until "vendomat enable". A
token that is out keeps working at the vendor: "vendomat revoke" ends it.

examples
  vendomat disable accelo hq
  vendomat disable accelo hq && vendomat revoke accelo hq --yes`,

  run: (parameters, shell) => turn('disabled', parameters, shell),
}

export const enable: Command = {
  summary: 'vend again for a disabled connection',
  help: `vendomat enable <vendor> <connection>

Callers get tokens of this connection again.

example
  vendomat enable accelo hq`,

  run: (parameters, shell) => turn('active', parameters, shell),
}

async function turn(status: 'disabled' | 'active', parameters: readonly string[], shell: Shell): Promise<Result> {
  const { vendor, connection } = connectionNamed(
    parseArgs({ args: [...parameters], allowPositionals: true }).positionals,
  )
  const path = `/connections/${vendor}/${connection}/status`
  const json = readAnswer(connectionState, await callApi('PUT', path, shell, { status }))
  const text = `${vendor}/${connection} is ${status === 'active' ? 'enabled' : status}`
  return { text, json, next: stateInWords(json) }
}
