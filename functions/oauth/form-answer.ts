// GitHub answers with a form unless it is asked for JSON (GitHub docs, "Authorizing OAuth apps", 2026-11). Servers from before
// RFC 6749 say that a form is text.
const TYPES = ['application/x-www-form-urlencoded', 'text/plain', 'text/html']

/**
 * The members of an answer that is no JSON but a form: of a type that forms come in, and with a member that makes it an
 * answer. RFC 6749 section 5.1: none of them stands there twice.
 */
export function formAnswer(text: string, contentType: string, members: readonly string[]): object | undefined {
  const isForm = TYPES.includes(contentType) && /^[\w.*%+~-]+=[\w.*%+~-]*(&[\w.*%+~-]+=[\w.*%+~-]*)*$/.test(text)
  if (!isForm) return undefined
  const form = new URLSearchParams(text)
  const names = [...form.keys()]
  const isAnswer = members.some((member) => names.includes(member))
  return isAnswer && new Set(names).size === names.length ? Object.fromEntries(form) : undefined
}
