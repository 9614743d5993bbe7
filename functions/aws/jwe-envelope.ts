import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { keepNewest } from '../kit/newest.ts'
import { Secret } from '../kit/secret.ts'

/** What a sealed value belongs to. Sealed under one, it opens under no other. */
export type Binding = {
  /** The connection: `<vendor>#<connection>`. */
  readonly key: string
} & (
  | { readonly use: 'access' | 'refresh'; readonly epoch: number; readonly fence: number }
  /** Of a consent: the hash of its state. */
  | { readonly use: 'consent'; readonly id: string }
)

export type Seal = (secret: Secret, binding: Binding) => Promise<string>

export interface Envelope {
  /** Has a data key to seal with ready: before the vendor is called, so that no answer is lost for want of one. */
  sealer(key: string): Promise<Seal>
  /** Undefined when the text was not sealed for this binding, or not by us. Throws `store_unavailable` without KMS. */
  open(sealed: string, binding: Binding): Promise<Secret | undefined>
}

export interface DataKey {
  readonly plaintext: Uint8Array
  readonly encrypted: Uint8Array
}

/** Where data keys come from. What was made in one context is opened in that alone. Both throw `store_unavailable`. */
export interface DataKeys {
  generate(context: Readonly<Record<string, string>>): Promise<DataKey>
  /** Undefined when it was not made here, or in another context. */
  decrypt(encrypted: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array | undefined>
}

interface HeldKey {
  readonly dataKey: KeyObject
  /** The encrypted data key, as a header carries it. */
  readonly edk: string
  readonly heldSince: number
}

/** How many data keys a process keeps, and for how long it seals and opens with one without asking for it again. */
const HELD = { most: 1000, maxAgeMs: 60 * 60 * 1000 }

/**
 * Seals tokens and consents as JWE (RFC 7516, `dir` with `A256GCM`) under a data key of the connection. The protected
 * header carries the encrypted data key (`edk`) and the binding (`ctx`); GCM authenticates both, KMS authenticates vendor and
 * connection.
 */
export function jweEnvelope(dataKeys: DataKeys, now: () => Date): Envelope {
  const opening = new Map<string, HeldKey>()
  const sealing = new Map<string, HeldKey>()

  const held = (keys: ReadonlyMap<string, HeldKey>, name: string): HeldKey | undefined => {
    const key = keys.get(name)
    return key && now().getTime() - key.heldSince < HELD.maxAgeMs ? key : undefined
  }

  function hold(keys: Map<string, HeldKey>, name: string, plaintext: Uint8Array, edk: string): HeldKey {
    const key = { dataKey: createSecretKey(plaintext), edk, heldSince: now().getTime() }
    keepNewest(keys, name, key, HELD.most)
    return key
  }

  async function keyToOpen(edk: string, key: string): Promise<HeldKey | undefined> {
    const name = `${key} ${edk}`
    const known = held(opening, name)
    if (known) return known
    const plaintext = await dataKeys.decrypt(Buffer.from(edk, 'base64url'), contextOf(key))
    return plaintext && hold(opening, name, plaintext, edk)
  }

  async function keyToSeal(key: string): Promise<HeldKey> {
    const known = held(sealing, key)
    if (known) return known
    const { plaintext, encrypted } = await dataKeys.generate(contextOf(key))
    const edk = Buffer.from(encrypted).toString('base64url')
    hold(opening, `${key} ${edk}`, plaintext, edk)
    return hold(sealing, key, plaintext, edk)
  }

  return {
    async sealer(key) {
      const { dataKey, edk } = await keyToSeal(key)
      return async (secret, binding) =>
        encrypt(secret.reveal(), { alg: 'dir', enc: 'A256GCM', ctx: textOf(binding), edk }, dataKey)
    },

    async open(sealed, binding) {
      const parts = sealed.split('.')
      const { ctx, edk } = headerOf(parts[0])
      if (ctx !== textOf(binding) || typeof edk !== 'string') return undefined
      const key = await keyToOpen(edk, binding.key)
      const plaintext = key && decrypt(parts, key.dataKey)
      return plaintext === undefined ? undefined : new Secret(plaintext)
    },
  }
}

/** RFC 7518 section 5.3. */
const [CIPHER, IV_BYTES, TAG] = ['aes-256-gcm', 12, { authTagLength: 16 }] as const

/** RFC 7516 section 7.1: header, no key, initialization vector, cipher text and tag. */
function encrypt(plaintext: string, protectedHeader: object, dataKey: KeyObject): string {
  const header = Buffer.from(JSON.stringify(protectedHeader)).toString('base64url')
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, dataKey, iv, TAG).setAAD(Buffer.from(header))
  const text = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
  return [header, '', ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
}

function decrypt([header = '', none, ...parts]: readonly string[], dataKey: KeyObject): string | undefined {
  const [iv, text, tag, ...more] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (none !== '' || !iv || !text || !tag || more.length > 0) return undefined
  try {
    const decipher = createDecipheriv(CIPHER, dataKey, iv, TAG).setAAD(Buffer.from(header)).setAuthTag(tag)
    return Buffer.concat([decipher.update(text), decipher.final()]).toString()
  } catch {
    return undefined
  }
}

/** CloudTrail shows it as text, and the key policy decides by it: a vendor's function opens no other vendor's tokens. */
function contextOf(key: string): Record<string, string> {
  const [vendor = '', connection = ''] = key.split('#')
  return { app: 'vendomat', vendor, connection }
}

const textOf = ({ key, use, ...which }: Binding): string =>
  `vendomat1|${key}|${use}|${'id' in which ? which.id : `${which.epoch}|${which.fence}`}`

function headerOf(part = ''): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(Buffer.from(part, 'base64url').toString()))
  } catch {
    return {}
  }
}
