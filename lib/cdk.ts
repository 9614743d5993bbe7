/** What a CDK app takes: `vendomat/cdk`. */
export { catalogue } from '../functions/generic/catalogue/index.ts'
export type { VendorDescription } from '../functions/generic/description.ts'
export { vendors } from '../functions/vendors.ts'
export { catalogueEntry } from './descriptions.ts'
export type { Settings, Throttle } from './settings.ts'
export type { TokenApi } from './token-api.ts'
export { stackIdOf, VendingStack, type VendingStackProps } from './vending-stack.ts'
export * from './vendor.ts'
