import { gunzipSync, constants as zlib } from 'node:zlib'

/** A secret that was used in a run, to be looked for in all that the run has written. */
export interface Canary {
  /** 'refresh token' */
  readonly kind: string
  readonly value: string | Uint8Array
}

export interface Output {
  /** 'logs/vendomat-accelo.log' */
  readonly where: string
  readonly text: string
}

/** Says what was found where, never the secret itself. */
export interface Trace {
  readonly kind: string
  readonly form: Form
  readonly where: string
}

export type Form = (typeof FORMS)[number] | 'gzip'

/** How each form writes a value. Of a coded one its own letters depend on what stands before it: three alignments. */
const FORMS = ['raw', 'percent', 'json', 'hex', 'base64', 'base64url', 'reversed'] as const

/** Any piece of so many characters is a trace. It takes random values: a piece of ordinary words is written anywhere. */
const PIECE = 12
/** Of a coded form each fourth piece is known, so that any 15 characters of it are found. */
const STEP = 4
const SHORTEST = PIECE + STEP - 1

function written({ value }: Canary): readonly (readonly [Form, string])[] {
  const bytes = Buffer.from(value)
  const raw = typeof value === 'string' ? value : bytes.toString('latin1')
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((before) => aligned(bytes, before))
  const percent = [encodeURIComponent(raw), encodeURI(raw), new URLSearchParams([['', raw]]).toString().slice(1)]
  return [
    ['raw', raw],
    ...percent.flatMap((text): [Form, string][] => [
      ['percent', text],
      ['percent', text.replaceAll(/%../g, (code) => code.toLowerCase())],
    ]),
    ['json', JSON.stringify(raw).slice(1, -1)],
    ['hex', hex],
    ['hex', hex.toUpperCase()],
    ...base64.map((text): [Form, string] => ['base64', text]),
    ...base64.map((text): [Form, string] => ['base64url', text.replaceAll('+', '-').replaceAll('/', '_')]),
    ['reversed', [...raw].reverse().join('')],
  ]
}

/** The letters of base64 that depend on these bytes alone, with so many others before them. */
function aligned(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

type Found = Pick<Trace, 'kind' | 'form'>

function piecesOf(canaries: readonly Canary[]): ReadonlyMap<string, Found> {
  const pieces = new Map<string, Found>()
  for (const canary of canaries) {
    const { kind, value } = canary
    if (value.length < SHORTEST)
      throw new Error(`a ${kind} of less than ${SHORTEST} characters cannot be told from others`)
    for (const [form, text] of written(canary)) {
      const step = form === 'raw' || form === 'reversed' ? 1 : STEP
      for (let at = 0; at + PIECE <= text.length; at += step) {
        const piece = text.slice(at, at + PIECE)
        if (!pieces.has(piece)) pieces.set(piece, { kind, form })
      }
    }
  }
  return pieces
}

/** What gzip writes begins with these three bytes: `H4sI` at the first of the three alignments. */
const GZIP = /H4sI[A-Za-z0-9+/_-]+/g

/** Looks for the canaries in each form, each kind and form once a place. */
export function tracesOf(canaries: readonly Canary[], outputs: readonly Output[]): readonly Trace[] {
  const pieces = piecesOf(canaries)
  return outputs.flatMap(({ where, text }) => {
    const found = new Map<string, Found>()
    const note = ({ kind, form }: Found) => found.set(`${kind} ${form}`, { kind, form })
    for (const one of look(pieces, text)) note(one)
    for (const [packed] of text.matchAll(GZIP))
      for (const { kind } of look(pieces, unpacked(packed))) note({ kind, form: 'gzip' })
    return [...found.values()].map((one) => ({ ...one, where }))
  })
}

function* look(pieces: ReadonlyMap<string, Found>, text: string): Generator<Found> {
  for (let at = 0; at + PIECE <= text.length; at += 1) {
    const found = pieces.get(text.slice(at, at + PIECE))
    if (found) yield found
  }
}

/** As much as there is of it; '' for what is no gzip. */
function unpacked(base64: string): string {
  try {
    return gunzipSync(Buffer.from(base64, 'base64'), { finishFlush: zlib.Z_SYNC_FLUSH }).toString()
  } catch {
    return ''
  }
}
