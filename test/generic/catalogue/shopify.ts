import type { CatalogueSample } from './sample.ts'

export const sample: CatalogueSample = {
  credentials: { shop: 'my-cool-store', client_id: 'shopify-client', client_secret: 'shopify-canary' },
  obtains: {
    request: {
      url: 'https://my-cool-store.myshopify.com/admin/oauth/access_token',
      form: { grant_type: 'client_credentials', client_id: 'shopify-client', client_secret: 'shopify-canary' },
    },
    answer: { body: { access_token: 'shopify-token', scope: 'read_products,write_products', expires_in: 86399 } },
    issued: {
      token: 'shopify-token',
      lifeSeconds: 86399,
      scope: 'read_products,write_products',
      context: { api_base_url: 'https://my-cool-store.myshopify.com/admin' },
    },
  },
  refusals: [
    { status: 400, body: { error: 'invalid_client' }, means: 'credential_rejected' },
    { status: 400, body: { error: 'shop_not_permitted' }, means: 'configuration' },
  ],
}
