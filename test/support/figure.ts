import { appendFileSync } from 'node:fs'

/** States the figure that a security promise is shown with, such as '60 of 60 paths'. Heard by `npm run security` only. */
export function figure(promise: string, text: string): void {
  const file = process.env.VENDOMAT_FIGURES
  if (file) appendFileSync(file, `${JSON.stringify({ promise, text })}\n`)
}
