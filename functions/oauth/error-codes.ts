import type { FailureCode } from '../kit/errors.ts'

/**
 * What the errors of token endpoints mean. A person has to consent anew where the grant is what is refused, or where the
 * vendor wants to ask somebody something. What it wants of every request, and we cannot do, is configuration: asking again
 * with what we have does not help.
 */
export const ERROR_CODES: Readonly<Record<string, FailureCode>> = {
  // RFC 6749 section 5.2, and two errors of section 4.1.2.1 that token endpoints send as well.
  invalid_client: 'credential_rejected',
  unauthorized_client: 'credential_rejected',
  invalid_grant: 'grant_rejected',
  invalid_request: 'configuration',
  invalid_scope: 'configuration',
  unsupported_grant_type: 'configuration',
  server_error: 'vendor_unavailable',
  temporarily_unavailable: 'vendor_unavailable',
  // RFC 7009 section 2.2.1.
  unsupported_token_type: 'configuration',
  // RFC 8707 section 2.
  invalid_target: 'configuration',
  // RFC 9396 section 5.
  invalid_authorization_details: 'configuration',
  // RFC 9449 sections 5 and 8.
  invalid_dpop_proof: 'configuration',
  use_dpop_nonce: 'configuration',
  // OpenID Connect Core section 3.1.2.6: without a person there is no going on. Token endpoints answer so to a refresh token.
  interaction_required: 'grant_rejected',
  login_required: 'grant_rejected',
  consent_required: 'grant_rejected',
  account_selection_required: 'grant_rejected',
  // RFC 9470 section 3: that person has to log in by stronger means.
  insufficient_user_authentication: 'grant_rejected',
  // OpenID Connect Core Error Code unmet_authentication_requirements: the server cannot do what we asked for.
  unmet_authentication_requirements: 'configuration',
  // Accelo (Accelo API documentation, Status Codes and Lockout, 2026-11).
  'unauthorized client': 'credential_rejected',
  too_many_requests: 'vendor_throttled',
  too_many_failed_logins: 'vendor_locked_out',
}

/** Where no person has consented there is no grant to renew: what is asked of one is done in the vendor's settings. */
export const UNATTENDED: Readonly<Record<string, FailureCode>> = {
  interaction_required: 'configuration',
  login_required: 'configuration',
  consent_required: 'configuration',
  account_selection_required: 'configuration',
  insufficient_user_authentication: 'configuration',
}

const DPOP =
  'the vendor wants proof of a key with each request (DPoP, RFC 9449), which is not done here: register the client without it'
const PERSON = 'the vendor wants a person to log in or to consent'

/** What a person should know of an error by its name alone. */
export const ERROR_ADVICE: Readonly<Record<string, string>> = {
  invalid_dpop_proof: DPOP,
  use_dpop_nonce: DPOP,
  invalid_target: 'the vendor does not know the resource that the token is for (RFC 8707)',
  invalid_authorization_details:
    'the vendor wants authorization details that it knows (RFC 9396), which are not sent here',
  interaction_required: PERSON,
  login_required: PERSON,
  consent_required: PERSON,
  account_selection_required: PERSON,
  insufficient_user_authentication: 'the vendor wants a person to log in by stronger means (RFC 9470)',
  unmet_authentication_requirements: 'the vendor cannot have the person log in as was asked for',
}
