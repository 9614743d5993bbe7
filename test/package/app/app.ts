import { App } from 'aws-cdk-lib'
import { VendingStack, vendors } from 'vendomat/cdk'
import { acme } from './acme.ts'

new VendingStack(new App(), 'Vendomat', { vendors: [...Object.values(vendors), acme] })
