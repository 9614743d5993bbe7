import { machineAt } from './api.ts'
import { CommandFailed, EXIT, type Shell, UsageError } from './command.ts'
import { formOf, missingIn } from './credential-forms.ts'
import { secretStore } from './secret-store.ts'
import type { Described } from './vendor-named.ts'

/** A secret that a team has made for itself. It is read, and stays as it is. */
export interface OtherSecret {
  /** Name or ARN. */
  readonly id: string
  /** By their names of members, ours. */
  readonly members: ReadonlyMap<string, string>
}

type Document = Readonly<Record<string, unknown>>

/**
 * The credentials of a vendor that are in another secret: the members that its form has, by their own names or as they are
 * mapped, and none beside them. Says names of members, never a value. Throws UsageError and CommandFailed.
 */
export async function takenOver(vendor: Described, { id, members }: OtherSecret, shell: Shell): Promise<Document> {
  const region = /^arn:[^:]+:secretsmanager:([a-z0-9-]+):/.exec(id)?.[1] ?? machineAt(shell.environment).region
  const found = await secretStore(region).read(id)
  if (!found) throw new CommandFailed(EXIT.notFound, `there is no secret ${id}`)
  const theirs = Object.keys(found.document)
  const absent = [...members.keys()].find((name) => !theirs.includes(name))
  if (absent !== undefined) throw new UsageError(`--member: the secret ${id} has no "${absent}", but ${listed(theirs)}`)
  const named = Object.entries(found.document).map(([name, value]) => [members.get(name) ?? name, value] as const)
  const document = Object.fromEntries(named)
  const form = formOf(vendor, document)
  if (!form?.fields || form.file !== undefined) return document
  const [missing] = missingIn(form, document)
  if (missing !== undefined) {
    const example = `--member <one of them>=${missing}`
    throw new UsageError(`the secret ${id} has no "${missing}", but ${listed(theirs)}: say which it is with ${example}`)
  }
  const ours = new Set([...form.fields.map(({ name }) => name), ...members.values()])
  const [taken, left] = [named.filter(([name]) => ours.has(name)), named.filter(([name]) => !ours.has(name))]
  shell.say(`taken from the secret ${id}: ${listed(taken.map(([name]) => name))}`)
  if (left.length > 0) shell.say(`left out: ${listed(left.map(([name]) => name))}`)
  return Object.fromEntries(taken)
}

const listed = (names: readonly string[]): string => [...names].sort().join(', ') || 'nothing'

/** `their_name=our_name`, as the command line has it. Throws UsageError. */
export function membersGiven(pairs: readonly string[]): OtherSecret['members'] {
  return new Map(
    pairs.map((pair) => {
      const [theirs = '', ours = '', ...more] = pair.split('=')
      if (theirs === '' || ours === '' || more.length > 0)
        throw new UsageError('--member is their_name=our_name, of a member')
      return [theirs, ours] as const
    }),
  )
}
