import { readFileSync } from 'node:fs'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { VendingStack, type VendingStackProps } from '../../lib/vending-stack.ts'

const { context: flags } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'))
// With the flags of cdk.json, as deployed, but without bundling: what is looked at here is the template.
const settings = { analyticsReporting: false, context: { ...flags, 'aws:cdk:bundling-stacks': [] } }

/** For an app whose templates are not shown to the rules of CloudFormation. */
export const synthesisOnly = { ...settings, builtinCloudFormationValidation: false }

/** The stack, whose templates are not shown to the rules of CloudFormation: they take seconds, for each template anew. */
export const machineStack = (props: VendingStackProps = {}): VendingStack =>
  new VendingStack(new App(synthesisOnly), 'Vendomat', props)

export const machineTemplate = (props?: VendingStackProps): Template => Template.fromStack(machineStack(props))

/** An app whose synthesis fails where a template breaks a rule of CloudFormation, as `npm run synth` does. */
export const validatingApp = (): App => new App(settings)
