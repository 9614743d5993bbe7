/** What a vendor of one's own is written with: `vendomat/vendor`. It needs no CDK, for it runs in the vendor's function too. */
export { type FailureCode, VendingError } from '../functions/kit/errors.ts'
export { type Choice, type CredentialForm, endField, type Field } from '../functions/kit/form.ts'
export { endDate, lifeSeconds, secret } from '../functions/kit/schema.ts'
export { Secret } from '../functions/kit/secret.ts'
export type { AccessToken, TokenPolicy } from '../functions/kit/token.ts'
export {
  type Authorization,
  type AuthorizationRequest,
  type Context,
  type Creation,
  defineVendor,
  type Issued,
  type Liveness,
  type Revocation,
  type Rotation,
  type Vendor,
  type VendorDefinition,
  type VendorFacts,
  type VendorSteps,
  type Warning,
} from '../functions/kit/vendor.ts'
export { type Assertion, signAssertion } from '../functions/oauth/assertion.ts'
export { authorizationUrl } from '../functions/oauth/authorization.ts'
export {
  type ClientAuth,
  clientSecretBasic,
  clientSecretBasicRaw,
  clientSecretParameters,
  privateKeyJwt,
  publicClient,
} from '../functions/oauth/client-auth.ts'
export { livingAtMost } from '../functions/oauth/expiry.ts'
export {
  authorizationCodeGrant,
  clientCredentialsGrant,
  issuedFrom,
  refreshTokenGrant,
  type TokenEndpoint,
} from '../functions/oauth/grants.ts'
export { type SigningKey, signJwt } from '../functions/oauth/jwt.ts'
export { jwtBearerGrant } from '../functions/oauth/jwt-bearer.ts'
export { type LiveCheck, liveCheck } from '../functions/oauth/live-check.ts'
export { type Metadata, metadataOf } from '../functions/oauth/metadata.ts'
export { revokeToken } from '../functions/oauth/revocation.ts'
export { keyFault, signingKey } from '../functions/oauth/signing-key.ts'
export { pastedToken, staticToken } from '../functions/oauth/static-token.ts'
export { member, RFC_6749, readAnswer, readTokenAnswer, type TokenShape } from '../functions/oauth/token-answer.ts'
export { type Endpoint, requestTo, tokenRequest } from '../functions/oauth/token-endpoint.ts'
export { baseOf, joinPath, vendorUrl } from '../functions/oauth/vendor-url.ts'
