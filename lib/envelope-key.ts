import { RemovalPolicy } from 'aws-cdk-lib'
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { ENV, type Names } from '../functions/environment.ts'

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

  /** Lets `fn` seal and open tokens of one vendor, and puts the key into its environment. */
  grantVendor(fn: LambdaFunction, vendorId: string): void {
    const actions = ['kms:Decrypt', 'kms:GenerateDataKey']
    const conditions = {
      StringEquals: { 'kms:EncryptionContext:app': 'vendomat', 'kms:EncryptionContext:vendor': vendorId },
    }
    fn.addEnvironment(ENV.envelopeKey, this.key.keyArn)
    fn.addToRolePolicy(new PolicyStatement({ actions, conditions, resources: [this.key.keyArn] }))
    this.key.addToResourcePolicy(
      new PolicyStatement({ actions, conditions, principals: [fn.grantPrincipal], resources: ['*'] }),
    )
  }
}
