/**
 * What settings may not hold, since they are in a repository and in a template that many may read. A guess: it knows how
 * secrets are called and how some are written.
 */

const NAMES = /(^|_)(secret|password|passwd|passphrase|token|bearer|private_key|api_key|apikey|assertion)s?$/

/** Whether what is called this is a secret: 'client_secret', 'apiKey'. */
export const namesSecret = (name: string): boolean =>
  NAMES.test(name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase())

const WRITTEN = [
  /-----BEGIN /,
  // RFC 6750 section 2.1 and RFC 7617 section 2.
  /\b(bearer|basic) +(?=\S*\d|\S{16})[\w.~+/=-]{8,}/i,
  // A JSON object in base64url, as every JWT begins (RFC 7515 section 3).
  /\beyJ[\w-]{8,}/,
  // The user information of a URL (RFC 3986 section 3.2.1).
  /:\/\/[^/\s]*@/,
  /(secret|password|passwd|token|api_?key|private_key)=[^\s{]/i,
  // How GitHub, Slack, Stripe, Shopify, Google, AWS and SendGrid begin theirs.
  /\b(gh[opsru]_|github_pat_|xox[a-z]-|xapp-|sk_(live|test)_|rk_live_|shp[a-z]{2}_|GOCSPX-|ya29\.|AKIA[0-9A-Z]{12}|SG\.)\w/,
]

/** Random letters: nobody writes so many of all three kinds in one word. */
const RANDOM = /(?=[\w+=~-]*[a-z])(?=[\w+=~-]*[A-Z])(?=[\w+=~-]*\d)[\w+=~-]{24,}/
const HEX = /\b(?=[a-f]*\d)[0-9a-f]{32,}\b/i

/** Whether a text is written as secrets are. */
export const looksSecret = (text: string): boolean =>
  WRITTEN.some((pattern) => pattern.test(text)) ||
  // A path may be as long as it likes.
  text.split(/\s/).some((word) => !word.startsWith('https://') && (RANDOM.test(word) || HEX.test(word)))
