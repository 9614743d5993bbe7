import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'

/**
 * A grant is a permission that no policy shows. Those of `key` are for services that encrypt with it, as DynamoDB's for its
 * table, and for nobody else whatever IAM allows (AWS Control Tower, CT.KMS.PR.3). `IfExists`: a call that does not say
 * whom the grant is for is refused.
 */
export function denyGrantsToPeople(key: Key): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['kms:CreateGrant'],
      resources: ['*'],
      conditions: {
        BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' },
      },
    }),
  )
}

/** What a service does with a key on behalf of who calls it. */
export const USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const
