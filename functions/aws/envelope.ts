import { createHash } from 'node:crypto'
import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { Secret } from '../kit/secret.ts'
import { storeUnavailable } from './unavailable.ts'

/** What a sealed value belongs to. Sealed under one, it opens under no other. */
export interface Binding {
  /** The connection: `<vendor>#<connection>`. */
  readonly key: string
  readonly use: 'access' | 'refresh'
  readonly epoch: number
  readonly fence: number
}

export type Seal = (secret: Secret, binding: Binding) => Promise<string>

export interface Envelope {
  /** Fetches a data key to seal with: before the vendor is called, so that no answer is lost for want of one. */
  sealer(key: string): Promise<Seal>
  /** Undefined when the text was not sealed for this binding, or not by us. Throws `store_unavailable` without KMS. */
  open(sealed: string, binding: Binding): Promise<Secret | undefined>
}

const OPEN_KEYS = { most: 1000, maxAgeMs: 5 * 60 * 1000 }

/**
 * Seals tokens as JWE (RFC 7516, `dir` with `A256GCM`) under a data key from KMS. The protected header carries the
 * encrypted data key (`edk`) and the binding (`ctx`); GCM authenticates both, KMS authenticates vendor and connection.
 */
export function kmsEnvelope(kms: KMSClient, keyId: string, now: () => Date): Envelope {
  const openKeys = new Map<string, { readonly dataKey: Uint8Array; readonly openedAt: number }>()

  async function dataKeyOf(edk: string, key: string): Promise<Uint8Array | undefined> {
    const name = createHash('sha256').update(`${key} ${edk}`).digest('base64')
    const known = openKeys.get(name)
    if (known && now().getTime() - known.openedAt < OPEN_KEYS.maxAgeMs) return known.dataKey
    const answer = await kms
      .send(
        new DecryptCommand({
          KeyId: keyId,
          CiphertextBlob: Buffer.from(edk, 'base64url'),
          EncryptionContext: contextOf(key),
        }),
      )
      .catch((error: Error) => {
        if (error.name === 'InvalidCiphertextException') return undefined
        throw storeUnavailable('the key service', error)
      })
    if (!answer?.Plaintext) return undefined
    const [oldest] = openKeys.keys()
    if (oldest !== undefined && openKeys.size >= OPEN_KEYS.most) openKeys.delete(oldest)
    openKeys.set(name, { dataKey: answer.Plaintext, openedAt: now().getTime() })
    return answer.Plaintext
  }

  return {
    async sealer(key) {
      const { Plaintext: dataKey, CiphertextBlob: encrypted } = await kms
        .send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext: contextOf(key) }))
        .catch((error: Error) => {
          throw storeUnavailable('the key service', error)
        })
      if (!dataKey || !encrypted) throw storeUnavailable('the key service', new Error('no data key in the answer'))
      const edk = Buffer.from(encrypted).toString('base64url')
      return (secret, binding) =>
        new CompactEncrypt(new TextEncoder().encode(secret.reveal()))
          .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', ctx: textOf(binding), edk })
          .encrypt(dataKey)
    },

    async open(sealed, binding) {
      const header = headerOf(sealed)
      if (header?.ctx !== textOf(binding) || typeof header.edk !== 'string') return undefined
      const dataKey = await dataKeyOf(header.edk, binding.key)
      if (!dataKey) return undefined
      try {
        const { plaintext } = await compactDecrypt(sealed, dataKey, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        })
        return new Secret(new TextDecoder().decode(plaintext))
      } catch {
        return undefined
      }
    },
  }
}

/** CloudTrail shows it as text, and the key policy decides by it: a vendor's function opens no other vendor's tokens. */
function contextOf(key: string): Record<string, string> {
  const [vendor = '', connection = ''] = key.split('#')
  return { app: 'vendomat', vendor, connection }
}

const textOf = ({ key, use, epoch, fence }: Binding): string => `vendomat1|${key}|${use}|${epoch}|${fence}`

function headerOf(sealed: string) {
  try {
    return decodeProtectedHeader(sealed)
  } catch {
    return undefined
  }
}
