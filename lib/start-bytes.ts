import type { Metafile } from 'esbuild'

/** What a process parses of a bundle before it can answer: the entry, and all that it does not import by `import()`. */
export interface Start {
  readonly bytes: number
  /** By what it comes from, the heaviest first: a package, or a folder of ours. */
  readonly parts: readonly (readonly [name: string, bytes: number])[]
}

export function startOf({ outputs }: Metafile, entryFile: string): Start {
  const parsed = new Set<string>()
  const parse = (path: string): void => {
    if (parsed.has(path)) return
    parsed.add(path)
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
      if (kind !== 'dynamic-import' && imported in outputs) parse(imported)
    }
  }
  const entry = Object.keys(outputs).find((path) => path.endsWith(entryFile))
  if (entry) parse(entry)
  const parts = new Map<string, number>()
  for (const [file, { bytesInOutput }] of [...parsed].flatMap((path) => Object.entries(outputs[path]?.inputs ?? {}))) {
    parts.set(partOf(file), (parts.get(partOf(file)) ?? 0) + bytesInOutput)
  }
  return {
    bytes: [...parsed].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0),
    parts: [...parts].sort(([, a], [, b]) => b - a),
  }
}

/** `@smithy/core`, `functions/core`. */
const partOf = (file: string): string =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(file)?.[1] ?? file.split('/').slice(0, 2).join('/')

/** A line for who builds. */
export const said = (entry: string, { bytes, parts }: Start): string =>
  `${entry} parses ${kilobytes(bytes)} before it answers: ${parts
    .slice(0, 8)
    .map(([name, size]) => `${name} ${kilobytes(size)}`)
    .join(', ')}`

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} KB`
