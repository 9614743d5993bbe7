import { RemovalPolicy } from 'aws-cdk-lib'
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { ENV, type Names } from '../functions/environment.ts'
import type { Vendor } from '../functions/kit/vendor.ts'

const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListAliases',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
]

/**
 * The key that data keys of tokens come from. The account may administer it but not use it: a policy elsewhere that
 * allows `kms:Decrypt` on everything opens no token.
 */
export class EnvelopeKey extends Construct {
  private readonly key: Key

  constructor(scope: Construct, id: string, { service }: Names) {
    super(scope, id)
    this.key = new Key(this, 'Key', {
      description: `${service}: data keys of sealed tokens`,
      enableKeyRotation: true,
      // Where a first deploy fails there is nothing to open with it, and a key is billed for as long as it is there.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({ principals: [new AccountRootPrincipal()], actions: ADMINISTRATION, resources: ['*'] }),
        ],
      }),
    })
  }

  /**
   * Puts the key into the environment of `fn`, and lets it seal and open tokens of one vendor if that stores any. The key
   * names the role itself, since it leaves nothing to IAM; the role has no statement of its own, which would change nothing.
   */
  grantVendor(fn: LambdaFunction, { id, tokens }: Vendor): void {
    fn.addEnvironment(ENV.envelopeKey, this.key.keyArn)
    if (tokens.storage === 'memory') return
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [fn.grantPrincipal],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'kms:EncryptionContext:app': 'vendomat', 'kms:EncryptionContext:vendor': id } },
      }),
    )
  }
}
