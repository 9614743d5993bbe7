import { answer, type VendorAnswer } from '../../../../functions/simulation/vendor-simulator.ts'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

export const page = (title: string, status: number, text: string, more = ''): VendorAnswer => {
  const name = `${escaped(title)} (simulated)`
  const html = `<!doctype html><meta charset="utf-8"><title>${name}</title><h1>${name}</h1><p>${escaped(text)}</p>${more}`
  return answer(status, html, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
}

/** Two links back to this page. They are relative, so that they work at any address of the simulator. */
export function consentPage(title: string, query: URLSearchParams): VendorAnswer {
  const linkTo = (decision: string) => {
    const decided = new URLSearchParams(query)
    decided.set('decision', decision)
    return escaped(`?${decided}`)
  }
  const scope = query.get('scope')
  const question = scope ? `An application asks for: ${scope}.` : 'An application asks for access.'
  return page(
    title,
    200,
    question,
    `<p><a href="${linkTo('allow')}">Allow</a> <a href="${linkTo('deny')}">Deny</a></p>`,
  )
}
