import { App } from 'aws-cdk-lib'
import { VendingStack } from 'vendomat/cdk'

new VendingStack(new App(), 'Vendomat')
