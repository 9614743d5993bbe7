import type { Stage } from 'aws-cdk-lib/aws-apigateway'
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2'

/** Puts a stage behind a web ACL. It is the deployer's own: what traffic is good here nobody else knows, and it costs by rule. */
export const protect = (stage: Stage, webAclArn: string): void =>
  void new CfnWebACLAssociation(stage, 'WebAcl', { resourceArn: stage.stageArn, webAclArn })
