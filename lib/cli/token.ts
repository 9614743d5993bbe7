import { command, UsageError } from './command.ts'
import { ONE_CONNECTION } from './connection.ts'
import { type Vend, variableOf, vended } from './vended.ts'

/** What `-o` prints, by its name. */
const SHAPES: Readonly<Record<string, (vend: Vend, vendor: string) => string | undefined>> = {
  token: ({ token }) => token.access_token,
  // The whole answer is printed as every command's JSON is.
  json: () => undefined,
  header: ({ token }) => `Authorization: Bearer ${token.access_token}`,
  env: ({ token }, vendor) => `export ${variableOf(vendor)}='${token.access_token.replaceAll("'", "'\\''")}'`,
  'exec-credential': execCredential,
  git: gitCredential,
}

export const token = command({
  about: `Prints a bearer token that is fresh now and still good for --min-ttl seconds.
When the vendor has refused a token before its end, --rejected tells the machine
so and prints the one that follows it.`,
  takes: {
    ...ONE_CONNECTION,
    '--min-ttl <seconds>': 'seconds that the token has to live at least',
    '--rejected <fingerprint>': "the fingerprint of the refused token: the machine's answer to -o json has it",
  },
  examples: [
    'vendomat token accelo hq',
    'curl -H "$(vendomat token accelo hq -o header)" "$API/tokeninfo"',
    'eval "$(vendomat token accessia main --min-ttl 600 -o env)"',
    'vendomat token accelo hq --rejected 0123456789abcdef',
  ],

  outputs: {
    token: 'the token alone',
    json: "the machine's whole answer",
    header: 'Authorization: Bearer ...',
    env: "export ACCELO_TOKEN='...'",
    'exec-credential': 'ExecCredential of client.authentication.k8s.io/v1',
    git: 'what a credential helper of git prints',
  },

  async run({ minTtl, rejected, ...name }, shell, output) {
    if (rejected !== undefined && !/^[0-9a-f]{16}$/.test(rejected))
      throw new UsageError('--rejected is a fingerprint: 16 digits of 0-9 and a-f')
    if (rejected !== undefined && minTtl !== undefined) throw new UsageError('--min-ttl does not go with --rejected')
    const vend = await vended(name, { minTtl, rejected }, shell)
    const text = SHAPES[output]?.(vend, name.vendor)
    return { ...(text !== undefined && { text }), json: vend.json }
  },
})

/** Source: Kubernetes, "client-go credential plugins" (2026-11). */
function execCredential({ token: { access_token, expires_at } }: Vend): string {
  const status = { token: access_token, ...(expires_at && { expirationTimestamp: expires_at }) }
  return JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })
}

/** Source: git-credential(1), "INPUT/OUTPUT FORMAT". What servers want for a name beside a token differs; this one is usual. */
function gitCredential({ token: { access_token, expires_at } }: Vend): string {
  const end = expires_at === undefined ? [] : [`password_expiry_utc=${Math.floor(Date.parse(expires_at) / 1000)}`]
  return ['username=oauth2', `password=${access_token}`, ...end].join('\n')
}
