import type { Template } from 'aws-cdk-lib/assertions'

/** A template as JSON. */
export type Synthesised = ReturnType<Template['toJSON']>
type Resource = ReturnType<Template['findResources']>[string]

/** Something that holds for every deployment, and how it would not. */
export interface Property {
  readonly title: string
  /** What in a template lacks it: nothing, if it holds. */
  readonly faults: (template: Synthesised) => readonly string[]
  /** 'with …', and the change after which it does not hold. */
  readonly broken: readonly [how: string, change: (template: Synthesised) => void]
}

export const all = ({ Resources }: Synthesised, type: string): readonly (readonly [id: string, Resource])[] =>
  Object.entries<Resource>(Resources).filter(([, { Type }]) => Type === type)

/** The ids of the vendors that are deployed. */
export const vendorsIn = ({ Outputs }: Synthesised): readonly string[] => Outputs.Vendors.Value.split(',')

/** The ids of those of a type that are not as they should be. */
export const unless =
  (type: string, isFine: (properties: Resource, whole: Resource, template: Synthesised) => unknown) =>
  (template: Synthesised): readonly string[] =>
    all(template, type).flatMap(([id, one]) => (isFine(one.Properties ?? {}, one, template) ? [] : [id]))

/** Those of a type that should not be there at all. */
export const none = (type: string) => unless(type, () => false)

/** The properties of the first of a type, which a change takes away from. Throws where there is none to take it from. */
export function first(template: Synthesised, type: string, isMeant: (properties: Resource) => boolean = () => true) {
  const [, found] = all(template, type).find(([, { Properties }]) => isMeant(Properties)) ?? []
  if (!found) throw new Error(`no ${type} to change`)
  return found.Properties
}

export const add = (template: Synthesised, type: string, properties: object = {}): void => {
  template.Resources[`New${Object.keys(template.Resources).length}`] = { Type: type, Properties: properties }
}

/** The logical id that a `Ref` or `Fn::GetAtt` points to. */
export const idIn = (value: { Ref?: string; 'Fn::GetAtt'?: string[] } | undefined): string | undefined =>
  value?.Ref ?? value?.['Fn::GetAtt']?.[0]

export const text = (value: unknown): string => JSON.stringify(value ?? null)

export interface Statement {
  Effect: string
  Action: string | string[]
  Resource?: unknown
  Principal?: unknown
  Condition?: Record<string, Record<string, unknown>>
}

export const list = <T>(one: T | readonly T[]): readonly T[] => [one].flat() as readonly T[] // flat() takes one level away

interface Held {
  readonly id: string
  readonly roles: readonly string[]
  readonly statement: Statement
}

/** What roles may do. */
export const heldIn = (template: Synthesised): readonly Held[] =>
  all(template, 'AWS::IAM::Policy').flatMap(([id, { Properties }]) =>
    Properties.PolicyDocument.Statement.map((statement: Statement) => ({
      id,
      roles: Properties.Roles.map(idIn),
      statement,
    })),
  )

/** The ids of policies with a statement of these actions that is not as it should be. */
export const unlessHeld =
  (actions: RegExp, isFine: (statement: Statement, held: Held, template: Synthesised) => boolean) =>
  (template: Synthesised): readonly string[] =>
    heldIn(template)
      .filter(({ statement }) => list(statement.Action).some((action) => actions.test(action)))
      .filter((held) => !isFine(held.statement, held, template))
      .map(({ id }) => id)

/** The first statement of such an action that a role has. */
export function firstHeld(template: Synthesised, actions: RegExp): Statement {
  const found = heldIn(template).find(({ statement }) => list(statement.Action).some((action) => actions.test(action)))
  if (!found) throw new Error(`nobody may ${actions}`)
  return found.statement
}

/** The statements of the key with this in its description. */
export const keyPolicy = (template: Synthesised, about: string): Statement[] =>
  first(template, 'AWS::KMS::Key', ({ Description }) => Description.includes(about)).KeyPolicy.Statement
