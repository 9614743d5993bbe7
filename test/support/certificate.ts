import { generateKeyPairSync, sign } from 'node:crypto'

interface CertificateOptions {
  /** Whose it is. */
  readonly host: string
  readonly from?: Date
  readonly until?: Date
}

const DAY_MS = 24 * 60 * 60 * 1000

/** A key and a certificate (RFC 5280 section 4.1) that it has signed itself: trusted by who has it as an authority. */
export function selfSigned({
  host,
  from = new Date(Date.now() - DAY_MS),
  until = new Date(Date.now() + DAY_MS),
}: CertificateOptions): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(der(0x31, sequence(der(0x06, COMMON_NAME), der(0x0c, Buffer.from(host)))))
  const names = sequence(der(0x06, SUBJECT_ALT_NAME), der(0x04, sequence(der(0x82, Buffer.from(host)))))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ECDSA_SHA256,
    name,
    sequence(der(0x17, utcTime(from)), der(0x17, utcTime(until))),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(names)),
  )
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey))
  const lines = sequence(body, ECDSA_SHA256, signature)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

/** X.690 section 8.1. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts)

const COMMON_NAME = Buffer.of(0x55, 0x04, 0x03)
const SUBJECT_ALT_NAME = Buffer.of(0x55, 0x1d, 0x11)
const ECDSA_SHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))

/** RFC 5280 section 4.1.2.5.1, good until 2049. */
const utcTime = (at: Date): Buffer => Buffer.from(`${at.toISOString().replace(/\D/g, '').slice(2, 14)}Z`)
