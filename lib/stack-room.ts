import { CfnResource, type Stack } from 'aws-cdk-lib'

/** AWS CloudFormation user guide, "Understand CloudFormation quotas", 2026-11. */
const MOST_RESOURCES = 500
/** The CDK adds one where an app reports what it is made with. */
const OF_THE_CDK = 1

export const resourcesIn = (stack: Stack): number => stack.node.findAll().filter(CfnResource.isCfnResource).length

/** Throws where a stack takes more than CloudFormation does. `resources` is how many there are with each vendor and those before it. */
export function refuseTooMany(ids: readonly string[], resources: readonly number[]): void {
  const all = resources.at(-1) ?? 0
  if (all <= MOST_RESOURCES - OF_THE_CDK) return
  const fit = resources.filter((some) => some <= MOST_RESOURCES - OF_THE_CDK).length
  throw new Error(
    `${ids.length} vendors take ${all} resources, and a stack of CloudFormation takes ${MOST_RESOURCES}: the first ${fit} fit. ` +
      `Deploy the rest, ${ids.slice(fit).join(', ')}, as a second stack with a stage of its own (lib/README.md, "Stages")`,
  )
}
