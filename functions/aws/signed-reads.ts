import type { RowReaderOptions } from './dynamo-row.ts'
import type { DataKeys } from './jwe-envelope.ts'
import type { SignedCall } from './signed-call.ts'

/* The two calls of a table hit. Whatever a signed call does not answer cleanly is asked of the SDK's client. */

type Query = RowReaderOptions['query']

export const signedQuery =
  (call: SignedCall, table: string, client: Query): Query =>
  async (input) => {
    const answer = await call('Query', { TableName: table, ...input })
    // On the wire an attribute looks as it does in the SDK, but for binary ones, of which we have none.
    return answer && 'Items' in answer && Array.isArray(answer.Items) ? { items: answer.Items } : client(input)
  }

export const signedDecrypt =
  (call: SignedCall, keyId: string, client: DataKeys['decrypt']): DataKeys['decrypt'] =>
  async (encrypted, context) => {
    const CiphertextBlob = Buffer.from(encrypted).toString('base64')
    const answer = await call('Decrypt', { KeyId: keyId, CiphertextBlob, EncryptionContext: context })
    if (!answer || !('Plaintext' in answer) || typeof answer.Plaintext !== 'string') return client(encrypted, context)
    return Buffer.from(answer.Plaintext, 'base64')
  }
