interface Described {
  readonly id: string
  readonly wantsConsent: boolean
}

/** What somebody reads who has just started the machine: where everything is, and what to type first. */
export function banner(
  { VENDOMAT_URL, AWS_ENDPOINT_URL, VENDOMAT_SIMULATOR_URL }: Readonly<Record<string, string>>,
  connections: readonly string[],
  described: readonly Described[] = [],
): string {
  const [one, two, three] = ['accelo/hq', 'accessia/main', 'accelo/readonly'].map((usual) => thereIs(usual))
  const named = (name = '') => name.replace('/', ' ')
  const vendor = three?.split('/')[0]

  /** The settings may be of other vendors. */
  function thereIs(usual: string): string | undefined {
    const waiting = described.filter(({ wantsConsent }) => wantsConsent).map(({ id }) => `${id}/demo`)
    return connections.includes(usual) ? usual : connections.find((name) => !waiting.includes(name))
  }

  return `
Vendomat is running on this machine, with simulated vendors and no AWS account.

  machine      ${VENDOMAT_URL}
  AWS          ${AWS_ENDPOINT_URL}   (table, secrets, keys, mail, events, functions)
  vendors      ${VENDOMAT_SIMULATOR_URL}
  connections  ${connections.join('  ')}
  logs         .local/logs/
  notices      .local/notices/

In another shell, in this folder:

  . .local/env
  curl --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" "$VENDOMAT_URL/tokens/${one}"
  npx vendomat token ${named(two)}
${ofTheSettings(described)}
Make a vendor fail, ask for a token that is not there any more, look at the vendor's calls, put it right:

  curl -X POST -H x-vendomat:1 "$VENDOMAT_SIMULATOR_URL/_control/${vendor}" -d '{"fault":"status-500","times":-1}'
  npx vendomat revoke ${named(three)} --yes
  npx vendomat token ${named(three)}
  curl "$VENDOMAT_SIMULATOR_URL/_control/${vendor}"
  curl -X DELETE -H x-vendomat:1 "$VENDOMAT_SIMULATOR_URL/_control/${vendor}"

Move the machine and its vendors on in time (45s, 10m, 12h, 30d, 1y), and read what people would have been mailed:

  curl -X POST -H x-vendomat:1 "$VENDOMAT_SIMULATOR_URL/_control/clock" -d '{"advance":"30d"}'
  curl "$VENDOMAT_SIMULATOR_URL/_control/clock"
  ls .local/notices/
`
}

/** The vendors that have no code here: one of each kind is enough to see how. */
function ofTheSettings(described: readonly Described[]): string {
  if (described.length === 0) return ''
  const [unattended, consented] = [false, true].map((wants) => described.find((one) => one.wantsConsent === wants)?.id)
  const lines = [
    ...(unattended ? [`  npx vendomat token ${unattended} demo`] : []),
    ...(consented ? [`  npx vendomat connect ${consented} demo`, `  npx vendomat token ${consented} demo`] : []),
  ]
  const says = consented ? '; connect opens the page where a person says yes' : ''
  return `
Vendors that the settings describe, each a real OAuth server here (${described.map(({ id }) => id).join(', ')})${says}:

${lines.join('\n')}
`
}
