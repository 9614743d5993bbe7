import { CfnResource } from 'aws-cdk-lib'
import { EndpointAccessMode, type RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway'

/**
 * Has the gateway end every handshake below TLS 1.2 or without forward secrecy. No condition of a policy knows the version,
 * and the default of an address of API Gateway's own is TLS 1.0. STRICT: the name in the handshake has to be the API's
 * (API Gateway developer guide, "Security policies for REST APIs", 2026-11). `RestApi` has no property for either.
 */
export function requireTls12(api: RestApi): void {
  const { defaultChild } = api.node
  if (!CfnResource.isCfnResource(defaultChild)) throw new Error('the API has no resource of its own')
  defaultChild.addPropertyOverride('SecurityPolicy', SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09)
  defaultChild.addPropertyOverride('EndpointAccessMode', EndpointAccessMode.STRICT)
}
