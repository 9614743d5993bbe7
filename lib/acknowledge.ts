import { type Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/**
 * Accepts what rules find at `construct` and below it. A rule is called as its pack calls it, like 'AwsSolutions-APIG6';
 * several are given where the packs find the same.
 */
export function acknowledge(construct: IConstruct, reason: string, ...rules: readonly string[]): void {
  const named = rules.map((rule) => ({ id: `${rule.slice(0, rule.indexOf('-'))}::${rule}`, reason }))
  Validations.of(construct).acknowledge(...named)
}

/** What holds for the whole machine. All else is acknowledged where it is made. */
export function acknowledgeDesign(stack: Stack): void {
  acknowledge(
    stack,
    'vendors and AWS are called over the internet and there is nothing of ours in a network; the hosts are fenced in code',
    'NIST.800.53.R5-LambdaInsideVPC',
  )
  acknowledge(
    stack,
    'each policy is of one role and goes with it; a managed one could be attached to another role by mistake',
    'NIST.800.53.R5-IAMNoInlinePolicy',
  )
  acknowledge(
    stack,
    'a trace keeps the addresses that were called, and a vendor wants its secrets in them; logs and metrics have the times',
    'Serverless-LambdaTracing',
    'Serverless-APIGWXrayEnabled',
  )
  acknowledge(
    stack,
    'a cache of the gateway would keep tokens and codes, and hand them out past IAM and past a revoke',
    'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted',
  )
  acknowledge(
    stack,
    'a client certificate is for back ends behind HTTP; these are functions, which the gateway calls under IAM',
    'NIST.800.53.R5-APIGWSSLEnabled',
  )
}

/** Of a function that is called by somebody who waits. */
export const acknowledgeNoQueue = (fn: IConstruct): void =>
  acknowledge(
    fn,
    'who calls it waits for its answer and is told when it fails, so there is no event to keep for later',
    'NIST.800.53.R5-LambdaDLQ',
    'Serverless-LambdaDLQ',
  )

/** Of a function that nothing is reserved for. */
export const acknowledgeUnreserved = (fn: IConstruct): void =>
  acknowledge(
    fn,
    'to reserve concurrency is a setting: in a new account, which has 10 in all, a deploy that reserves any fails',
    'NIST.800.53.R5-LambdaConcurrency',
  )
