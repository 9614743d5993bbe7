import type { Facts } from '../core/store.ts'
import { acknowledge, type CheckRuntime, checkConnection } from '../keeper/check.ts'
import type { Connection } from '../kit/connection.ts'
import { type ConnectionView, show, type ViewRuntime } from './connections.ts'
import { disable } from './revoke.ts'

/*
 * What people tell the machine of a connection, one function for each. All but the one that stops it read its secret first,
 * and put it on the list. Each returns what is known of the connection then.
 */

type CommandRuntime = CheckRuntime & ViewRuntime

export async function setOwner(
  connection: Connection,
  owner: string,
  runtime: CommandRuntime,
): Promise<ConnectionView> {
  await register(connection, { owner }, runtime)
  return show(connection, runtime)
}

/** Whether it is renewed ahead of need even when nobody asks. */
export async function setKeepWarm(
  connection: Connection,
  keepWarm: boolean,
  runtime: CommandRuntime,
): Promise<ConnectionView> {
  await register(connection, { keepWarm, wakes: keepWarm }, runtime)
  return show(connection, runtime)
}

export async function setStatus(
  connection: Connection,
  status: 'active' | 'disabled',
  runtime: CommandRuntime,
): Promise<ConnectionView> {
  await (status === 'active' ? enable(connection, runtime) : stop(connection, runtime))
  return show(connection, runtime)
}

/** What must stop does not wait for the secret. */
async function stop(connection: Connection, runtime: CommandRuntime): Promise<void> {
  await disable(connection, runtime)
  await runtime.registry.register(connection, { sweepAt: runtime.now() })
}

async function enable(connection: Connection, { credentials, tokens, registry, now }: CommandRuntime): Promise<void> {
  await credentials.read(connection, 0)
  // Before it wakes: a sweep puts off what is disabled.
  await tokens.enable(connection)
  await registry.register(connection, { sweepAt: now(), wakes: true, reopens: true })
}

/** Somebody is at it: no notice before the next step of the ladder. */
export async function takeAcknowledgement(
  connection: Connection,
  given: Parameters<typeof acknowledge>[1],
  runtime: CommandRuntime,
): Promise<ConnectionView> {
  await register(connection, {}, runtime)
  await acknowledge(connection, given, runtime)
  return show(connection, runtime)
}

/** The daily check of the credentials, now. */
export async function checkNow(connection: Connection, runtime: CommandRuntime): Promise<ConnectionView> {
  await register(connection, {}, runtime)
  await checkConnection(connection, runtime)
  return show(connection, runtime)
}

/** Its secret is there, so somebody has connected it, perhaps again. */
async function register(
  connection: Connection,
  facts: Pick<Facts, 'owner' | 'keepWarm' | 'wakes'>,
  { credentials, registry, now }: CommandRuntime,
): Promise<void> {
  await credentials.read(connection, 0)
  await registry.register(connection, { sweepAt: now(), reopens: true, ...facts })
}
