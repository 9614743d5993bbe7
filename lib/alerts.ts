import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import { ENV } from '../functions/environment.ts'

export interface AlertsProps {
  /** Who is mailed. @default nobody; the topic can be subscribed to later */
  readonly email?: string
}

/** Where people hear of what only a person can do. */
export class Alerts extends Construct {
  private readonly topic: Topic
  private readonly key: Key

  constructor(scope: Construct, id: string, { email }: AlertsProps = {}) {
    super(scope, id)
    this.key = new Key(this, 'Key', { description: 'vendomat: notices', enableKeyRotation: true })
    this.topic = new Topic(this, 'Topic', { masterKey: this.key, enforceSSL: true, displayName: 'Vendomat' })
    if (email) this.topic.addSubscription(new EmailSubscription(email))
  }

  /** Lets `fn` publish notices, and tells it the topic. */
  grantPublish(fn: LambdaFunction): void {
    fn.addEnvironment(ENV.topic, this.topic.topicArn)
    fn.addToRolePolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [this.topic.topicArn] }))
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [this.key.keyArn] }),
    )
  }
}
