import { App } from 'aws-cdk-lib'
import { VendingStack } from 'vendomat/cdk'

new VendingStack(new App(), 'Vendomat', {
  vendors: ['zoom'],
  oauthVendors: {
    acme: {
      title: 'Acme',
      hosts: ['acme.example'],
      grant: 'authorization_code',
      clientAuthentication: 'client_secret_post',
      issuer: 'https://login.acme.example',
    },
  },
  hostedCallback: true,
})
