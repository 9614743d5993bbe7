import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms'
import { type DataKeys, type Envelope, jweEnvelope } from './jwe-envelope.ts'
import { storeUnavailable } from './unavailable.ts'

export type { Binding, Envelope, Seal } from './jwe-envelope.ts'

/** The envelope whose data keys come from KMS by its client alone. */
export const kmsEnvelope = (kms: KMSClient, keyId: string, now: () => Date): Envelope =>
  jweEnvelope(kmsDataKeys(kms, keyId), now)

/** Data keys of one KMS key. */
export function kmsDataKeys(kms: KMSClient, keyId: string): DataKeys {
  return {
    async generate(EncryptionContext) {
      const { Plaintext: plaintext, CiphertextBlob: encrypted } = await kms
        .send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext }))
        .catch((error: Error) => {
          throw storeUnavailable('the key service', error)
        })
      if (!plaintext || !encrypted) throw storeUnavailable('the key service', new Error('no data key in the answer'))
      return { plaintext, encrypted }
    },

    async decrypt(CiphertextBlob, EncryptionContext) {
      const answer = await kms
        .send(new DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionContext }))
        .catch((error: Error) => {
          if (error.name === 'InvalidCiphertextException') return undefined
          throw storeUnavailable('the key service', error)
        })
      return answer?.Plaintext
    },
  }
}
