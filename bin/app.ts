import { App, Validations } from 'aws-cdk-lib'
import { rulePacks } from '../lib/rule-packs.ts'
import { stackIdOf, VendingStack, type VendingStackProps } from '../lib/vending-stack.ts'

/** What is to be deployed; lib/README.md explains each. Edit here; there are no context switches. */
const settings: VendingStackProps = {
  description: 'Vendomat: a token vending machine for third-party vendor APIs',
  // stage: 'dev',
  // alertEmail: 'platform@example.com',
  // allowedHosts: { iobeya: ['boards.example.com'] },
  // callers: { '111122223333': ['accelo/hq', 'iobeya/*'] },
  // reservedConcurrency: { accelo: 20 },
  // memorySize: 1024,
  // throttle: { rate: 200, burst: 400 },
  // logRetentionDays: 90,
  // accessLogRetentionDays: 400,
  // apiGatewayLogRole: false,
  // secretsKey: 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000',
  // hostedCallback: true,
  // callbackConcurrency: 'unreserved',
  // timeZone: 'Europe/Zurich',
  // restAfterDays: 14,
  // chatTopic: true,
  // runbookUrl: 'https://git.example.com/platform/vendomat/lib/RUNBOOK.md',
  // vendors: ['accelo', 'netrex', 'zoom'], // `npx vendomat vendors` lists them
  // oauthVendors: { acme: { title: 'Acme', hosts: ['acme.example'], grant: 'client_credentials', … } },
  terminationProtection: true,
  tags: { service: 'vendomat' },
}

const app = new App({ analyticsReporting: false })
new VendingStack(app, stackIdOf(settings), settings)
Validations.of(app).addPlugins(...rulePacks())
