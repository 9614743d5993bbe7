import { AwsSolutionsChecks, type NagPack, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag'

/** What a deployment is checked against; a finding that is not acknowledged ends the synthesis. */
export const rulePacks = (): readonly NagPack[] => [
  new AwsSolutionsChecks(),
  new NIST80053R5Checks(),
  new ServerlessChecks(),
]
