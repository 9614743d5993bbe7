import { callApi, readAnswer } from './api.ts'
import { command, type Result, type Shell } from './command.ts'
import { type ConnectionName, connectionState, ONE_CONNECTION, stateInWords } from './connection.ts'

export const disable = command({
  about: `Callers get no token of this connection any more, until "vendomat enable". A
token that is out keeps working at the vendor: "vendomat revoke" ends it.`,
  takes: ONE_CONNECTION,
  examples: ['vendomat disable accelo hq', 'vendomat disable accelo hq && vendomat revoke accelo hq --yes'],

  run: (name, shell) => turn('disabled', name, shell),
})

export const enable = command({
  about: `Callers get tokens of this connection again.`,
  takes: ONE_CONNECTION,
  examples: ['vendomat enable accelo hq'],

  run: (name, shell) => turn('active', name, shell),
})

async function turn(
  status: 'disabled' | 'active',
  { vendor, connection }: ConnectionName,
  shell: Shell,
): Promise<Result> {
  const path = `/connections/${vendor}/${connection}/status`
  const json = readAnswer(connectionState, await callApi('PUT', path, shell, { status }))
  const text = `${vendor}/${connection} is ${status === 'active' ? 'enabled' : status}`
  return { text, json, next: stateInWords(json) }
}
