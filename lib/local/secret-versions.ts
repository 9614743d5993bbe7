import { refusal } from './aws-service.ts'

/** Exactly one of the two is there; the binary stays the base64 text it travels as. */
export interface SecretContent {
  readonly SecretString?: string | undefined
  readonly SecretBinary?: string | undefined
}

export interface SecretVersion {
  readonly id: string
  readonly content: SecretContent
  readonly created: Date
  readonly stages: Set<string>
}

export type SecretVersions = Map<string, SecretVersion>

export const holderOf = (versions: SecretVersions, stage: string) =>
  [...versions.values()].find((version) => version.stages.has(stage))

/** A stage is on one version at a time, and the version that loses AWSCURRENT becomes AWSPREVIOUS. */
export function moveStage(versions: SecretVersions, stage: string, to: SecretVersion): void {
  const holder = holderOf(versions, stage)
  if (holder === to) return
  holder?.stages.delete(stage)
  to.stages.add(stage)
  if (stage === 'AWSCURRENT' && holder) moveStage(versions, 'AWSPREVIOUS', holder)
}

/** Adds a version under the caller's id. The same id again is a retry if the content is the same, else refused. */
export function addVersion(
  versions: SecretVersions,
  added: { id: string; content: SecretContent; created: Date; stages: readonly string[] },
): SecretVersion {
  const { id, content, created } = added
  const { SecretString, SecretBinary } = content
  if (SecretString === undefined && SecretBinary === undefined) {
    throw refusal('InvalidRequestException', 'You must provide either SecretString or SecretBinary.')
  }
  if (SecretString !== undefined && SecretBinary !== undefined) {
    const both = "You can't specify both a binary secret value and a string secret value in the same secret."
    throw refusal('InvalidParameterException', both)
  }
  const known = versions.get(id)
  if (known && (known.content.SecretString !== SecretString || known.content.SecretBinary !== SecretBinary)) {
    const used = `You can't use ClientRequestToken ${id} because that value is already in use for a version of the secret.`
    throw refusal('ResourceExistsException', used)
  }
  if (known) return known

  const version: SecretVersion = { id, content: { SecretString, SecretBinary }, created, stages: new Set() }
  // The first version of a secret is AWSCURRENT, whatever stages are requested.
  const stages = versions.size === 0 ? [...added.stages, 'AWSCURRENT'] : added.stages
  versions.set(id, version)
  for (const stage of stages) moveStage(versions, stage, version)
  return version
}

/** Returns the version of an id, of a stage (AWSCURRENT when neither is given) or of both, which must agree. */
export function pickVersion(versions: SecretVersions, id: string | undefined, stage: string | undefined) {
  const wanted = stage ?? (id ? undefined : 'AWSCURRENT')
  const version = id ? versions.get(id) : holderOf(versions, stage ?? 'AWSCURRENT')
  if (!version) {
    const sought = id ? `VersionId: ${id}` : `staging label: ${wanted}`
    throw refusal('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${sought}`)
  }
  if (wanted && !version.stages.has(wanted)) {
    const apart = 'You provided a VersionStage that is not associated to the provided VersionId.'
    throw refusal('InvalidRequestException', apart)
  }
  return version
}

/** UpdateSecretVersionStage: the caller must name the version that loses the stage, so that two rotations cannot cross. */
export function reassignStage(versions: SecretVersions, stage: string, from?: string, to?: string): void {
  const holder = holderOf(versions, stage)
  const next = to ? versions.get(to) : undefined
  if (to && !next) {
    throw refusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret version.")
  }
  if (holder && holder !== next && !from) {
    const unnamed = `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`
    throw refusal('InvalidParameterException', unnamed)
  }
  if (from && holder?.id !== from) {
    const elsewhere = `The version ${from} in RemoveFromVersionId does not have the staging label ${stage} attached.`
    throw refusal('InvalidParameterException', elsewhere)
  }
  if (!next && stage === 'AWSCURRENT') {
    const kept = `You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.`
    throw refusal('InvalidParameterException', kept)
  }
  if (next) moveStage(versions, stage, next)
  else holder?.stages.delete(stage)
}
