import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Account, type AwsService, operation, refusal, seconds } from './aws-service.ts'

interface Key {
  readonly id: string
  readonly arn: string
  readonly material: Buffer
  readonly description: string
  readonly created: Date
}

const context = z.record(z.string(), z.string()).default({})
const keyId = z.string().min(1).max(2048)
const blob = z.base64().transform((text) => Buffer.from(text, 'base64'))
const aliasName = z.string().regex(/^alias\/[A-Za-z0-9/_-]+$/)
const ID_BYTES = 36
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Symmetric keys that really encrypt: AES-256-GCM with the encryption context as associated data, so a cipher text
 * opens only under the key and the context it was made with. Source: AWS KMS API Reference.
 */
export function kms(account: Account, now: () => Date = () => new Date()): AwsService {
  const keys = new Map<string, Key>()
  const aliases = new Map<string, Key>()
  const arn = (resource: string) => `arn:aws:kms:${account.region}:${account.accountId}:${resource}`

  /** By key id, key ARN, alias name or alias ARN. */
  function find(id: string): Key {
    const name = id.replace(arn(''), '')
    const found = name.startsWith('alias/') ? aliases.get(name) : keys.get(name.replace(/^key\//, ''))
    if (found) return found
    const message = name.startsWith('alias/')
      ? `Alias ${arn(name)} is not found.`
      : `Key '${arn(`key/${id}`)}' does not exist`
    throw refusal('NotFoundException', message)
  }

  const describe = (key: Key) => ({
    KeyMetadata: {
      AWSAccountId: account.accountId,
      KeyId: key.id,
      Arn: key.arn,
      CreationDate: seconds(key.created),
      Enabled: true,
      Description: key.description,
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    },
  })

  return {
    CreateKey: operation(
      z.object({ Description: z.string().default(''), KeySpec: z.literal('SYMMETRIC_DEFAULT').optional() }),
      ({ Description }) => {
        const id = randomUUID()
        const key = { id, arn: arn(`key/${id}`), material: randomBytes(32), description: Description, created: now() }
        keys.set(id, key)
        return describe(key)
      },
    ),

    CreateAlias: operation(z.object({ AliasName: aliasName, TargetKeyId: keyId }), ({ AliasName, TargetKeyId }) => {
      if (aliases.has(AliasName)) {
        throw refusal('AlreadyExistsException', `An alias with the name ${arn(AliasName)} already exists`)
      }
      aliases.set(AliasName, find(TargetKeyId))
      return {}
    }),

    ListAliases: operation(z.object({ KeyId: keyId.optional() }), ({ KeyId }) => {
      const only = KeyId === undefined ? undefined : find(KeyId)
      const listed = [...aliases].filter(([, key]) => !only || key === only)
      const Aliases = listed.map(([AliasName, { id }]) => ({ AliasName, AliasArn: arn(AliasName), TargetKeyId: id }))
      return { Aliases, Truncated: false }
    }),

    DescribeKey: operation(z.object({ KeyId: keyId }), ({ KeyId }) => describe(find(KeyId))),

    GenerateDataKey: operation(
      z.object({ KeyId: keyId, KeySpec: z.literal('AES_256'), EncryptionContext: context }),
      ({ KeyId, EncryptionContext }) => {
        const key = find(KeyId)
        const dataKey = randomBytes(32)
        const CiphertextBlob = seal(key, dataKey, EncryptionContext)
        return { KeyId: key.arn, Plaintext: dataKey.toString('base64'), CiphertextBlob }
      },
    ),

    Encrypt: operation(
      z.object({
        KeyId: keyId,
        Plaintext: blob.refine((bytes) => bytes.length >= 1 && bytes.length <= 4096, 'must have 1 to 4096 bytes'),
        EncryptionContext: context,
      }),
      ({ KeyId, Plaintext, EncryptionContext }) => {
        const key = find(KeyId)
        const CiphertextBlob = seal(key, Plaintext, EncryptionContext)
        return { KeyId: key.arn, CiphertextBlob, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
      },
    ),

    Decrypt: operation(
      z.object({ CiphertextBlob: blob, KeyId: keyId.optional(), EncryptionContext: context }),
      ({ CiphertextBlob, KeyId, EncryptionContext }) => {
        const key = keys.get(CiphertextBlob.subarray(0, ID_BYTES).toString())
        if (!key) throw refusal('InvalidCiphertextException', '')
        if (KeyId && find(KeyId) !== key) {
          const other = 'The key ID in the request does not identify a CMK that can perform this operation.'
          throw refusal('IncorrectKeyException', other)
        }
        const Plaintext = open(key, CiphertextBlob, EncryptionContext).toString('base64')
        return { KeyId: key.arn, Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
      },
    ),
  }
}

type Context = Readonly<Record<string, string>>

/** The order in which a caller writes the context does not matter to KMS. */
const associatedData = (context: Context) => Buffer.from(JSON.stringify(Object.entries(context).sort()))

/** key id ‖ iv ‖ tag ‖ cipher text, as base64: a cipher text names its key, so Decrypt needs no key id. */
function seal(key: Key, plaintext: Buffer, context: Context): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(associatedData(context))
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([Buffer.from(key.id), iv, cipher.getAuthTag(), sealed]).toString('base64')
}

function open(key: Key, blob: Buffer, context: Context): Buffer {
  const [ivEnd, tagEnd] = [ID_BYTES + IV_BYTES, ID_BYTES + IV_BYTES + TAG_BYTES]
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(ID_BYTES, ivEnd), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(associatedData(context)).setAuthTag(blob.subarray(ivEnd, tagEnd))
    return Buffer.concat([decipher.update(blob.subarray(tagEnd)), decipher.final()])
  } catch {
    // KMS says nothing more, so that a caller cannot learn which of key, context and text was wrong.
    throw refusal('InvalidCiphertextException', '')
  }
}
