/**
 * The version of a secret that is there before its first credentials have been tried: Secrets Manager puts the first version of
 * a secret into use whatever is asked for, so this one is empty, and the credentials are the second.
 */
export const UNTRIED_VERSION = '00000000-0000-4000-8000-000000000000'
