import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../kit/secret.ts'

/** RFC 7636 section 4.1: who sends the code has to show it, so it stays with us until then. */
export const newCodeVerifier = (): Secret => new Secret(randomBytes(32).toString('base64url'))

/** Section 4.2, S256: the hash goes ahead, with the person. */
export const codeChallengeOf = (verifier: Secret): string =>
  createHash('sha256').update(verifier.reveal()).digest('base64url')
