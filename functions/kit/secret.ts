import { createHash } from 'node:crypto'

/**
 * A token, client secret, assertion or code, from the moment it enters until it leaves for a vendor or the caller.
 * Printing, logging or serialising it gives a fingerprint; `reveal()` is the only door, so grep finds every use.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /** In characters. */
  get length(): number {
    return this.#value.length
  }

  /** The first 16 hex digits of the value's SHA-256: names the secret in logs and answers without giving it away. */
  get fingerprint(): string {
    return createHash('sha256').update(this.#value).digest('hex').slice(0, 16)
  }

  toString(): string {
    return `[secret ${this.fingerprint.slice(0, 4)}…]`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
